"""pytest-split's own two algorithms, from its package: as a choice, and to compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Atom
from ci_tools.plan.cut import piece_of, whole
from ci_tools.plan.predict import PredictedFile
from ci_tools.plan.simulate import stock_wall_ms

ALGORITHMS = ("least_duration", "duration_based_chunks")

# pytest-split builds the list of deselected tests for each group: shards × tests steps.
# Above this (half a second) its walls are not computed.
MAX_STEPS = 4_000_000


@dataclass(frozen=True, slots=True)
class _Item:
    """What pytest-split reads of a test; `str()` is its sort key, and lacks the path."""

    nodeid: str

    def __str__(self) -> str:
        return f"<Function {self.nodeid.rpartition('::')[2]}>"


def split(algorithm: str, files: Sequence[PredictedFile], shards: int) -> list[list[tuple[str, int]]]:
    """Return each shard's tests as (node id, ms), split by pytest-split."""
    from pytest_split.algorithms import Algorithms

    ms = {nodeid: ms for file in files for nodeid, ms in file.tests}
    items = [_Item(nodeid) for nodeid in ms]
    seconds = {nodeid: value / 1000 for nodeid, value in ms.items()}
    try:
        groups = Algorithms[algorithm].value(shards, items, seconds)
    except IndexError:  # duration_based_chunks runs off its end on zeros at the tail
        groups = []
    chosen = [[(item.nodeid, ms[item.nodeid]) for item in group.selected] for group in groups]
    return chosen or [list(ms.items()), *([] for _ in range(shards - 1))]


def atoms_of(tests: Sequence[tuple[str, int]], files: Mapping[str, PredictedFile]) -> list[Atom]:
    """Return a shard's tests as atoms: a file that is all here is whole, any other a piece."""
    atoms = []
    for name, group in groupby(sorted(tests, key=lambda test: file_of(test[0])), key=lambda test: file_of(test[0])):
        own, file = list(group), files[name]
        atoms.append(whole(file) if len(own) == len(file.tests) else piece_of(file, own))
    return atoms


def rival_walls_ms(files: Sequence[PredictedFile], *, shards: int, workers: int) -> dict[str, int | None]:
    """Return each algorithm's wall under stock `--dist loadfile`; None where it takes too long."""
    n_tests = sum(len(file.tests) for file in files)
    if n_tests * shards > MAX_STEPS:
        return dict.fromkeys(ALGORITHMS)
    return {algorithm: _wall_ms(split(algorithm, files, shards), workers) for algorithm in ALGORITHMS}


def _wall_ms(shards: Sequence[Sequence[tuple[str, int]]], workers: int) -> int:
    walls = []
    for tests in shards:
        by_file: dict[str, list[int]] = {}
        for nodeid, ms in tests:
            by_file.setdefault(file_of(nodeid), []).append(ms)
        walls.append(stock_wall_ms(list(by_file.values()), workers))
    return max(walls, default=0)

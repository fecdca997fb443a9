"""The plan itself: predictions in, shards and certificate out."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Mapping, Sequence

from ci_tools.model.plan import Certificate, Plan, Shard
from ci_tools.plan.cut import cut, whole
from ci_tools.plan.pack import pack, wall_ms
from ci_tools.plan.predict import PredictedFile, Prediction
from ci_tools.plan.pytest_split import atoms_of, rival_walls_ms, split

LPT = "lpt"
GOOD_RATIO = 1.005
# Pieces of at most this share of the lower bound, the coarsest that reach GOOD_RATIO: finer
# ones tear more files. A quarter also holds when predictions are off by 20 %.
SHARES = (1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64)


def make_plan(
    prediction: Prediction,
    *,
    shards: int,
    workers: int,
    algorithm: str = LPT,
    keep_together: Sequence[str] = (),
) -> Plan:
    """Return the plan with its certificate; deterministic, whatever the order of the inputs.

    `keep_together` are globs of files; files of one glob, or with one `xdist_group`, share a
    shard and stay whole. pytest-split's algorithms know no such bonds and ignore them.
    """
    files = prediction.files
    bonds = _bonds(files, keep_together)
    bound_ms = lower_bound_ms(files, shards=shards, workers=workers)
    if algorithm == LPT:
        packed = _pack_well(files, bonds, bound_ms, shards=shards, workers=workers)
    else:
        packed = _pack_by(algorithm, files, shards=shards, workers=workers)
    certificate = _certify(packed, prediction, bonds, bound_ms, workers=workers)
    return Plan(workers=workers, shards=packed, certificate=certificate)


def lower_bound_ms(files: Sequence[PredictedFile], *, shards: int, workers: int) -> int:
    """Return max(total ÷ all workers, longest test), rounded up: no schedule is shorter."""
    total = sum(file.total_ms for file in files)
    return max(-(-total // (shards * workers)), _longest_test(files)[0])


def _longest_test(files: Sequence[PredictedFile]) -> tuple[int, str]:
    tests = ((ms, nodeid) for file in files for nodeid, ms in file.tests)
    return max(tests, default=(0, ""))


def _bonds(files: Sequence[PredictedFile], keep_together: Sequence[str]) -> list[list[PredictedFile]]:
    """Return groups of files that must share a shard; a file in two groups joins them."""
    ties = [[file for file in files if fnmatch.fnmatch(file.file, pattern)] for pattern in keep_together]
    names = sorted({name for file in files for name in file.groups})
    ties += [[file for file in files if name in file.groups] for name in names]
    groups: list[dict[str, PredictedFile]] = []
    for tie in ties:
        joined = {file.file: file for file in tie}
        for group in [group for group in groups if group.keys() & joined.keys()]:
            joined |= group
            groups.remove(group)
        if joined:
            groups.append(joined)
    return [[group[file] for file in sorted(group)] for group in groups]


def _pack_well(
    files: Sequence[PredictedFile],
    bonds: Sequence[Sequence[PredictedFile]],
    bound_ms: int,
    *,
    shards: int,
    workers: int,
) -> tuple[Shard, ...]:
    """Cut only as fine as the ratio needs; of equal walls the coarsest cut wins."""
    together = [[whole(file) for file in bond] for bond in bonds]
    bound = {file.file for bond in bonds for file in bond}
    free = [file for file in files if file.file not in bound]
    best: tuple[Shard, ...] | None = None
    for share in SHARES:
        limit_ms = max(1, int(bound_ms * share))
        atoms = [atom for file in free for atom in cut(file, limit_ms)]
        packed = pack(atoms, together, shards=shards, workers=workers)
        if best is None or _wall(packed) < _wall(best):
            best = packed
        if _wall(best) <= GOOD_RATIO * bound_ms:
            break
    assert best is not None
    return best


def _pack_by(algorithm: str, files: Sequence[PredictedFile], *, shards: int, workers: int) -> tuple[Shard, ...]:
    by_name = {file.file: file for file in files}
    packed = []
    for index, tests in enumerate(split(algorithm, files, shards), 1):
        atoms = tuple(atoms_of(tests, by_name))
        packed.append(Shard(index=index, expected_ms=wall_ms(atoms, workers), atoms=atoms))
    return tuple(packed)


def _wall(shards: Sequence[Shard]) -> int:
    return max((shard.expected_ms for shard in shards), default=0)


def _certify(
    shards: Sequence[Shard],
    prediction: Prediction,
    bonds: Sequence[Sequence[PredictedFile]],
    bound_ms: int,
    *,
    workers: int,
) -> Certificate:
    files = prediction.files
    total_ms = sum(file.total_ms for file in files)
    longest_ms, _ = _longest_test(files)
    return Certificate(
        tests=sum(len(file.tests) for file in files),
        files=len(files),
        total_ms=total_ms,
        predicted_wall_ms=_wall(shards),
        lower_bound_ms=bound_ms,
        bound_by="test" if longest_ms == bound_ms and bound_ms else "work",
        binding=_binding(shards, prediction),
        useful_shards=_useful_shards(files, bonds, total_ms, workers),
        torn_files=_torn(shards),
        unknown_tests=prediction.unknown_tests,
        assumed_ms=prediction.assumed_ms,
        rivals_ms=rival_walls_ms(files, shards=len(shards), workers=workers),
    )


def _binding(shards: Sequence[Shard], prediction: Prediction) -> str:
    """Return the longest atom of the slowest shard: a file, or a test where it is one alone."""
    slowest = max(shards, key=lambda shard: (shard.expected_ms, -shard.index))
    if not slowest.atoms:
        return ""
    atom = max(slowest.atoms, key=lambda atom: (atom.expected_ms, atom.file))
    nodeids = atom.nodeids
    if nodeids is None:
        nodeids = next((tuple(n for n, _ in f.tests) for f in prediction.files if f.file == atom.file), ())
    return nodeids[0] if len(nodeids) == 1 else atom.file


def _useful_shards(
    files: Sequence[PredictedFile], bonds: Sequence[Sequence[PredictedFile]], total_ms: int, workers: int
) -> int:
    """Return the number of shards beyond which the longest undivided work alone sets the wall."""
    floors: Mapping[str, int] = {
        "test": _longest_test(files)[0],
        "bond": max((-(-sum(f.total_ms for f in bond) // workers) for bond in bonds), default=0),
        "bound file": max((f.total_ms for bond in bonds for f in bond), default=0),
    }
    floor_ms = max(floors.values())
    return max(1, -(-total_ms // (workers * floor_ms))) if floor_ms else 1


def _torn(shards: Sequence[Shard]) -> int:
    """Return how many files are spread over more than one shard."""
    homes = Counter(file for shard in shards for file in {atom.file for atom in shard.atoms})
    return sum(1 for n_shards in homes.values() if n_shards > 1)

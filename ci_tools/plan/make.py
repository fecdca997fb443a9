"""The plan itself: predictions in, shards and certificate out."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_tools.model.plan import Atom, Certificate, Plan, Shard
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

    `keep_together` are globs of files; files of one glob, or with a tie in common, share a
    shard and stay whole. pytest-split's algorithms know no such bonds and ignore them.
    """
    work = work_of(prediction, workers=workers, keep_together=keep_together)
    if algorithm == LPT:
        packed = work.packed(shards)
    else:
        packed = _pack_by(algorithm, prediction.files, shards=shards, workers=workers)
    return Plan(workers=workers, shards=packed, certificate=_certify(packed, prediction, work))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A suite made ready to be packed onto any number of shards, of `workers` each.

    `bonds` are groups of files that must share a shard, `free` all other files with the atom that
    each of them is when it stays whole.
    """

    workers: int
    total_ms: int
    longest: tuple[int, str]
    bonds: tuple[tuple[Atom, ...], ...]
    free: tuple[tuple[PredictedFile, Atom], ...]

    @property
    def useful_shards(self) -> int:
        """Return the number of shards beyond which the longest undivided work alone sets the wall."""
        floors_ms = [self.longest[0]]
        floors_ms += [-(-sum(atom.expected_ms for atom in bond) // self.workers) for bond in self.bonds]
        floors_ms += [atom.expected_ms for bond in self.bonds for atom in bond]
        floor_ms = max(floors_ms)
        return max(1, -(-self.total_ms // (self.workers * floor_ms))) if floor_ms else 1

    def lower_bound_ms(self, shards: int) -> int:
        """Return max(total ÷ all workers, longest test), rounded up: no schedule is shorter."""
        return max(-(-self.total_ms // (shards * self.workers)), self.longest[0])

    def packed(self, shards: int) -> tuple[Shard, ...]:
        """Cut only as fine as the ratio needs; of equal walls the coarsest cut wins."""
        bound_ms = self.lower_bound_ms(shards)
        best: tuple[Shard, ...] | None = None
        for share in SHARES:
            atoms = list(self._atoms(max(1, int(bound_ms * share))))
            packed = pack(atoms, self.bonds, shards=shards, workers=self.workers)
            if best is None or _wall(packed) < _wall(best):
                best = packed
            if _wall(best) <= GOOD_RATIO * bound_ms:
                break
        assert best is not None
        return best

    def walls_ms(self, shards: int) -> tuple[int, ...]:
        """Return the predicted wall of each of so many shards."""
        return tuple(shard.expected_ms for shard in self.packed(shards))

    def _atoms(self, limit_ms: int) -> Iterator[Atom]:
        for file, entire in self.free:
            if entire.expected_ms <= limit_ms:
                yield entire
            else:
                yield from cut(file, limit_ms)


def work_of(prediction: Prediction, *, workers: int, keep_together: Sequence[str] = ()) -> Work:
    """Return the suite made ready to be packed; see `make_plan` for `keep_together`."""
    bonds = _bonds(prediction.files, keep_together)
    bound = {file.file for bond in bonds for file in bond}
    return Work(
        workers=workers,
        total_ms=sum(file.total_ms for file in prediction.files),
        longest=_longest_test(prediction.files),
        bonds=tuple(tuple(whole(file) for file in bond) for bond in bonds),
        free=tuple((file, whole(file)) for file in prediction.files if file.file not in bound),
    )


def _longest_test(files: Sequence[PredictedFile]) -> tuple[int, str]:
    tests = ((ms, nodeid) for file in files for nodeid, ms in file.tests)
    return max(tests, default=(0, ""))


def _bonds(files: Sequence[PredictedFile], keep_together: Sequence[str]) -> list[list[PredictedFile]]:
    """Return groups of files that must share a shard; a file in two groups joins them."""
    ties = [[file for file in files if fnmatch.fnmatch(file.file, pattern)] for pattern in keep_together]
    names = sorted({name for file in files for name in file.ties})
    ties += [[file for file in files if name in file.ties] for name in names]
    groups: list[dict[str, PredictedFile]] = []
    for tie in ties:
        joined = {file.file: file for file in tie}
        for group in [group for group in groups if group.keys() & joined.keys()]:
            joined |= group
            groups.remove(group)
        if joined:
            groups.append(joined)
    return [[group[file] for file in sorted(group)] for group in groups]


def _pack_by(algorithm: str, files: Sequence[PredictedFile], *, shards: int, workers: int) -> tuple[Shard, ...]:
    by_name = {file.file: file for file in files}
    packed = []
    for index, tests in enumerate(split(algorithm, files, shards), 1):
        atoms = tuple(atoms_of(tests, by_name))
        packed.append(Shard(index=index, expected_ms=wall_ms(atoms, workers), atoms=atoms))
    return tuple(packed)


def _wall(shards: Sequence[Shard]) -> int:
    return max((shard.expected_ms for shard in shards), default=0)


def _certify(shards: Sequence[Shard], prediction: Prediction, work: Work) -> Certificate:
    files = prediction.files
    longest_ms, bound_ms = work.longest[0], work.lower_bound_ms(len(shards))
    return Certificate(
        tests=sum(len(file.tests) for file in files),
        files=len(files),
        total_ms=work.total_ms,
        predicted_wall_ms=_wall(shards),
        lower_bound_ms=bound_ms,
        bound_by="test" if longest_ms == bound_ms and bound_ms else "work",
        binding=_binding(shards, prediction),
        useful_shards=work.useful_shards,
        torn_files=_torn(shards),
        unknown_tests=prediction.unknown_tests,
        assumed_ms=prediction.assumed_ms,
        rivals_ms=rival_walls_ms(files, shards=len(shards), workers=work.workers),
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


def _torn(shards: Sequence[Shard]) -> int:
    """Return how many files are spread over more than one shard."""
    homes = Counter(file for shard in shards for file in {atom.file for atom in shard.atoms})
    return sum(1 for n_shards in homes.values() if n_shards > 1)

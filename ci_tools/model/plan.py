"""The plan: which shard runs which test, and how good that is."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from ci_tools.model.nodeid import file_of, scopes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """What is never divided: a whole file, or a contiguous piece of a cut one.

    `nodeids` is None for a whole file. In a piece it holds tests in file order, or
    functions (`a.py::test_b`) whose parameters nobody has recorded yet. `guessed` are those of
    them that were only read in the source: nobody knows yet whether pytest finds them.
    `longest_ms` is the recorded time of its longest test, 0 when one of them has none.
    """

    file: str
    expected_ms: int
    nodeids: tuple[str, ...] | None = None
    guessed: tuple[str, ...] = ()
    longest_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One job. `index` starts at 1; `atoms` are longest first; `expected_ms` is its wall.

    `budget_usd` is what its tests may spend, None where the project sets no budget.
    """

    index: int
    expected_ms: int
    atoms: tuple[Atom, ...]
    budget_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How far the plan is from the best one that can exist.

    `lower_bound_ms` is max(total / (shards × workers), longest test): no schedule beats it.
    `bound_by` says which of the two it is ("work" or "test"), `binding` names the atom that
    ends last. `rivals_ms` are pytest-split's walls, None where they were not computed.
    """

    tests: int
    files: int
    total_ms: int
    predicted_wall_ms: int
    lower_bound_ms: int
    bound_by: str
    binding: str
    useful_shards: int
    torn_files: int
    unknown_tests: int
    assumed_ms: int
    rivals_ms: Mapping[str, int | None]

    @property
    def ratio(self) -> float:
        """Predicted wall ÷ lower bound; 1.0 when there is nothing to run."""
        return self.predicted_wall_ms / self.lower_bound_ms if self.lower_bound_ms else 1.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Shards of `workers` pytest-xdist workers each; every test has exactly one owner."""

    workers: int
    shards: tuple[Shard, ...]
    certificate: Certificate | None = None

    @cached_property
    def digest(self) -> str:
        """Return what identifies the split: SHA-256 over workers, atoms and budgets, 64 hex digits."""
        content: list[object] = [
            self.workers,
            [[[a.file, a.expected_ms, a.nodeids] for a in shard.atoms] for shard in self.shards],
        ]
        if any(shard.budget_usd is not None for shard in self.shards):
            content.append([None if shard.budget_usd is None else str(shard.budget_usd) for shard in self.shards])
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def owner(self, nodeid: str) -> int:
        """Return the index of the one shard that runs this test, planned or not.

        The exact test, else its function, its classes, its file; else a hash of the file's
        path, so that a new file has one owner in every shard without any talk between them.
        """
        home = self._home(nodeid)
        return home[0] if home else self._by_hash(file_of(nodeid))

    def unit(self, nodeid: str) -> tuple[str, int | None]:
        """Return name and milliseconds of what a worker takes as a whole: the test's atom.

        An unplanned file is a unit of its own, of unknown length (None).
        """
        home = self._home(nodeid)
        if home is None:
            return file_of(nodeid), None
        atom = home[1]
        return (atom.nodeids[0] if atom.nodeids else atom.file), atom.expected_ms

    def longest_ms(self, nodeid: str) -> int:
        """Return what is recorded of the longest test in this test's atom, 0 when not of all of them."""
        home = self._home(nodeid)
        return home[1].longest_ms if home else 0

    def shards_of(self, file: str) -> frozenset[int]:
        """Return every shard that may own a test of this file; never empty."""
        return self._homes.files.get(file) or frozenset([self._by_hash(file)])

    @property
    def planned_files(self) -> Set[str]:
        """Return the files that the plan names."""
        return self._homes.files.keys()

    def _by_hash(self, file: str) -> int:
        return zlib.crc32(file.encode("utf-8", "surrogatepass")) % len(self.shards) + 1

    def _home(self, nodeid: str) -> tuple[int, Atom] | None:
        home = self._homes.exact.get(nodeid)
        if home is not None:
            return home
        scopes = self._homes.scopes
        return next((scopes[scope] for scope in scopes_of(nodeid) if scope in scopes), None)

    @cached_property
    def _homes(self) -> _Homes:
        """Where two pieces share a function, a class or the file, the first one wins."""
        homes = _Homes()
        for shard in self.shards:
            for atom in shard.atoms:
                home = (shard.index, atom)
                homes.files[atom.file] = homes.files.get(atom.file, frozenset()) | {shard.index}
                homes.scopes.setdefault(atom.file, home)
                for nodeid in atom.nodeids or ():
                    homes.exact[nodeid] = home
                    for scope in scopes_of(nodeid):
                        homes.scopes.setdefault(scope, home)
        return homes


@dataclass(slots=True)
class _Homes:
    """Shard and atom by exact test and by enclosing scope; shards by file."""

    exact: dict[str, tuple[int, Atom]] = field(default_factory=dict)
    scopes: dict[str, tuple[int, Atom]] = field(default_factory=dict)
    files: dict[str, frozenset[int]] = field(default_factory=dict)

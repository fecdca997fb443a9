"""Which shard and attempt each JUnit file is of, and what becomes of a test in several of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ci_tools.merge.junit.reader import JUnitFile
from ci_tools.model.bundle import parse_bundle_name
from ci_tools.model.report import CaseResult
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.words import count

MAX_ATTEMPTS = 100  # of one test that are kept; deciding among them takes their square
_ATTEMPT = re.compile(r"attempt[-_](\d{1,4})(?!\d)")

Entry = tuple[int, Attempt]  # run attempt, attempt


class Place(NamedTuple):
    """Where a file's results are from; shard and shards are 0 when its path doesn't say."""

    shard: int
    shards: int
    attempt: int


def place_of(name: str) -> Place:
    """Return the place that a file's path names: a bundle's directory, or `attempt-2` anywhere in it."""
    for part in reversed(name.split("/")):
        bundle = parse_bundle_name(part.removesuffix(".xml"))
        if bundle:
            return Place(*bundle)
    found = _ATTEMPT.findall(name)
    return Place(0, 0, max(1, int(found[-1])) if found else 1)


@dataclass(slots=True)
class ShardFiles:
    """A shard's files with their attempts, oldest first; index 0 has all files that name no shard."""

    index: int
    files: list[tuple[int, JUnitFile]] = field(default_factory=list)

    @property
    def newest(self) -> int:
        """The attempt that decides; 0 without files."""
        return self.files[-1][0] if self.files else 0

    @property
    def current(self) -> list[JUnitFile]:
        """The files that count: the newest attempt's, or all where nothing says which tests an attempt ran again."""
        return [file for attempt, file in self.files if not self.index or attempt == self.newest]

    @property
    def problems(self) -> list[str]:
        """Why they don't tell all: `FILE, line N: reason`, and what was kept."""
        return [f"{file.name}{problem}" for file in self.current for problem in _problems(file)]

    def results(self) -> tuple[list[CaseResult], list[CaseResult]]:
        """Return the tests that the files which count report, and those that only an older attempt does."""
        everything = [(run_attempt, attempt) for run_attempt, file in self.files for attempt in file.attempts]
        everything.sort(key=_nodeid)  # each file is sorted, so this takes little
        results = list(_results(everything, self.index))
        if not self.index or self.newest == self.files[0][0]:
            return results, []
        older = [result for result in results if result.attempts[-1][0] != self.newest]
        return [result for result in results if result.attempts[-1][0] == self.newest], older


def by_shard(files: Iterable[JUnitFile], n_shards: int) -> list[ShardFiles]:
    """Return all shards, missing ones too, and index 0 in front; only that when no path names a shard."""
    placed = sorted(((place_of(file.name), file) for file in files), key=lambda pair: (pair[0].attempt, pair[1].name))
    are_named = any(place.shard for place, _ in placed)
    shards = [ShardFiles(index) for index in range(n_shards + 1 if are_named else 1)]
    for place, file in placed:
        if place.shards in (0, n_shards):
            shards[place.shard].files.append((place.attempt, file))
    return shards


def strays(files: Iterable[JUnitFile], n_shards: int) -> Iterator[str]:
    """Yield which files are of no shard that there is."""
    for file in files:
        place = place_of(file.name)
        if place.shards not in (0, n_shards):
            yield f"{file.name} is of shard {place.shard} of {place.shards}, not of {n_shards}"


def _nodeid(entry: Entry) -> str:
    return entry[1].nodeid


def _results(entries: Iterable[Entry], shard: int) -> Iterator[CaseResult]:
    """Yield the tests; entries of one stand together, oldest first."""
    own: list[Entry] = []
    for entry in entries:
        if own and own[0][1].nodeid != entry[1].nodeid:
            yield _result(own, shard)
            own = []
        own.append(entry)
    if own:
        yield _result(own, shard)


def _result(own: Sequence[Entry], shard: int) -> CaseResult:
    attempts = tuple(own) if len(own) == 1 else _some(_apart(own))
    return CaseResult(nodeid=own[0][1].nodeid, shard=shard, attempts=attempts)


def _apart(entries: Iterable[Entry]) -> list[Entry]:
    """What another file of the same run attempt says too is a session of its own, so that the worst decides."""
    apart: list[Entry] = []
    later = 0
    for run_attempt, attempt in entries:
        if not attempt.rerun:  # the first that a file says
            is_same_job = apart and apart[-1][0] == run_attempt
            later = apart[-1][1].session + 1 if is_same_job else 0
        apart.append((run_attempt, replace(attempt, session=attempt.session + later) if later else attempt))
    return apart


def _some(found: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return a test's attempts; of very many the first, the last and the one that decides."""
    if len(found) <= MAX_ATTEMPTS:
        return tuple(found)
    newest, last = found[-1][0], len(found)
    bad = (number for number, (job, attempt) in enumerate(found) if job == newest and attempt.outcome.is_bad)
    half = MAX_ATTEMPTS // 2
    return tuple(found[number] for number in sorted({*range(half - 1), next(bad, 0), *range(last - half, last)}))


def bad_of(cases: Iterable[CaseResult]) -> list[CaseResult]:
    """Return the failing ones. Most have passed in one attempt, and aren't asked any further."""
    passed = Outcome.PASSED
    return [
        case
        for case in cases
        if (case.attempts[-1][1].outcome is not passed or len(case.attempts) > 1) and case.outcome.is_bad
    ]


def _problems(file: JUnitFile) -> Iterator[str]:
    if file.foreign:
        return
    kept = len({attempt.nodeid for attempt in file.attempts}) if file.problems else 0
    for problem in file.problems:
        said = f", {problem}" if problem.startswith("line ") else f": {problem}"
        yield f"{said}; {count(kept, 'complete case')} kept" if kept else said

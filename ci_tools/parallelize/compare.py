"""A suite's serial runs and its parallel ones, compared test by test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ci_tools.model.nodeid import file_of
from ci_tools.model.run import Attempt, Outcome
from ci_tools.trial.result import Result

_ERROR = re.compile(r"[\w.]*(?:Error|Exception|Warning|Exit|Failed)\b")
STUCK = "stuck for "  # how `shard.watch` begins to tell of a test whose worker it killed


class Kind(str, Enum):
    """How a test differs between the two arms, or from what it should be; the first that fits is told."""

    UNCOLLECTED = "not collected"  # a run had it not: one with a failure in parallel only is told as that
    LOST = "lost"  # a run had it, and no result of it
    PARALLEL = "parallel-only"  # fails in parallel, in some runs at least, and in no serial one
    SERIAL = "serial-only"  # fails in every serial run and in no parallel one
    BOTH = "fails in both"  # in every run
    FLAKY = "flaky"  # fails in some serial runs, or in some of both
    SKIPPED = "skipped differently"  # in every run of one arm, and in none of the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One test in one arm: in how many `runs` it was selected, and in how many of them it was what.

    `missing` are the runs that collected others and not this one.
    """

    runs: int = 0
    missing: int = 0
    bad: int = 0
    skipped: int = 0
    lost: int = 0

    @property
    def reported(self) -> int:
        return self.runs - self.lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One test, or file that can't be collected. `message` and `text` are those of its first failure.

    `n_tests` is how many the file has where it is collected, 0 for a test.
    """

    nodeid: str
    kind: Kind
    serial: Tally
    parallel: Tally
    message: str = ""
    text: str = ""
    n_tests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Something that did not end by itself: a stuck test with its stacks in `text`, or a whole run.

    `runs` count from 1 within their arm; `nodeid` is "" for a run, `unreported` are its tests without a result.
    """

    arm: str
    runs: tuple[int, ...]
    what: str
    nodeid: str = ""
    text: str = ""
    unreported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`n_tests` are those that any run selected; `differences` are sorted by kind, then by name."""

    n_tests: int
    differences: tuple[Difference, ...]
    hangs: tuple[Hang, ...]

    def of(self, kind: Kind) -> tuple[Difference, ...]:
        return tuple(difference for difference in self.differences if difference.kind is kind)

    @property
    def new_skips(self) -> tuple[Difference, ...]:
        """The tests that parallel runs skip and serial ones run: coverage lost."""
        return tuple(difference for difference in self.of(Kind.SKIPPED) if difference.parallel.skipped)

    @property
    def lost(self) -> tuple[Difference, ...]:
        """The tests and files of serial runs that a parallel one has no result of."""
        missing = (d for d in self.of(Kind.UNCOLLECTED) if d.parallel.missing > d.serial.missing)
        return (*(d for d in self.of(Kind.LOST) if d.parallel.lost), *missing)


def compare(serial: Sequence[Result], parallel: Sequence[Result]) -> Comparison:
    """Return what differs between runs without workers and runs with them."""
    arms = [_Arm(serial), _Arm(parallel)]
    files = dict.fromkeys(file for arm in arms for file in arm.uncollected)
    tests = [t for t in dict.fromkeys(t for arm in arms for t in arm.tallies) if file_of(t) not in files]
    found = [*_of_files(files, *arms), *filter(None, (_of_test(nodeid, *arms) for nodeid in tests))]
    kinds = list(Kind)
    return Comparison(
        n_tests=len({nodeid for arm in arms for nodeid in arm.tallies}),
        differences=tuple(sorted(found, key=lambda difference: (kinds.index(difference.kind), difference.nodeid))),
        hangs=(*_hangs("serial", serial), *_hangs("parallel", parallel)),
    )


class _Arm:
    """The runs of one arm, by test."""

    def __init__(self, results: Sequence[Result]) -> None:
        self.tallies: dict[str, Tally] = {}
        self.bad: dict[str, Attempt] = {}
        self.uncollected: dict[str, Attempt] = {}
        self.n_runs = len(results)
        self.n_collected = 0
        for result in results:
            self._take(result)

    def _take(self, result: Result) -> None:
        failed = {nodeid: attempt for nodeid, attempt in result.attempts.items() if attempt.outcome.is_bad}
        uncollected = {nodeid: attempt for nodeid, attempt in failed.items() if attempt.phase == "collect"}
        self.bad = {**failed, **self.bad}
        self.uncollected = {**uncollected, **self.uncollected}
        self.n_collected += not result.problem or bool(result.selected and not uncollected)
        for nodeid in result.selected:
            found = result.attempts.get(nodeid)
            # pytest may run nothing when a file can't be collected: that is no other test's loss.
            if found or not (uncollected and result.problem):
                self._count(nodeid, found)

    def _count(self, nodeid: str, attempt: Attempt | None) -> None:
        tally = self.tallies.get(nodeid, Tally())
        outcome = attempt.outcome if attempt else None
        self.tallies[nodeid] = Tally(
            runs=tally.runs + 1,
            bad=tally.bad + (outcome is not None and outcome.is_bad),
            skipped=tally.skipped + (outcome is Outcome.SKIPPED),
            lost=tally.lost + (outcome is None),
        )

    def of(self, nodeid: str) -> Tally:
        tally = self.tallies.get(nodeid, Tally())
        return replace(tally, missing=max(0, self.n_collected - tally.runs))

    def of_file(self, file: str) -> Tally:
        return Tally(missing=self.n_runs) if file in self.uncollected else Tally(runs=self.n_runs)


def _of_files(files: Mapping[str, None], serial: _Arm, parallel: _Arm) -> Iterator[Difference]:
    """Yield the files that couldn't be collected, each with the tests that it has elsewhere."""
    for file in files:
        errors = [arm.uncollected.get(file) for arm in (serial, parallel)]
        error = errors[1] or errors[0]
        assert error is not None
        tests = {nodeid for arm in (serial, parallel) for nodeid in arm.tallies if file_of(nodeid) == file}
        yield Difference(
            nodeid=file,
            kind=Kind.BOTH if all(errors) else Kind.UNCOLLECTED,
            serial=serial.of_file(file),
            parallel=parallel.of_file(file),
            message=_error_of(error),
            text=error.text,
            n_tests=len(tests),
        )


def _error_of(attempt: Attempt) -> str:
    """Return the first line that pytest marks as an error, else the first one of all."""
    marked = [line[1:].strip() for line in attempt.text.splitlines() if line.startswith("E ")]
    named = [line for line in marked if _ERROR.match(line)]
    return next(iter([*named, *marked, *attempt.text.splitlines()]), attempt.message)


def _of_test(nodeid: str, serial: _Arm, parallel: _Arm) -> Difference | None:
    one, other = serial.of(nodeid), parallel.of(nodeid)
    kind = _kind(one, other)
    if kind is None:
        return None
    bad = parallel.bad.get(nodeid) if kind is not Kind.SERIAL else None
    bad = bad or serial.bad.get(nodeid)
    return Difference(
        nodeid=nodeid,
        kind=kind,
        serial=one,
        parallel=other,
        message=bad.message if bad else "",
        text=bad.text if bad else "",
    )


def _kind(one: Tally, other: Tally) -> Kind | None:
    if (one.missing and not one.runs) or (other.missing and not other.runs):
        return Kind.UNCOLLECTED
    if one.lost or other.lost:
        return Kind.LOST
    failure = _kind_of_failure(one, other) if one.bad or other.bad else None
    if (one.missing or other.missing) and failure is not Kind.PARALLEL:
        return Kind.UNCOLLECTED
    if failure:
        return failure
    skips = one.skipped == one.reported > 0, other.skipped == other.reported > 0
    if (skips[0] and not other.skipped and other.reported) or (skips[1] and not one.skipped and one.reported):
        return Kind.SKIPPED
    return None


def _kind_of_failure(one: Tally, other: Tally) -> Kind:
    if not one.bad:
        return Kind.PARALLEL
    if one.bad < one.reported:
        return Kind.FLAKY
    if not other.bad:
        return Kind.SERIAL
    return Kind.BOTH if other.bad == other.reported else Kind.FLAKY


def _hangs(arm: str, results: Sequence[Result]) -> Iterator[Hang]:
    """Yield each stuck test once, as it was at first, then the runs that didn't end."""
    stuck: dict[str, list[tuple[int, Attempt]]] = {}
    for run, result in enumerate(results, 1):
        for nodeid, attempt in result.attempts.items():
            if attempt.outcome is Outcome.CRASHED and attempt.message.startswith(STUCK):
                stuck.setdefault(nodeid, []).append((run, attempt))
    for nodeid, times in stuck.items():
        attempt = times[0][1]
        runs = tuple(run for run, _ in times)
        yield Hang(arm=arm, runs=runs, what=attempt.message, nodeid=nodeid, text=attempt.text)
    for run, result in enumerate(results, 1):
        if result.problem:
            head, _, rest = result.problem.partition("\n")
            yield Hang(arm=arm, runs=(run,), what=head, text=rest, unreported=result.not_run)

"""What was reported, held against what is true. Functions of values: no clock, no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from .kinds import BAD, HANGS
from .suites import Case, Suite
from .truth import Execution, Truth

CODES = {"passed": 0, "failed": 1, "incomplete": 3}
STUCK_S = 4.0  # a hanging test has its worker for at least so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One reported attempt of one test, in the words of report.json."""

    nodeid: str
    outcome: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a run said of itself.

    `conclusion` is passed, failed or incomplete; "" when there was no report. `not_run` has
    tests and files. `names_not_run` is False for stock pytest-xdist, which never names them.
    `run_code` is the exit code of `ci-tools run`, None when there is none to judge. `is_worn_out`
    when pytest-xdist said that it replaces no more workers: of a death between two tests, say by a
    plugin that ran out of file descriptors, the truth knows nothing.
    """

    attempts: tuple[Attempted, ...] = ()
    not_run: frozenset[str] = frozenset()
    conclusion: str = ""
    hang: bool = False
    internal_error: str = ""
    names_not_run: bool = True
    run_code: int | None = None
    is_worn_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with a run, a line each; nothing when all is right."""

    hang: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()
    overlap: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    green: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()

    @property
    def defects(self) -> dict[str, tuple[str, ...]]:
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: lines for name, lines in named.items() if lines}

    @property
    def right(self) -> bool:
        return not self.defects


COLUMNS = tuple(field.name for field in fields(Verdict))


def judge(suite: Suite, truth: Truth, reported: Reported) -> Verdict:
    """Return what is wrong. A run that hung was killed by us, so nothing else of it counts."""
    if reported.hang:
        running = [e.nodeid for e in truth.executions if e.end_ns is None and not truth.has_next(e)]
        return Verdict(hang=(f"never ended; begun and not ended: {', '.join(running) or 'no test'}",))
    return Verdict(
        lost=tuple(_lost(suite, truth, reported)),
        duplicated=tuple(_duplicated(suite, truth, reported)),
        overlap=tuple(overlaps(suite, truth)),
        wrong=tuple(_wrong(suite, truth, reported)),
        green=tuple(_green(suite, truth, reported)),
        internal=(reported.internal_error,) if reported.internal_error else (),
    )


def may_stop(suite: Suite, truth: Truth) -> bool:
    """Return whether the user's own options allowed this run to end before its last test."""
    bad = sum(1 for case in suite.cases if _is_bad(case, truth))
    return bool(suite.maxfail and bad >= suite.maxfail) or len(truth.deaths) > suite.restarts


def _is_bad(case: Case, truth: Truth) -> bool:
    executions = truth.of(case.nodeid)
    return bool(executions) and (case.kind in BAD or any(e.raised or e.end_ns is None for e in executions))


def _lost(suite: Suite, truth: Truth, reported: Reported) -> Iterator[str]:
    counts = Counter(attempt.nodeid for attempt in reported.attempts)
    stopped = may_stop(suite, truth) or reported.is_worn_out
    for case in suite.cases:
        executions = truth.of(case.nodeid)
        named = case.nodeid in reported.not_run or case.nodeid.partition("::")[0] in reported.not_run
        if not counts[case.nodeid]:
            if executions:
                yield f"{case.nodeid} ran and was not reported{' but named under not_run' if named else ''}"
            elif not named and (reported.names_not_run or not suite.maxfail):
                yield f"{case.nodeid} neither reported nor named under not_run"
            elif named and not stopped:
                yield f"{case.nodeid} was left out (not_run) without a reason to stop"
        elif counts[case.nodeid] < len(executions) <= 1 + suite.reruns:
            yield f"{case.nodeid} ran {len(executions)} times, reported {counts[case.nodeid]} times"


def _duplicated(suite: Suite, truth: Truth, reported: Reported) -> Iterator[str]:
    counts = Counter(attempt.nodeid for attempt in reported.attempts)
    for case in suite.cases:
        limit = 1 + suite.reruns if _is_bad(case, truth) else 1
        if suite.reruns:  # after a crash pytest-rerunfailures counts from the start
            limit *= 1 + sum(a.nodeid == case.nodeid and a.outcome == "crashed" for a in reported.attempts)
        n_runs = len(truth.of(case.nodeid))
        if n_runs > limit:
            yield f"{case.nodeid} ran {n_runs} times"
        if counts[case.nodeid] > limit or counts[case.nodeid] > n_runs >= 1:
            yield f"{case.nodeid} reported {counts[case.nodeid]} times, ran {n_runs} times"
        if counts[case.nodeid] and case.nodeid in reported.not_run:
            yield f"{case.nodeid} reported and named under not_run"


def overlaps(suite: Suite, truth: Truth) -> Iterator[str]:
    """Yield each pair of a serial test and another test that ran at the same time."""
    cases = {case.nodeid: case for case in suite.cases}
    spans = [(e, *_span(e, cases.get(e.nodeid))) for e in truth.executions]
    for one, begin, end in spans:
        case = cases.get(one.nodeid)
        if case is None or not case.serial:
            continue
        for other, other_begin, other_end in spans:
            if other.nodeid != one.nodeid and begin < other_end and other_begin < end:
                yield f"{one.nodeid} ran beside {other.nodeid}"


def _span(execution: Execution, case: Case | None) -> tuple[int, int]:
    """Return begin and end in ns; of a test that never ended, what is sure of it."""
    begin = execution.begin_ns
    if execution.end_ns is not None:
        return begin, execution.end_ns
    if case is not None and case.kind in HANGS:
        return begin, begin + int(STUCK_S * 1e9)
    return begin, execution.dying_ns or begin


def expected(case: Case, last: Execution) -> frozenset[str]:
    """Return the outcomes that are right for a test's last attempt, seeing how it went."""
    if last.end_ns is None and last.dying_ns is not None:
        return frozenset({"crashed"})
    # pytest takes an expected failure's broken teardown for the expected failure too.
    if last.raised and not case.outcomes & {"failed", "error", "crashed", "xfailed"}:
        return frozenset({"error"})
    return case.outcomes


def _wrong(suite: Suite, truth: Truth, reported: Reported) -> Iterator[str]:
    cases = {case.nodeid: case for case in suite.cases}
    final = {attempt.nodeid: attempt for attempt in reported.attempts}
    for nodeid, attempt in final.items():
        case = cases.get(nodeid)
        if case is None:
            yield f"{nodeid} is reported {attempt.outcome}, and is no test of the suite: {attempt.message[:200]}"
            continue
        executions = truth.of(nodeid)
        if not executions:
            yield f"{nodeid} is reported {attempt.outcome} and never began: {attempt.message[:200]}"
            continue
        right = expected(case, executions[-1])
        if attempt.outcome not in right:
            kind = case.kind.value
            yield f"{nodeid} ({kind}) is {attempt.outcome}, not {' or '.join(sorted(right))}: {attempt.message[:200]}"
        elif case.kind in HANGS and reported.names_not_run and "stuck" not in attempt.message:
            yield f"{nodeid} hung, and its message doesn't say stuck: {attempt.message[:200]}"
    yield from _wrong_conclusion(suite, truth, reported, final)


def _wrong_conclusion(suite: Suite, truth: Truth, reported: Reported, final: dict[str, Attempted]) -> Iterator[str]:
    if reported.conclusion == "":
        yield "there is no report"
    code = CODES.get(reported.conclusion)
    if None not in (code, reported.run_code) and code != reported.run_code:
        yield f"the run's exit code is {reported.run_code}, and the conclusion of its only shard {reported.conclusion}"
    if may_stop(suite, truth) or any(case.nodeid not in final for case in suite.cases):
        return
    # A worker that died outside of any test makes no test bad; red is right then, and green too.
    died = bool(truth.deaths)
    bad = any(attempt.outcome in ("failed", "error", "crashed") for attempt in final.values())
    allowed = {"failed"} if bad else {"passed", "failed"} if died else {"passed"}
    if reported.conclusion and reported.conclusion not in allowed:
        yield f"every test is reported, and the conclusion is {reported.conclusion}, not {' or '.join(sorted(allowed))}"


def _green(suite: Suite, truth: Truth, reported: Reported) -> Iterator[str]:
    if reported.conclusion != "passed":
        return
    names = {attempt.nodeid for attempt in reported.attempts}
    missing = [case.nodeid for case in suite.cases if case.nodeid not in names]
    if missing:
        yield f"green, and {len(missing)} tests are missing: {missing[0]}"
    bad = [case.nodeid for case in suite.cases if _must_be_bad(case, truth)]
    if bad:
        yield f"green, and {bad[0]} went wrong"


def _must_be_bad(case: Case, truth: Truth) -> bool:
    executions = truth.of(case.nodeid)
    return bool(executions) and bool(expected(case, executions[-1]) <= {"failed", "error", "crashed"})

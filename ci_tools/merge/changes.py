"""What is different from the base run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ci_tools.model.nodeid import file_of
from ci_tools.model.report import CaseResult, Conclusion, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import BaseRun, Changes, PastTest, Slower

SLOWER_RATIO = 2.0
SLOWER_S = 0.5
_GREEN = (Outcome.PASSED, Outcome.XPASSED)
_RAN = (*_GREEN, Outcome.XFAILED, Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED)


def changes_from(base: BaseRun, past: Mapping[str, PastTest], report: Report) -> Changes:
    """Return what is different from the base run, of which `past` tells by node id.

    A test whose outcome nobody knows changed nothing. Of an incomplete run nothing is called removed,
    nor of a file that couldn't be collected.
    """
    before = {nodeid: test.outcome for nodeid, test in past.items() if test.outcome}
    finals = {case.nodeid: case.final for case in report.cases if is_test(case)}
    now = {nodeid: final.outcome for nodeid, final in finals.items()}
    left_out = set(_left_out(report, before, now))
    return Changes(
        base=base,
        newly_failing=_sorted(n for n, o in now.items() if o.is_bad and n in before and not before[n].is_bad),
        fixed=_sorted(n for n, o in now.items() if o in _GREEN and n in before and before[n].is_bad),
        new=_sorted(n for n, o in now.items() if o is not Outcome.UNKNOWN and n not in before),
        removed=_sorted(_removed(report, before, {*now, *left_out})),
        newly_skipped=_sorted(
            n for n, o in before.items() if o in _RAN and (now.get(n) is Outcome.SKIPPED or n in left_out)
        ),
        slower=tuple(sorted(_slower(finals, past), key=lambda s: (s.before_s - s.now_s, s.nodeid))),
    )


def is_test(case: CaseResult) -> bool:
    """Whether it is the result of a test, not of a file that couldn't be collected."""
    return "::" in case.nodeid and case.attempts[-1][1].phase != "collect"


def _sorted(nodeids: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted(nodeids))


def _left_out(report: Report, before: Iterable[str], now: Collection[str]) -> Iterator[str]:
    """Iterate over the base run's tests that are still there, deselected or with a file that is left out."""
    deselected, files = set(report.deselected), {*report.ignored, *report.skipped_modules}
    for nodeid in before:
        if nodeid not in now and (nodeid in deselected or file_of(nodeid) in files):
            yield nodeid


def _removed(report: Report, before: Iterable[str], there: Collection[str]) -> Iterator[str]:
    if report.conclusion is Conclusion.INCOMPLETE:
        return
    uncollected = {case.nodeid for case in report.cases if not is_test(case)}
    for nodeid in before:
        if nodeid not in there and file_of(nodeid) not in uncollected:
            yield nodeid


def _slower(finals: Mapping[str, Attempt], past: Mapping[str, PastTest]) -> Iterator[Slower]:
    for nodeid, final in finals.items():
        before_s = past[nodeid].p50_s if nodeid in past else None
        if before_s is None or final.outcome is not Outcome.PASSED:
            continue
        if final.total_s >= SLOWER_RATIO * before_s and final.total_s - before_s >= SLOWER_S:
            yield Slower(nodeid=nodeid, before_s=before_s, now_s=round(final.total_s, 3))

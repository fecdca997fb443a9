"""A report held against the past and the quarantine: the cause of each failure, and what that makes of the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ci_tools.merge.changes import changes_from, is_test
from ci_tools.model.nodeid import file_of
from ci_tools.model.quarantine import Entry, Problem, Quarantine, stale
from ci_tools.model.rates import DOUBT, interval
from ci_tools.model.report import CaseResult, Conclusion, Report, ShardState
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import Cause, Judgement, Past, PastTest
from ci_tools.model.words import count, some

MAX_NOTES = 20
# The machine's own words, where the exception that ended the test begins with them; JUnit puts the phase in front.
_MACHINE = re.compile(
    r"""(?:failed\ on\ \w+\ with\ ")?
    (?:(?:\w+\.)*\w*OSError:\ \[Errno\ (?P<errno>12|28|30)\] | (?P<memory>(?:\w+\.)*\w*MemoryError\b))""",
    re.VERBOSE,
)
_ERRNO = {"12": "out of memory", "28": "no space left on the device", "30": "the file system is read-only"}
_TESTS_FAILED = re.compile(r"[\d,]+ tests? failed: ")


def judged(report: Report, *, past: Past, quarantine: Quarantine, fail_on: str) -> Report:
    """Return the report with a cause for each failing test, what changed, and the conclusion that follows.

    A quarantined failure doesn't redden the run; whatever else was wrong with it still does. What isn't
    proved stays incomplete. Judging a judged report by the same knowledge changes nothing.
    """
    bad = report.bad
    states = {shard.index: shard.state for shard in report.shards}
    entries = {case.nodeid: _entry_for(case, quarantine) for case in bad}
    judgements = [_judgement(case, entries[case.nodeid], states.get(case.shard), past) for case in bad]
    reasons = _reasons(report.reasons, [case.nodeid for case in bad if not entries[case.nodeid]])
    notes = [*_held(entries), *_remarks(quarantine, past, report, bad)]
    conclusion = Conclusion.FAILED if reasons else Conclusion.PASSED
    return replace(
        report,
        conclusion=report.conclusion if report.conclusion is Conclusion.INCOMPLETE else conclusion,
        reasons=reasons,
        notes=tuple(dict.fromkeys([*report.notes, *notes])),
        judgements=tuple(sorted(judgements, key=lambda judgement: judgement.nodeid)),
        changes=changes_from(past.base, past.tests, report) if past.base else None,
        fail_on=fail_on,
    )


def _entry_for(case: CaseResult, quarantine: Quarantine) -> Entry | None:
    """Return the entry that holds a failure. None does for an error of collection: which tests didn't run?"""
    return quarantine.entry_of(case.nodeid) if is_test(case) else None


def _judgement(case: CaseResult, entry: Entry | None, state: ShardState | None, past: Past) -> Judgement:
    """Return the cause by the first rule that fits; docs/verdicts.md says why they come in this order."""
    test = past.tests.get(case.nodeid, PastTest())
    cause, why = Cause.NEW, ""
    if entry:
        cause, why = Cause.QUARANTINED, _terms(entry)
    elif machine := _machine(case.final, state):
        cause, why = Cause.INFRASTRUCTURE, machine
    elif past.base and test.outcome and test.outcome.is_bad:
        cause, why = Cause.BASE, _red_since(test)
    elif test.green_keys:
        cause, why = Cause.ENVIRONMENT, f"passed under {_listed(test.green_keys)}"
    elif past.base is None:
        cause = Cause.NOT_COMPARED
    elif case.nodeid not in past.tests:
        cause = Cause.NEW_TEST
    elif test.flaky_runs:
        cause, why = _flaky(case, test)
    return Judgement(nodeid=case.nodeid, cause=cause, why=why)


def _terms(entry: Entry) -> str:
    return f"{entry.reason}, owner {entry.owner}, until {entry.expires}{entry.issue and f', {entry.issue}'}"


def _machine(attempt: Attempt, state: ShardState | None) -> str:
    """Return what the machine did to the test, "" when nothing says that it did."""
    if attempt.outcome is Outcome.CRASHED and state in (ShardState.BROKEN, ShardState.KILLED):
        return "its shard was killed" if state is ShardState.KILLED else "its shard is broken"
    found = _MACHINE.match(attempt.message)
    return _ERRNO[found["errno"] or "12"] if found else ""


def _red_since(test: PastTest) -> str:
    since = f"since {test.red_since[:7]}, " if test.red_since else ""
    return f"{since}{count(test.red_runs, 'run')}"


def _listed(keys: Sequence[str], limit: int = 3) -> str:
    more = f" and {len(keys) - limit} more" if len(keys) > limit else ""
    return ", ".join(keys[:limit]) + more


def _flaky(case: CaseResult, test: PastTest) -> tuple[Cause, str]:
    """Tell a flake from a break: one that failed each time it was tried, too often for its record, is news."""
    outcomes = [attempt.outcome for _, attempt in case.attempts]
    n_failed = sum(1 for outcome in outcomes if outcome.is_bad)
    rate = f"{test.flaky_runs} of {count(test.runs, 'run')}"
    passed = Outcome.PASSED in outcomes or Outcome.XPASSED in outcomes
    if passed or interval(test.flaky_runs, test.runs)[1] ** n_failed >= DOUBT:
        return Cause.FLAKY, rate
    return Cause.NEW, f"failed {count(n_failed, 'time')} in a row, flaky in only {rate}"


def _reasons(reasons: Sequence[str], reddening: Sequence[str]) -> tuple[str, ...]:
    """Return the reasons with the sentence about failed tests naming those that redden the run, and no others."""
    places = [index for index, reason in enumerate(reasons) if _TESTS_FAILED.match(reason)]
    others = [reason for index, reason in enumerate(reasons) if index not in places]
    if reddening:
        sentence = f"{count(len(reddening), 'test')} failed: {some(list(reddening))}"
        others.insert(places[0] if places else len(others), sentence)
    return tuple(others)


def _held(entries: Mapping[str, Entry | None]) -> Iterator[str]:
    held = [nodeid for nodeid, entry in entries.items() if entry]
    if held:
        yield f"{count(len(held), 'quarantined test')} failed, which reddens nothing: {some(held)}"


def _remarks(quarantine: Quarantine, past: Past, report: Report, bad: Sequence[CaseResult]) -> Iterator[str]:
    """Iterate over what is to be said about lines of the quarantine file, as far as there is room for it."""
    if not (quarantine.entries or quarantine.problems):
        return
    existing = _existing(quarantine, past, report, bad)
    remarks = [*quarantine.problems, *stale(quarantine, past, existing, red=[case.nodeid for case in bad])]
    for remark in sorted(remarks, key=_by_line)[:MAX_NOTES]:
        yield f"{quarantine.path}:{remark.line}: {remark.text}"
    if len(remarks) > MAX_NOTES:
        yield f"{quarantine.path}: {len(remarks) - MAX_NOTES:,} more: see `ci-tools quarantine check`"


def _by_line(remark: Problem) -> tuple[int, str]:
    return remark.line, remark.text


def _existing(quarantine: Quarantine, past: Past, report: Report, bad: Sequence[CaseResult]) -> set[str] | None:
    """Return the tests there are, None when an incomplete run doesn't tell; nobody looked into some of the files."""
    if report.conclusion is Conclusion.INCOMPLETE:
        return None
    unseen = {*report.ignored, *report.skipped_modules, *(case.nodeid for case in bad if not is_test(case))}
    elsewhere = [*past.tests, *(entry.pattern for entry in quarantine.entries if not entry.is_glob)]
    found = {*(case.nodeid for case in report.cases), *report.deselected}
    return found | ({nodeid for nodeid in elsewhere if file_of(nodeid) in unseen} if unseen else set())

"""The verdict in one line of Markdown, its numbers in another, and the reasons that these don't tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ci_tools.model.report import Conclusion, Report, ShardState
from ci_tools.model.verdict import Cause
from ci_tools.model.words import count, duration
from ci_tools.report.failures import failures_of
from ci_tools.report.inert import plain

OUTCOMES = ("passed", "failed", "error", "crashed", "skipped", "xfailed", "xpassed", "unknown")
UNPROVED = "no plan, so nothing proves that all tests ran"

_STATES = {ShardState.FOREIGN: "of another plan"}
_FAILURES = (
    ((Cause.NEW, Cause.NEW_TEST), "new failure", "new failures"),
    ((Cause.ENVIRONMENT,), "environment-specific failure", "environment-specific failures"),
    ((Cause.INFRASTRUCTURE,), "infrastructure failure", "infrastructure failures"),
    ((Cause.NOT_COMPARED,), "failure not compared", "failures not compared"),
    ((Cause.FLAKY,), "known flaky", "known flaky"),
    ((Cause.BASE,), "also red on the base", "also red on the base"),
)


def headline(report: Report, numbers: Mapping[str, int]) -> str:
    """Return the verdict; `numbers` are those of `report_json.counts`.

    ⚠️ is a green run with flaky tests, or with failures that its policy excuses.
    """
    return " · ".join([_verdict(report, numbers), *_beside(numbers)])


def _verdict(report: Report, numbers: Mapping[str, int]) -> str:
    if report.conclusion is Conclusion.PASSED:
        return _passed(report, numbers)
    trouble = " · ".join(_trouble(report, numbers)) or plain(report.reasons[0], 160)
    if not report.is_excused:
        return f"❌ {trouble}"
    failed = sum(_causes(report).values())
    if report.fail_on == "new" and failed:
        return f"⚠️ {count(failed, 'test')} failed, none of them new"
    return f"⚠️ {trouble} · excused by `fail-on: {report.fail_on}`"


def _passed(report: Report, numbers: Mapping[str, int]) -> str:
    passed, flips = numbers["passed"], numbers["flips"]
    proof = ", each exactly once" if report.proves_each else ""
    if flips:
        return f"⚠️ {count(passed, 'test')} passed, {flips:,} of them only when run again"
    if passed:
        return f"✅ {count(passed, 'test')} passed{proof}"
    none = "" if numbers["quarantined"] else ", none failed"
    return f"✅ {count(numbers['tests'], 'test')}{none}{proof}"


def _beside(numbers: Mapping[str, int]) -> Iterator[str]:
    if numbers["quarantined"]:
        yield count(numbers["quarantined"], "quarantined failure")
    if numbers["unknown"]:
        yield f"{numbers['unknown']:,} of unknown outcome"


def _trouble(report: Report, numbers: Mapping[str, int]) -> Iterator[str]:
    of_cause = _causes(report)
    if set(of_cause) == {Cause.NOT_COMPARED}:
        yield f"{count(of_cause.pop(Cause.NOT_COMPARED), 'test')} failed"
    for causes, one, many in _FAILURES:
        if bad := sum(of_cause[cause] for cause in causes):
            yield count(bad, one, many)
    states = Counter(shard.state for shard in report.shards if not shard.state.is_proof)
    for state, number in sorted(states.items(), key=lambda item: item[0].value):
        yield f"{count(number, 'shard')} {_STATES.get(state, state.value)}"
    for number, what in (
        (numbers["not_run"], "not run"),
        (len(report.lost), "lost"),
        (len(report.duplicated), "run more than once"),
    ):
        if number:
            yield f"{number:,} {what}"


def _causes(report: Report) -> Counter[Cause]:
    """Return how many failures have which cause, without the quarantined ones, which redden nothing."""
    causes = Counter(judgement.cause for judgement in failures_of(report).judgements.values())
    del causes[Cause.QUARANTINED]
    return causes


def numbers_line(report: Report, numbers: Mapping[str, int]) -> str:
    """Return how many tests ended how, `0 not run` included, and what the slowest shard took."""
    parts = [count(numbers["tests"], "test")]
    parts += [_ended(numbers[outcome], outcome) for outcome in OUTCOMES if numbers[outcome]]
    if numbers["quarantined"]:
        parts.append(f"{count(numbers['quarantined'], 'failure')} quarantined")
    parts.append(f"{numbers['not_run']:,} not run" if report.plan_digest else UNPROVED)
    if report.shards:
        parts += [count(len(report.shards), "shard"), *_wall(report)]
    return " · ".join(parts)


def _ended(number: int, outcome: str) -> str:
    return count(number, outcome) if outcome == "error" else f"{number:,} {outcome}"


def _wall(report: Report) -> Iterator[str]:
    """Of a shard that was cut short nobody knows how long it would have taken."""
    if all(shard.state.is_proof for shard in report.shards):
        actual_s = max(shard.tests_s for shard in report.shards)
        planned_s = max(shard.planned_s for shard in report.shards)
        unknown = report.certificate.unknown_tests if report.certificate else 0
        guess = f", {count(unknown, 'test')} guessed" if unknown else ""
        yield f"slowest shard {duration(actual_s)} (planned {duration(planned_s)}{guess})"


def reasons_to_tell(report: Report) -> tuple[str, ...]:
    """Return the reasons of a verdict that its failed tests alone don't explain."""
    if report.conclusion is Conclusion.PASSED:
        return ()
    is_alone = report.conclusion is Conclusion.FAILED and len(report.reasons) == 1
    return () if is_alone and len(report.bad) > len(report.quarantined) else report.reasons

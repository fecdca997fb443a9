"""The verdict in one line of Markdown, its numbers in another, and the reasons that these don't tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ci_tools.model.report import Conclusion, Report, ShardState
from ci_tools.model.words import count, duration
from ci_tools.report.inert import plain

_OUTCOMES = ("passed", "failed", "error", "crashed", "skipped", "xfailed", "xpassed")
_STATES = {ShardState.FOREIGN: "of another plan"}


def headline(report: Report, numbers: Mapping[str, int]) -> str:
    """Return the verdict; `numbers` are those of `report_json.counts`. ⚠️ is a green run with flaky tests."""
    if report.conclusion is not Conclusion.PASSED:
        return f"❌ {' · '.join(_trouble(report, numbers)) or plain(report.reasons[0], 160)}"
    passed, flips = numbers["passed"], numbers["flips"]
    if flips:
        return f"⚠️ {count(passed, 'test')} passed, {flips:,} of them only when run again"
    if passed:
        return f"✅ {count(passed, 'test')} passed, each exactly once"
    return f"✅ {count(numbers['tests'], 'test')}, none failed, each exactly once"


def _trouble(report: Report, numbers: Mapping[str, int]) -> Iterator[str]:
    bad = n_bad(numbers)
    if bad:
        yield f"{count(bad, 'test')} failed"
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


def n_bad(numbers: Mapping[str, int]) -> int:
    """Return how many tests make the run red."""
    return numbers["failed"] + numbers["error"] + numbers["crashed"]


def numbers_line(report: Report, numbers: Mapping[str, int]) -> str:
    """Return how many tests ended how, `0 not run` included, and what the slowest shard took."""
    parts = [count(numbers["tests"], "test")]
    parts += [_ended(numbers[outcome], outcome) for outcome in _OUTCOMES if numbers[outcome]]
    parts += [f"{numbers['not_run']:,} not run", count(len(report.shards), "shard"), *_wall(report)]
    return " · ".join(parts)


def _ended(number: int, outcome: str) -> str:
    return count(number, outcome) if outcome == "error" else f"{number:,} {outcome}"


def _wall(report: Report) -> Iterator[str]:
    """Of a shard that was cut short nobody knows how long it would have taken."""
    if report.shards and all(shard.state.is_proof for shard in report.shards):
        actual_s = max(shard.tests_s for shard in report.shards)
        planned_s = max(shard.planned_s for shard in report.shards)
        unknown = report.certificate.unknown_tests if report.certificate else 0
        guess = f", {count(unknown, 'test')} guessed" if unknown else ""
        yield f"slowest shard {duration(actual_s)} (planned {duration(planned_s)}{guess})"


def reasons_to_tell(report: Report) -> tuple[str, ...]:
    """Return the reasons of a verdict that its failed tests alone don't explain."""
    if report.conclusion is Conclusion.FAILED and len(report.reasons) == 1 and report.bad:
        return ()
    return report.reasons if report.conclusion is not Conclusion.PASSED else ()

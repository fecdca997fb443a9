"""The parts of `report.html` that are about time: shards, workers, what is slowest. All text in them is visible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Certificate
from ci_tools.model.rates import percent
from ci_tools.model.report import Report, ShardResult, ShardState
from ci_tools.model.words import count, duration
from ci_tools.report.columns import LINE_CHARS
from ci_tools.report.inert import visible
from ci_tools.report.lanes import Lane
from ci_tools.report.parts import Name, exactly, name_of

_SLOWEST = 15
_LANES = 4_096
_TAIL_S = 0.05  # shorter, it would be shown as 0.0 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A row with a bar: how much of the longest one, in percent; `mark` is where one was expected."""

    name: Name
    shard: int
    time: str
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRow:
    """One shard. `actual` and `planned_at` are percent of the longest time of any of them."""

    result: ShardResult
    ran: bool
    reason: str
    planned: str
    tests: str
    total: str
    actual: float
    planned_at: float


def shard_rows(report: Report) -> list[ShardRow]:
    """Return planned and actual time of each shard."""
    longest_s = max((max(shard.planned_s, shard.tests_s) for shard in report.shards), default=0.0) or 1.0
    return [
        ShardRow(
            result=shard,
            ran=shard.state is not ShardState.MISSING,
            reason=visible(shard.reason, LINE_CHARS),
            planned=duration(shard.planned_s),
            tests=duration(shard.tests_s),
            total=duration(shard.wall_s) if shard.wall_s else "",
            actual=_percent(shard.tests_s, longest_s),
            planned_at=_percent(shard.planned_s, longest_s),
        )
        for shard in report.shards
    ]


def slowest_tests(report: Report) -> list[Bar]:
    """Return the tests that took longest, by the attempt that decided."""
    slow = sorted(report.cases, key=lambda case: (-case.final.total_s, case.nodeid))[:_SLOWEST]
    longest_s = slow[0].final.total_s if slow else 0.0
    return [_bar(case.nodeid, case.shard, case.final.total_s, longest_s) for case in slow if case.final.total_s]


def slowest_files(report: Report) -> list[Bar]:
    """Return the files whose tests took longest together."""
    seconds: dict[str, float] = defaultdict(float)
    for case in report.cases:
        seconds[file_of(case.nodeid)] += case.final.total_s
    slow = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))[:_SLOWEST]
    return [_bar(file, 0, total_s, slow[0][1]) for file, total_s in slow if total_s]


def _bar(name: str, shard: int, seconds: float, longest_s: float) -> Bar:
    return Bar(name=name_of(name), shard=shard, time=exactly(seconds), percent=_percent(seconds, longest_s))


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def lane_rows(rows: Sequence[Lane]) -> list[dict[str, str | int]]:
    """Return the timeline as a table: seconds from the first test's start of all."""
    first_s = min((lane.first_s for lane in rows), default=0.0)
    return [
        {
            "shard": lane.key.shard,
            "attempt": lane.key.attempt,
            "worker": visible(lane.key.worker, 40),
            "attempts": lane.attempts,
            "busy": duration(lane.busy_s),
            "idle": duration(lane.idle_s),
            "alone": duration(lane.alone_s) if lane.alone_s >= _TAIL_S else "",
            "first": duration(lane.first_s - first_s),
            "last": duration(lane.last_s - first_s),
        }
        for lane in rows[:_LANES]
    ]


def time_line(rows: Sequence[Lane]) -> str:
    """Return how busy the workers were, in a sentence; "" when nothing is known of it."""
    if not rows:
        return ""
    busy_s, idle_s = sum(lane.busy_s for lane in rows), sum(lane.idle_s for lane in rows)
    share = percent(busy_s / (busy_s + idle_s) if busy_s + idle_s else 0.0)
    longest = max(rows, key=lambda lane: lane.alone_s)
    tail = ""
    if longest.alone_s >= _TAIL_S:
        worker = visible(longest.key.worker, 40)
        tail = f"; the longest serial tail: {duration(longest.alone_s)}, {worker} of shard {longest.key.shard} alone"
    return f"{count(len(rows), 'worker')}, busy {share} of their shards' time, {duration(idle_s)} idle{tail}"


def plan_line(certificate: Certificate) -> str:
    """Return what the plan promised, in a sentence."""
    guessed = certificate.unknown_tests
    return (
        f"planned wall {duration(certificate.predicted_wall_ms / 1000)}, no plan can be under "
        f"{duration(certificate.lower_bound_ms / 1000)} (ratio {certificate.ratio:.3f})"
        + (f"; {count(guessed, 'test')} without a recorded time, guessed" if guessed else "")
    )

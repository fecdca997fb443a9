"""When each worker of each shard was busy: the rows of the timeline and of `trace.json`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ci_tools.model.report import CaseResult
from ci_tools.model.run import Attempt

# Years 1970 to 5138: a job may claim any time, and what is further off can't be drawn beside the others.
_LATEST_S = 1e11


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class LaneKey:
    """Whose lane it is. `attempt` is of the job, `worker_order` puts gw2 before gw10."""

    shard: int
    attempt: int
    worker_order: int
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One worker of one attempt of a shard. `first_s` and `last_s` are seconds since the epoch.

    `busy_s` counts time that attempts share once. `idle_s` is the rest of the shard's time, from its
    first test's start to its last one's end. `alone_s` is how long the shard, at its end, waited for
    this worker alone: its serial tail.
    """

    key: LaneKey
    attempts: int
    busy_s: float
    idle_s: float
    alone_s: float
    first_s: float
    last_s: float


def is_placed(attempt: Attempt) -> bool:
    """Whether it is known when the attempt ran: of results from JUnit files it isn't."""
    return 0 < attempt.start_s < _LATEST_S and attempt.total_s < _LATEST_S


def key_of(shard: int, job: int, attempt: Attempt) -> LaneKey:
    """Return the lane of one attempt of a test in a shard, `job` the attempt of the shard's job."""
    return LaneKey(shard=shard, attempt=job, worker_order=len(attempt.worker), worker=attempt.worker)


def lanes(cases: Iterable[CaseResult]) -> tuple[Lane, ...]:
    """Return the lanes of all attempts whose time is known, sorted by their keys."""
    spans: dict[LaneKey, list[tuple[float, float]]] = {}
    for case in cases:
        for job, attempt in case.attempts:
            if is_placed(attempt):
                span = (attempt.start_s, attempt.start_s + attempt.total_s)
                spans.setdefault(key_of(case.shard, job, attempt), []).append(span)
    by_job: dict[tuple[int, int], list[LaneKey]] = {}
    for key in sorted(spans):
        by_job.setdefault((key.shard, key.attempt), []).append(key)
    return tuple(lane for keys in by_job.values() for lane in _lanes_of_job([(key, spans[key]) for key in keys]))


def _lanes_of_job(rows: Sequence[tuple[LaneKey, list[tuple[float, float]]]]) -> list[Lane]:
    first_s = min(start for _, spans in rows for start, _ in spans)
    ends = sorted((max(end for _, end in spans) for _, spans in rows), reverse=True)
    tail_s = ends[0] - ends[1] if len(ends) > 1 else 0.0
    result = []
    for key, spans in rows:
        busy_s = union_s(spans)
        last_s = max(end for _, end in spans)
        lane = Lane(
            key=key,
            attempts=len(spans),
            busy_s=busy_s,
            idle_s=max(0.0, ends[0] - first_s - busy_s),
            alone_s=tail_s if last_s == ends[0] else 0.0,
            first_s=min(start for start, _ in spans),
            last_s=last_s,
        )
        result.append(lane)
    return result


def merged(spans: Iterable[tuple[float, float]], gap_s: float = 0.0) -> list[tuple[float, float]]:
    """Return the spans sorted, those joined that overlap or are at most `gap_s` apart."""
    result: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1] + gap_s:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def union_s(spans: Iterable[tuple[float, float]]) -> float:
    """Return the seconds in any of the spans."""
    return sum(end - start for start, end in merged(spans))

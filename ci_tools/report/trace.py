"""A merged run in the Trace Event Format: a process per shard, a thread per worker.

For chrome://tracing, Perfetto (https://ui.perfetto.dev) and speedscope.
Source: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import json
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Any

from ci_tools.model.report import Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.report.inert import visible
from ci_tools.report.lanes import LaneKey, is_placed, key_of

# Names of colours that Catapult knows (tracing/base/color_scheme.html); Perfetto chooses its own.
_COLOURS = {
    Outcome.PASSED: "good",
    Outcome.FAILED: "terrible",
    Outcome.ERROR: "bad",
    Outcome.CRASHED: "black",
    Outcome.SKIPPED: "grey",
    Outcome.XFAILED: "olive",
    Outcome.XPASSED: "yellow",
    Outcome.UNKNOWN: "white",
}
_NAME_CHARS = 1000
_JITTER_US = 1000  # two clocks tell start and duration, so that one test may seem to begin in the last one's end


def trace_json(report: Report) -> str:
    """Return the text of `trace.json`: µs since the first test's start, one event per attempt, a line each.

    Attempts whose start nobody knows are left out. Those of one worker that overlap are on several
    threads, since viewers drop events of a thread that overlap.
    """
    placed: dict[LaneKey, list[Attempt]] = {}
    for case in report.cases:
        for job, attempt in case.attempts:
            if is_placed(attempt):
                placed.setdefault(key_of(case.shard, job, attempt), []).append(attempt)
    first_s = min((attempt.start_s for attempts in placed.values() for attempt in attempts), default=0.0)
    encode = json.JSONEncoder(separators=(",", ":")).encode
    lines = ",\n".join(map(encode, _events(placed, len(report.shards), first_s)))
    return f'{{"displayTimeUnit":"ms","otherData":{{"start_s":{first_s}}},"traceEvents":[\n{lines}\n]}}\n'


def _events(placed: dict[LaneKey, list[Attempt]], n_shards: int, first_s: float) -> Iterator[dict[str, Any]]:
    processes: dict[tuple[int, int], int] = {}
    thread = 0
    for key in sorted(placed):
        job = (key.shard, key.attempt)
        if job not in processes:
            processes[job] = len(processes) + 1
            yield from _process(processes[job], key, n_shards)
        for number, row in enumerate(_rows(placed[key], first_s), 1):
            thread += 1
            place = {"pid": processes[job], "tid": thread}
            name = visible(key.worker, _NAME_CHARS) + (f" ({number})" if number > 1 else "")
            yield _metadata("thread_name", place, {"name": name})
            yield _metadata("thread_sort_index", place, {"sort_index": thread})
            for ts, dur, attempt in row:
                yield {**_event(attempt), **place, "ts": ts, "dur": dur}


def _process(pid: int, key: LaneKey, n_shards: int) -> Iterator[dict[str, Any]]:
    name = f"shard {key.shard}/{n_shards}" if key.shard else "no shard"
    again = f" (attempt {key.attempt})" if key.attempt > 1 else ""
    yield _metadata("process_name", {"pid": pid, "tid": 0}, {"name": name + again})
    yield _metadata("process_sort_index", {"pid": pid, "tid": 0}, {"sort_index": pid})


def _metadata(name: str, place: dict[str, int], args: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ph": "M", **place, "args": args}


def _event(attempt: Attempt) -> dict[str, Any]:
    nodeid = visible(attempt.nodeid, _NAME_CHARS)
    args = {"nodeid": nodeid, "outcome": attempt.outcome.value, "rerun": attempt.rerun, "fresh": attempt.fresh}
    file, separator, rest = nodeid.partition("::")
    return {
        "name": file.rpartition("/")[2] + separator + rest,
        "cat": "test",
        "ph": "X",
        "cname": _COLOURS[attempt.outcome],
        "args": args,
    }


_Placed = tuple[int, int, Attempt]


def _rows(attempts: Iterable[Attempt], first_s: float) -> list[list[_Placed]]:
    """Return (ts, dur, attempt) in rows where nothing overlaps; usually there is one."""
    rows: list[list[_Placed]] = []
    ends: list[tuple[int, int]] = []  # (end, row), sorted: the row that ended last before an attempt takes it
    for attempt in sorted(attempts, key=lambda attempt: (attempt.start_s, attempt.total_s, attempt.nodeid)):
        ts, dur = round((attempt.start_s - first_s) * 1e6), round(attempt.total_s * 1e6)
        place = bisect_right(ends, (ts + _JITTER_US, len(rows))) - 1
        end, row = ends.pop(place) if place >= 0 else (ts, len(rows))
        if row == len(rows):
            rows.append([])
        shift = max(0, end - ts)
        rows[row].append((ts + shift, max(0, dur - shift), attempt))
        insort(ends, (ts + max(dur, shift), row))
    return rows

"""`trace.json`: what chrome://tracing and Perfetto read."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

from bundles import attempt
from hypothesis import given
from hypothesis import strategies as st
from samples import REPORT
from strategies import hostile_nodeids

from ci_tools.model.report import CaseResult, Report
from ci_tools.model.run import Outcome
from ci_tools.report.trace import trace_json


def case(nodeid: str, *attempts: dict[str, Any], shard: int = 1, job: int = 1) -> CaseResult:
    made = [replace(attempt(nodeid), **fields) for fields in attempts]
    return CaseResult(nodeid=nodeid, shard=shard, attempts=tuple((job, one) for one in made))


def report_of(*cases: CaseResult) -> Report:
    return replace(REPORT, cases=cases)


def complete(report: Report) -> list[dict[str, Any]]:
    """Return the events of tests alone."""
    return [event for event in json.loads(trace_json(report))["traceEvents"] if event["ph"] == "X"]


def test_a_shard_is_a_process_and_a_worker_a_thread() -> None:
    report = report_of(
        case("t/a.py::t[x]", {"start_s": 100.5, "seconds": (0.25, 1.0, 0.5)}),
        case("t/b.py::t", {"start_s": 100.0, "worker": "gw1", "outcome": Outcome.FAILED, "rerun": 1}, shard=2, job=2),
    )
    assert json.loads(trace_json(report)) == {
        "displayTimeUnit": "ms",
        "otherData": {"start_s": 100.0},
        "traceEvents": [
            {"name": "process_name", "ph": "M", "pid": 1, "tid": 0, "args": {"name": "shard 1/3"}},
            {"name": "process_sort_index", "ph": "M", "pid": 1, "tid": 0, "args": {"sort_index": 1}},
            {"name": "thread_name", "ph": "M", "pid": 1, "tid": 1, "args": {"name": "gw0"}},
            {"name": "thread_sort_index", "ph": "M", "pid": 1, "tid": 1, "args": {"sort_index": 1}},
            {
                "name": "a.py::t[x]",
                "cat": "test",
                "ph": "X",
                "cname": "good",
                "pid": 1,
                "tid": 1,
                "ts": 500_000,
                "dur": 1_750_000,
                "args": {"nodeid": "t/a.py::t[x]", "outcome": "passed", "rerun": 0, "fresh": 0},
            },
            {"name": "process_name", "ph": "M", "pid": 2, "tid": 0, "args": {"name": "shard 2/3 (attempt 2)"}},
            {"name": "process_sort_index", "ph": "M", "pid": 2, "tid": 0, "args": {"sort_index": 2}},
            {"name": "thread_name", "ph": "M", "pid": 2, "tid": 2, "args": {"name": "gw1"}},
            {"name": "thread_sort_index", "ph": "M", "pid": 2, "tid": 2, "args": {"sort_index": 2}},
            {
                "name": "b.py::t",
                "cat": "test",
                "ph": "X",
                "cname": "terrible",
                "pid": 2,
                "tid": 2,
                "ts": 0,
                "dur": 1_000_000,
                "args": {"nodeid": "t/b.py::t", "outcome": "failed", "rerun": 1, "fresh": 0},
            },
        ],
    }


def test_a_run_without_times_is_an_empty_trace() -> None:
    report = report_of(case("a.py::t", {"start_s": 0.0}), case("a.py::u", {"start_s": 1e300, "seconds": (1e308, 0, 0)}))
    assert trace_json(report) == '{"displayTimeUnit":"ms","otherData":{"start_s":0.0},"traceEvents":[\n\n]}\n'


def test_overlapping_attempts_of_one_worker_get_threads_of_their_own() -> None:
    report = report_of(
        case("a.py::t", {"start_s": 10.0, "seconds": (0, 5.0, 0)}),
        case("a.py::u", {"start_s": 12.0, "seconds": (0, 1.0, 0)}),
        case("a.py::v", {"start_s": 14.9995, "seconds": (0, 1.0, 0)}),
    )
    events = json.loads(trace_json(report))["traceEvents"]
    names = [event["args"]["name"] for event in events if event["name"] == "thread_name"]
    assert names == ["gw0", "gw0 (2)"]
    assert [(e["name"], e["tid"], e["ts"], e["dur"]) for e in events if e["ph"] == "X"] == [
        ("a.py::t", 1, 0, 5_000_000),
        ("a.py::v", 1, 5_000_000, 999_500),  # half a millisecond is two clocks' difference
        ("a.py::u", 2, 2_000_000, 1_000_000),
    ]


def test_each_outcome_has_a_colour_that_the_viewer_knows() -> None:
    report = report_of(
        *(case(f"a.py::{o.value}", {"outcome": o, "start_s": 1.0 + 2 * n}) for n, o in enumerate(Outcome))
    )
    assert {event["args"]["outcome"]: event["cname"] for event in complete(report)} == {
        "passed": "good",
        "failed": "terrible",
        "error": "bad",
        "crashed": "black",
        "skipped": "grey",
        "xfailed": "olive",
        "xpassed": "yellow",
        "unknown": "white",
    }


spans = st.tuples(
    hostile_nodeids,
    st.floats(1, 50).map(lambda s: round(s, 3)),
    st.floats(0, 10) | st.just(1e307),
    st.sampled_from(["gw0", "gw1", "\x1b<b>"]),
    st.integers(0, 3),
)


@given(st.lists(spans, max_size=30))
def test_whatever_ran_when_the_format_s_rules_hold(rows: list[tuple[str, float, float, str, int]]) -> None:
    """Each event has its keys, in whole µs from 0; a thread's are in order and apart, so viewers keep all."""
    cases = [
        case(nodeid, {"start_s": start_s, "seconds": (0.0, seconds, 0.0), "worker": worker}, shard=shard)
        for nodeid, start_s, seconds, worker, shard in rows
    ]
    text = trace_json(report_of(*cases))
    assert text == trace_json(report_of(*cases)) and text.isascii()
    events = complete(report_of(*cases))
    assert len(events) == sum(1 for _, _, seconds, _, _ in rows if seconds < 1e11)
    assert all(type(event[key]) is int and event[key] >= 0 for event in events for key in ("ts", "dur", "pid", "tid"))
    threads: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for event in events:
        threads.setdefault((event["pid"], event["tid"]), []).append(event)
    for thread in threads.values():
        assert all(a["ts"] + a["dur"] <= b["ts"] for a, b in pairwise(thread))

"""Merging is a function of the set of bundles: order, repetition and place don't matter."""

from __future__ import annotations

from bundles import attempt, bundle, plan_of_files, seen
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.formats import report_json
from ci_tools.merge.judge import merge
from ci_tools.model.bundle import Bundle
from ci_tools.model.plan import Plan

PLAN = plan_of_files(["a.py"], ["b.py", "c.py"], ["d.py"])
IDS = {1: ["a.py::t1", "a.py::t2"], 2: ["b.py::t", "c.py::t[x]"], 3: ["d.py::t"]}
OUTCOMES = st.sampled_from(["passed", "failed", "error", "skipped", "xfailed", "xpassed", "crashed"])


@st.composite
def bundles(draw: st.DrawFn) -> list[Bundle]:
    """Any mix of shards, attempts, missing reports and kills."""
    result = []
    for shard in draw(st.sets(st.sampled_from([1, 2, 3]))):
        for run_attempt in range(1, draw(st.integers(1, 3)) + 1):
            ids = draw(st.lists(st.sampled_from(IDS[shard]), max_size=5))
            attempts = [attempt(nodeid, draw(OUTCOMES)) for nodeid in ids]
            sealed = draw(st.booleans())
            result.append(bundle(PLAN, shard, attempts, seen(*IDS[shard]), run_attempt=run_attempt, sealed=sealed))
    return result


def text(found: list[Bundle], plan: Plan = PLAN) -> str:
    return report_json.dumps(merge(found, plan))


@given(bundles(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_bundles_does_not_change_a_byte(found: list[Bundle], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert text(shuffled) == text(found)


@given(bundles())
@settings(deadline=None)
def test_merging_twice_is_merging_once(found: list[Bundle]) -> None:
    assert text(found + found) == text(found)


@given(bundles())
@settings(deadline=None)
def test_every_selected_test_is_reported_or_named_as_not_run(found: list[Bundle]) -> None:
    report = merge(found, PLAN)
    reported = {case.nodeid for case in report.cases}
    missing = {m.name for m in report.not_run}
    for shard in {b.shard for b in found}:
        for nodeid in IDS[shard]:
            assert (nodeid in reported) != (nodeid in missing)
    for shard in {1, 2, 3} - {b.shard for b in found}:
        assert {a.file for a in PLAN.shards[shard - 1].atoms} <= missing


@given(bundles())
@settings(deadline=None)
def test_green_means_proved_complete(found: list[Bundle]) -> None:
    report = merge(found, PLAN)
    complete = not (report.not_run or report.lost or report.duplicated)
    all_well = all(shard.state.is_proof for shard in report.shards)
    if report.conclusion.value != "incomplete":
        assert complete and all_well
    if report.conclusion.value == "passed":
        assert not report.bad

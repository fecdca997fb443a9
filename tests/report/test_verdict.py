"""The verdict in a line, in numbers, and hidden in the comment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bundles import attempt, bundle, plan_of_files, seen
from report.runs import FAILURES, GREEN, KNOWN, NEEDING, RUNS, case, failed, flip, judged, red, shard
from samples import REPORT

from ci_tools.merge.judge import merge
from ci_tools.model.report import Conclusion, Report, ShardState
from ci_tools.model.verdict import Cause
from ci_tools.report.markdown import comment_bodies, is_green, summary, verdict_mark

PLAN = plan_of_files(["a.py"], ["b.py"])
FAILED = attempt("a.py::t", "failed", message="assert 1 == 2\nmore")
B = bundle(PLAN, 2, [attempt("b.py::t")])


@pytest.mark.parametrize(
    ("bundles", "headline"),
    [
        ([bundle(PLAN, 1, [attempt("a.py::t")]), B], "✅ 2 tests passed, each exactly once"),
        (
            [bundle(PLAN, 1, [attempt("a.py::t", "skipped")]), bundle(PLAN, 2, [attempt("b.py::t", "xfailed")])],
            "✅ 2 tests, none failed, each exactly once",
        ),
        (
            [bundle(PLAN, 1, [FAILED]), bundle(PLAN, 1, [attempt("a.py::t")], run_attempt=2), B],
            "⚠️ 2 tests passed, 1 of them only when run again",
        ),
        ([bundle(PLAN, 1, [FAILED, attempt("a.py::u", "error")]), B], "❌ 2 tests failed"),
        ([bundle(PLAN, 1, [FAILED], seen("a.py::t", "a.py::u")), B], "❌ 1 test failed · 1 not run"),
        ([bundle(PLAN, 1, [FAILED])], "❌ 1 test failed · 1 shard missing · 1 not run"),
        (
            [bundle(PLAN, 1, [attempt("a.py::t")], sealed=False, running=("a.py::u",)), B],
            "❌ 1 shard killed",
        ),
        ([bundle(plan_of_files(["a.py"], ["c.py"]), 1, [FAILED]), B], "❌ 1 shard of another plan · 1 not run"),
        (
            [bundle(PLAN, 1, [attempt("a.py::t")], status=1), B],
            "❌ shard 1: pytest exited 1 though no test failed: a plugin's threshold, say coverage's",
        ),
    ],
)
def test_the_verdict_comes_first(bundles: list[object], headline: str) -> None:
    report = merge(bundles, PLAN)  # type: ignore[arg-type]
    assert summary(report).split("\n")[0] == f"### {headline}"
    assert {body.split("\n")[2] for body in comment_bodies(report, key="tests")} == {f"### {headline}"}


def test_a_verdict_that_only_a_reason_tells_is_inert_too() -> None:
    report = replace(GREEN, conclusion=Conclusion.FAILED, reasons=("see @octocat in #1",))
    assert summary(report).split("\n")[0] == "### ❌ see `@octocat` in `#1`"


def test_a_guess_in_the_planned_time_is_counted() -> None:
    shards = tuple(replace(shard, state=ShardState.OK) for shard in REPORT.shards)
    line = summary(replace(REPORT, shards=shards)).split("\n")[2]
    assert line == (
        "2 tests · 1 passed · 1 error · 1 not run · 3 shards · slowest shard 4.8 s (planned 5.0 s, 1 test guessed)"
    )


def test_reasons_are_listed_unless_the_failed_tests_say_it_all() -> None:
    failed = merge([bundle(PLAN, 1, [FAILED]), B], PLAN)
    assert "- " not in summary(failed).split("#### Failed (1)")[0]
    bad = attempt("b.py::t", "failed", message="x")
    threshold = merge([bundle(PLAN, 1, [attempt("a.py::t")], status=1), bundle(PLAN, 2, [bad])], PLAN)
    assert "\n\n- 1 test failed: `b.py::t`\n- shard 1: pytest exited 1" in summary(threshold)


def line(report: Report, number: int) -> str:
    return summary(report).split("\n")[number]


@pytest.mark.parametrize(
    ("report", "headline"),
    [
        (red(Cause.NEW, Cause.NEW_TEST, Cause.FLAKY), "❌ 2 new failures · 1 known flaky"),
        (red(Cause.BASE), "❌ 1 also red on the base"),
        (red(*KNOWN), "❌ 1 known flaky · 1 also red on the base · 1 quarantined failure"),
        (red(Cause.NOT_COMPARED), "❌ 1 test failed"),
        (red(Cause.NOT_COMPARED, Cause.QUARANTINED), "❌ 1 test failed · 1 quarantined failure"),
        (red(Cause.NOT_COMPARED, Cause.INFRASTRUCTURE), "❌ 1 infrastructure failure · 1 failure not compared"),
        (RUNS["lost-shard"], "❌ 1 new failure · 1 shard missing · 2 not run"),
        (RUNS["quarantined-only"], "✅ 1,205 tests passed, each exactly once · 1 quarantined failure"),
        (red(*KNOWN, fail_on="new"), "⚠️ 2 tests failed, none of them new · 1 quarantined failure"),
        (red(Cause.NEW, Cause.FLAKY, fail_on="new"), "❌ 1 new failure · 1 known flaky"),
        (red(Cause.NEW, fail_on="never"), "⚠️ 1 new failure · excused by `fail-on: never`"),
        (RUNS["junit-without-plan"], "❌ 2 tests failed · 1 of unknown outcome"),
        (replace(GREEN, plan_digest=""), "✅ 1,205 tests passed"),
        (
            replace(GREEN, cases=(failed("a.py::t", "x"),), judgements=judged(GREEN, Cause.QUARANTINED).judgements),
            "✅ 1 test, none failed, each exactly once",
        ),
        (
            replace(judged(GREEN, Cause.QUARANTINED), cases=judged(GREEN, Cause.QUARANTINED).bad),
            "✅ 1 test, each exactly once · 1 quarantined failure",
        ),
        (
            replace(GREEN, cases=(case("a.py::t", attempt("", "unknown")),)),
            "✅ 1 test, none failed, each exactly once · 1 of unknown outcome",
        ),
    ],
)
def test_the_verdict_says_what_is_new_and_what_is_known(report: Report, headline: str) -> None:
    assert line(report, 0) == f"### {headline}"


def test_a_quarantined_failure_hides_no_other_reason() -> None:
    why = "shard 1: pytest exited 1 though no test failed"
    report = red(Cause.QUARANTINED, reasons=(why,))
    assert line(report, 0) == f"### ❌ {why} · 1 quarantined failure"
    assert line(report, 4) == f"- {why}"


def test_without_a_plan_nothing_is_called_complete() -> None:
    assert line(RUNS["junit-without-plan"], 2) == (
        "63 tests · 58 passed · 2 failed · 2 skipped · 1 unknown · no plan, so nothing proves that all tests ran"
    )


def test_a_judgement_of_a_test_that_did_not_fail_counts_for_nothing() -> None:
    report = replace(red(Cause.NEW), judgements=red(*NEEDING, *KNOWN).judgements)
    assert line(report, 0) == "### ❌ 1 new failure"


@pytest.mark.parametrize(
    ("report", "green"),
    [
        (GREEN, True),
        (RUNS["flaky-only"], True),
        (RUNS["quarantined-only"], True),
        (RUNS["excused"], True),
        (RUNS["excused-never"], False),
        (red(Cause.FLAKY), False),
        (red(Cause.NEW), False),
        (RUNS["lost-shard"], False),
    ],
)
def test_green_is_what_nobody_needs_to_look_at(report: Report, green: bool) -> None:
    assert is_green(report) == green
    assert comment_bodies(report, key="k")[-1].split("\n")[1] == verdict_mark(report)
    assert verdict_mark(report).startswith(f"<!-- verdict: {'green' if green else 'red'} ")


RED = red(Cause.NEW, Cause.FLAKY)


@pytest.mark.parametrize(
    "other",
    [
        replace(RED, shards=(shard(1, state=ShardState.RED, bad=3, tests_s=7.0), *GREEN.shards[1:])),
        replace(RED, shards=(*GREEN.shards[:1], shard(2, state=ShardState.RED, bad=2), *GREEN.shards[2:])),
        replace(RED, cases=(*RED.cases, flip("z.py::t", "x"))),
        replace(RED, cases=RED.cases[:-1], changes=None, notes=("a note",), reasons=("another",)),
        replace(RED, judgements=tuple(replace(judgement, why="4 of 42 runs") for judgement in RED.judgements)),
    ],
    ids=["seconds", "the shard", "a flip", "a test that passed", "why"],
)
def test_what_changes_from_run_to_run_is_no_other_verdict(other: Report) -> None:
    assert verdict_mark(other) == verdict_mark(RED)


def test_another_verdict_has_another_mark() -> None:
    lost = RUNS["lost-shard"]
    runs = [
        *(RED, red(Cause.NEW), red(Cause.FLAKY), GREEN, lost, replace(RED, fail_on="never")),
        replace(RED, cases=(*RED.cases, failed("z.py::t", "x"))),
        replace(RED, judgements=tuple(replace(judgement, cause=Cause.BASE) for judgement in RED.judgements)),
        replace(lost, not_run=lost.not_run[:1]),
        replace(lost, lost=("a.py::t",)),
        replace(lost, duplicated=("a.py::t",)),
        replace(lost, shards=(*lost.shards[:2], shard(3, state=ShardState.KILLED))),
        replace(RED, shards=(replace(shard(1, state=ShardState.RED), reason="a threshold"), *GREEN.shards[1:])),
    ]
    assert len({verdict_mark(run) for run in runs}) == len(runs)


def test_every_cause_has_a_failure_here() -> None:
    assert set(FAILURES) == set(NEEDING) | set(KNOWN) == set(Cause)

"""Re-run jobs: of all attempts of a shard the newest counts, also when nothing is left of it."""

from __future__ import annotations

from dataclasses import replace

from bundles import attempt, bundle, plan_of_files

from ci_tools.merge.judge import merge, of_key
from ci_tools.model.bundle import Bundle
from ci_tools.model.report import Report

PLAN = plan_of_files(["a.py"], ["b.py"])
OTHER_PLAN = plan_of_files(["b.py"], ["a.py"])
A, B = "a.py::test_a", "b.py::test_b"
GREEN = [bundle(PLAN, 1, [attempt(A)]), bundle(PLAN, 2, [attempt(B)])]
RED = bundle(PLAN, 2, [attempt(B, "failed", message="boom")])


def announcement(shard: int, run_attempt: int) -> Bundle:
    """What the action uploads before it runs a shard again."""
    empty = bundle(PLAN, shard, [], run_attempt=run_attempt, sealed=False)
    assert empty.manifest is not None
    manifest = replace(empty.manifest, command=(), plan_digest="", nonce="another")
    problems = ("attempts.jsonl: none",)
    return replace(empty, manifest=manifest, plan=None, sessions=(), collection=None, problems=problems)


def verdict(report: Report) -> tuple[str, tuple[str, ...]]:
    return report.conclusion.value, report.reasons


def test_a_failure_that_passes_when_its_job_is_run_again_is_a_flip() -> None:
    again = bundle(PLAN, 2, [attempt(B)], run_attempt=2)
    report = merge([GREEN[0], RED, announcement(2, 2), again], PLAN)
    assert verdict(report) == ("passed", ())
    assert [(case.nodeid, case.flip_condition) for case in report.flips] == [(B, "in attempt 2 of the job")]


def test_an_announcement_beside_the_results_changes_nothing() -> None:
    again = bundle(PLAN, 2, [attempt(B)], run_attempt=2)
    third = bundle(PLAN, 2, [attempt(B)], run_attempt=3)
    bundles = [GREEN[0], RED, again, third]
    announced = [announcement(2, 2), announcement(2, 3)]
    assert merge([*bundles, *announced], PLAN) == merge(bundles, PLAN) == merge([*announced, *bundles], PLAN)


def test_an_attempt_that_began_and_left_nothing_is_killed_and_the_older_green_does_not_count() -> None:
    report = merge([*GREEN, announcement(2, 2)], PLAN)
    why = "shard 2 was killed in attempt 2, which began and left no results"
    assert verdict(report) == ("incomplete", (f"{why}; 1 test or file did not run",))
    assert [(m.name, m.why) for m in report.not_run] == [("b.py", why)]
    assert [case.nodeid for case in report.cases] == [A]


def test_when_all_ran_again_a_shard_of_an_earlier_attempt_is_stale() -> None:
    again = bundle(PLAN, 1, [attempt(A)], run_attempt=2)
    report = merge([*GREEN, again], PLAN, since_attempt=2)
    why = "shard 2 is stale: attempt 2 ran all shards again and left nothing of it; attempt 1 doesn't count"
    assert verdict(report) == ("incomplete", (f"{why}; 1 test or file did not run",))


def test_a_stale_shard_still_tells_flips_of_none() -> None:
    again = bundle(PLAN, 2, [attempt(B)], run_attempt=2)
    report = merge([GREEN[0], RED, again], PLAN, since_attempt=2)
    assert [case.nodeid for case in report.flips] == [B]
    assert [shard.state.value for shard in report.shards] == ["stale", "ok"]


def test_shards_that_planned_for_themselves_and_differently_are_refused_with_the_fix() -> None:
    report = merge([GREEN[0], bundle(OTHER_PLAN, 2, [attempt(A)])], PLAN)
    assert report.reasons[-1] == (
        "all shards must run one plan: give them the plan job's, or commit the recorded times they plan from"
    )
    assert report.conclusion.value == "incomplete"


def test_a_job_that_died_unseen_is_no_pass() -> None:
    needs = {"plan": "success", "tests": "failure"}
    report = merge(GREEN, PLAN, needs=needs)
    assert verdict(report) == (
        "incomplete",
        ("job 'tests' ended with 'failure', and no shard shows why: see its log",),
    )


def test_a_red_shard_explains_its_job() -> None:
    report = merge([GREEN[0], RED], PLAN, needs={"tests": "failure"})
    assert verdict(report) == ("failed", (f"1 test failed: '{B}'",))


def test_jobs_that_succeeded_or_were_skipped_say_nothing() -> None:
    assert verdict(merge(GREEN, PLAN, needs={"plan": "success", "docs": "skipped"})) == ("passed", ())


def test_a_key_picks_its_own_bundles_and_keeps_what_nobody_can_read() -> None:
    assert RED.manifest is not None
    other = replace(RED, manifest=replace(RED.manifest, key="py3.13"))
    unreadable = replace(RED, manifest=None)
    assert of_key([GREEN[0], other, unreadable], "") == (GREEN[0], unreadable)

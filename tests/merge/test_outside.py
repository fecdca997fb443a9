"""What GitHub says of the jobs: it counts where no shard shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from bundles import attempt, bundle, plan_of_files

from ci_tools.merge.judge import merge, of_key
from ci_tools.merge.outside import nothing_left, was_left_out
from ci_tools.model.bundle import Bundle
from ci_tools.model.errors import CiToolsError

PLAN = plan_of_files(["a.py"], ["b.py"])
GREEN = [bundle(PLAN, 1, [attempt("a.py::test_a")]), bundle(PLAN, 2, [attempt("b.py::test_b")])]
RED = [GREEN[0], bundle(PLAN, 2, [attempt("b.py::test_b", "failed")])]


@pytest.mark.parametrize(
    ("needs", "left_out"),
    [
        ({"changes": "success", "plan": "skipped", "tests": "skipped"}, True),
        ({"plan": "skipped", "tests": "skipped"}, False),
        ({"plan": "success", "tests": "success"}, False),
        ({"changes": "success", "lint": "failure", "tests": "skipped"}, False),
        ({"changes": "success", "lint": "cancelled", "tests": "skipped"}, False),
        ({}, False),
    ],
)
def test_shards_are_left_out_where_another_job_succeeded_and_none_failed(
    needs: Mapping[str, str], left_out: bool
) -> None:
    assert was_left_out(needs) is left_out


def test_where_nothing_is_left_all_reasons_are_said() -> None:
    report = nothing_left({"plan": "skipped", "tests": "skipped"}, is_partial=True)
    assert report.reasons == (
        "no shard left any results",
        "not all results could be downloaded: run this job again",
        "all jobs that this one needs were skipped: name the one that decided so in needs too",
    )


def test_a_green_run_of_which_not_all_could_be_downloaded_is_incomplete() -> None:
    report = merge(GREEN, PLAN, is_partial=True)
    assert (report.conclusion.value, report.reasons) == (
        "incomplete",
        ("not all results could be downloaded: run this job again",),
    )


def test_of_two_failed_jobs_a_red_shard_explains_but_one() -> None:
    report = merge(RED, PLAN, needs={"lint": "failure", "tests": "failure"})
    assert report.conclusion.value == "incomplete"
    assert report.reasons[0] == "2 jobs failed, 'lint', 'tests'; the shards explain one of them: see their logs"


def test_a_shard_that_is_missing_explains_its_job_too() -> None:
    report = merge(GREEN[:1], PLAN, needs={"tests": "failure"})
    assert report.reasons == ("shard 2 is missing: no bundle of it was found; 1 test or file did not run",)


def of_commit(sha: str, one: Bundle) -> Bundle:
    assert one.manifest is not None
    return replace(one, manifest=replace(one.manifest, sha=sha))


def test_without_a_commit_said_that_of_most_bundles_is_the_runs() -> None:
    stray = replace(of_commit("a" * 40, GREEN[0]), name="shard-1-of-2-attempt-2", attempt=2)
    report = merge([*(of_commit("b" * 40, one) for one in GREEN), stray], PLAN)
    assert report.reasons == ("bundle 'shard-1-of-2-attempt-2' is of commit 'aaaaaaaaaaaa', not 'bbbbbbbbbbbb'",)


def test_the_jobs_own_commit_is_the_runs_though_most_bundles_are_of_another() -> None:
    others = [replace(of_commit("b" * 40, one), attempt=2) for one in GREEN]
    report = merge([*(of_commit("a" * 40, one) for one in GREEN), *others, *others], PLAN, sha="a" * 40)
    assert {shard.attempt for shard in report.shards} == {1}


def test_a_bundle_that_says_no_commit_is_of_no_other_one() -> None:
    assert merge(GREEN, PLAN, sha="a" * 40).conclusion.value == "passed"


def test_what_nobody_can_read_is_no_bundle_of_the_key() -> None:
    with pytest.raises(CiToolsError, match="no bundle of key 'py3'"):
        of_key([GREEN[0], replace(GREEN[1], manifest=None)], "py3")


def test_bundles_of_another_number_of_shards_count_from_the_newest_plan_on() -> None:
    three = plan_of_files(["a.py"], ["b.py"], ["c.py"])
    older, again = bundle(three, 3, []), [replace(one, attempt=2) for one in GREEN]
    assert merge([older, *again], PLAN, since_attempt=2).conclusion.value == "passed"
    stray = replace(older, attempt=2)
    assert merge([stray, *again], PLAN, since_attempt=2).conclusion.value == "incomplete"

"""sharded.yml, executed: plan, shards, merge, through events, failures and re-runs."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import pytest
from github.fake import FakeGitHub
from runner import events
from runner.act import RUN_ID, TOKEN, Repository
from runner.user import N_TESTS, TESTS, pull_request, report_of, rerun_failed, shards_of, with_starter

# Two shards of one worker: all there is to see, in half the time.
ONE_WORKER = {"pytest: python -m pytest #": "pytest: python -m pytest -n 1 #"}
TWO = {"shards: 4": "shards: 2", **ONE_WORKER}
PLAN = "xdist-ci-tests--plan-attempt-1"
SHARD_1, SHARD_2 = (f"xdist-ci-tests--shard-{i}-of-2-attempt-1" for i in (1, 2))
FLAKY, RED = "tests/test_flaky.py::test_flaky", "tests/test_red.py::test_red"


@pytest.fixture
def user(repository: Repository) -> Repository:
    return with_starter(repository, "sharded", changes=TWO)


def shard_with(repository: Repository, nodeid: str) -> str:
    """Return the shard that runs a test, like 1/2."""
    (index,) = (i for i, ids in shards_of(repository).items() if nodeid in ids)
    return f"{index}/2"


def test_a_green_push_to_main_is_proved_and_saves_its_times(user: Repository) -> None:
    run = user.run("push")
    assert run.code == 0, run.text
    assert [run.result_of(job) for job in ("plan", "tests", "merge")] == ["success"] * 3
    report = report_of(user)
    assert (report.conclusion.value, len(report.cases), report.not_run) == ("passed", N_TESTS, ())
    assert sorted(user.store.names(RUN_ID)) == [PLAN, "xdist-ci-tests--report-attempt-1", SHARD_1, SHARD_2]
    assert [cache.key for cache in user.store.caches()] == [f"xdist-ci-tests--{RUN_ID}-1"]
    merge = run.step("merge", "merge")
    assert merge.summary.startswith("### ✅ 6 tests passed, each exactly once\n\n7 tests · 6 passed · 1 skipped · ")
    assert merge.outputs["verdict"] == "passed"
    assert run.step("plan", "plan/plan").summary.startswith("### Plan: 2 shards\n\n```")
    assert run.result_of("merge", "comment") == "skipped"


def test_a_shards_bundle_holds_what_happened_its_junit_and_its_cost(user: Repository) -> None:
    user.run("push")
    directory = "shard-1-of-2-attempt-1"
    files = user.store.files(RUN_ID, SHARD_1)
    assert sorted(files) == [
        f"{directory}/{name}"
        for name in ("attempts.jsonl", "collected.jsonl", "cost.json", "junit.xml", "manifest.json", "plan.json")
    ]
    cost = json.loads(files[f"{directory}/cost.json"])
    assert cost["runner"]["os"] == "Linux"
    assert cost["setup_s"] > 0


def test_a_failure_is_red_on_the_pull_request_and_a_rerun_of_its_shard_finds_the_flip(
    user: Repository, github: FakeGitHub
) -> None:
    around = {"BREAK": "flaky red", "GITHUB_API_URL": github.url}
    event = pull_request(user, github)
    first = user.run("pull_request", payload=event, env=around)
    assert (first.code, first.result_of("tests"), first.result_of("merge")) == (1, "failure", "failure")
    assert [case.nodeid for case in report_of(user).bad] == [FLAKY, RED]
    (comment,) = github.bodies(2)
    marker, _, headline = comment.splitlines()[:3]
    assert (marker, headline) == ("<!-- xdist-ci:v1 key=tests -->", "### ❌ 2 tests failed")
    shown = [a for a in first.step("merge", "merge").annotations if a.level == "error"]
    assert [(a.properties.get("file"), a.properties.get("line")) for a in shown] == [
        ("tests/test_flaky.py", "5"),
        ("tests/test_red.py", "5"),
    ]

    again = rerun_failed(
        user, first, shard_with(user, FLAKY), attempt=2, event="pull_request", payload=event, env=around
    )
    report = report_of(user, attempt=2)
    assert again.result_of("merge") == "failure"
    assert [(case.nodeid, case.flip_condition) for case in report.flips] == [(FLAKY, "in attempt 2 of the job")]
    assert [case.nodeid for case in report.bad] == [RED]
    (comment,) = github.bodies(2)
    assert "### ❌ 1 test failed" in comment
    assert "FLAKY" in comment.upper()
    assert [call.split()[0] for call in github.calls("POST", "PATCH")] == ["POST", "PATCH"]


def test_run_again_as_a_whole_all_shards_keep_the_plan_of_the_first_attempt(
    user: Repository, github: FakeGitHub
) -> None:
    around = {"BREAK": "flaky", "GITHUB_API_URL": github.url}
    user.run("pull_request", env=around)
    # Meanwhile main has recorded other times, by which every test would move.
    slow = dict.fromkeys(chain(*shards_of(user).values()), 0.001) | {FLAKY: 60.0}
    user.write(".test_durations", json.dumps(slow)).commit()
    user.run("push", run_id=RUN_ID + 1)
    user.git("reset", "--hard", "--quiet", "HEAD~1")

    again = user.run("pull_request", attempt=2, env=around)
    assert again.code == 0, again.text
    assert again.said("the plan of an earlier attempt stays")
    digests = {report_of(user, attempt=attempt).plan_digest for attempt in (1, 2)}
    assert len(digests) == 1
    assert [case.nodeid for case in report_of(user, attempt=2).flips] == [FLAKY]


def test_a_shard_whose_job_fails_before_its_tests_is_missing_and_named(repository: Repository) -> None:
    user = with_starter(repository, "sharded", changes=TWO)
    text = (user.root / ".github/workflows/sharded.yml").read_text()
    text = text.replace(
        "run: python -m pytest --version", 'run: test "$LEG" = 1/2\n        env: {LEG: "${{ matrix.shard }}"}'
    )
    user.write(".github/workflows/sharded.yml", text).commit()
    run = user.run("push")
    assert run.result_of("merge") == "failure"
    report = report_of(user)
    assert (report.conclusion.value, [shard.state.value for shard in report.shards]) == (
        "incomplete",
        ["ok", "missing"],
    )
    assert report.reasons[0].startswith("shard 2 is missing: no bundle of it was found; ")
    assert user.store.caches() == []


def test_a_shard_that_is_killed_while_it_runs_names_the_test(repository: Repository) -> None:
    killer = """
        import os, pathlib, signal, time

        def test_kill():
            # ci-tools run, of which this process descends: what an OOM killer, or a runner that dies, does.
            pid = os.getpid()
            while pid > 1:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\\0")
                if b"action" in words and b"run" in words:
                    os.kill(pid, signal.SIGKILL)
                    time.sleep(60)  # until pytest hears of it and ends
                pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        """
    user = with_starter(repository, "sharded", changes=TWO, tests={**TESTS, "tests/test_kill.py": killer})
    user.run("push")
    report = report_of(user)
    assert report.conclusion.value == "incomplete"
    (reason,) = (reason for reason in report.reasons if "test_kill" in reason)
    assert "was killed while running 'tests/test_kill.py::test_kill'" in reason


def test_a_shard_that_began_again_and_left_nothing_does_not_count_by_its_first_attempt(user: Repository) -> None:
    first = user.run("push")
    rerun_failed(user, first, "1/2", attempt=2)
    assert "xdist-ci-tests--shard-1-of-2-attempt-2-begun" in user.store.names(RUN_ID)
    user.store.delete(RUN_ID, "xdist-ci-tests--shard-1-of-2-attempt-2")
    run = rerun_failed(user, first, "2/2", attempt=3)
    assert run.result_of("merge") == "failure"
    report = report_of(user, attempt=3)
    assert report.reasons[0].startswith("shard 1 was killed in attempt 2, which began and left no results; ")


def test_a_corrupt_artifact_is_a_missing_or_truncated_shard_never_a_pass(user: Repository) -> None:
    first = user.run("push")
    user.store.truncate(RUN_ID, SHARD_1, "shard-1-of-2-attempt-1/attempts.jsonl", 200)
    run = rerun_failed(user, first, "2/2", attempt=2)
    assert run.result_of("merge") == "failure"
    report = report_of(user, attempt=2)
    assert report.shards[0].state.value == "truncated"

    user.store.damage(RUN_ID, SHARD_1)
    run = rerun_failed(user, first, "2/2", attempt=3)
    assert run.result_of("merge", "merge") == "failure"
    assert report_of(user, attempt=3).shards[0].state.value == "missing"


def test_an_artifact_of_a_foreign_plan_proves_nothing(user: Repository) -> None:
    first = user.run("push")
    files = user.store.files(RUN_ID, SHARD_1)
    moved = {path.replace("attempt-1", "attempt-2"): data for path, data in files.items()}
    manifest = json.loads(moved["shard-1-of-2-attempt-2/manifest.json"])
    manifest |= {"attempt": 2, "plan_digest": "0" * 64}
    moved["shard-1-of-2-attempt-2/manifest.json"] = json.dumps(manifest).encode()
    user.store.add(RUN_ID, "xdist-ci-tests--shard-1-of-2-attempt-2", moved)
    run = rerun_failed(user, first, "2/2", attempt=3)
    assert run.result_of("merge") == "failure"
    assert report_of(user, attempt=3).shards[0].state.value == "foreign"


@pytest.mark.parametrize("shards", [1, 3])
def test_one_shard_and_more_shards_than_tests(repository: Repository, shards: int) -> None:
    user = with_starter(repository, "sharded", changes={"shards: 4": f"shards: {shards}"}, tests=ONE_TEST)
    run = user.run("push")
    assert run.code == 0, run.text
    report = report_of(user)
    assert (report.conclusion.value, len(report.cases)) == ("passed", 1)
    assert sorted(shard.state.value for shard in report.shards) == ["empty"] * (shards - 1) + ["ok"]


ONE_TEST = {"tests/test_a.py": "def test_a(): ..."}


def test_a_matrix_of_256_is_planned_and_what_did_not_run_is_named(repository: Repository) -> None:
    user = with_starter(repository, "sharded", changes={"shards: 4": "shards: 256"}, tests=ONE_TEST)
    run = user.run("push", matrix=["shard:1/256"])
    outputs = run.step("plan", "plan").outputs
    assert json.loads(outputs["matrix"]) == {"shard": [f"{i}/256" for i in range(1, 257)]}
    assert run.result_of("merge") == "failure"
    states = [shard.state.value for shard in report_of(user).shards]
    assert states[0] in ("ok", "empty") and set(states[1:]) == {"missing"}


def test_257_shards_are_refused_with_the_fix(repository: Repository) -> None:
    user = with_starter(repository, "sharded", changes={"shards: 4": "shards: 257"}, tests=ONE_TEST)
    run = user.run("push", job="plan")
    (told,) = run.step("plan", "plan/begin").annotations
    assert (told.level, told.message) == ("error", "input shards is '257'\nit is a number from 1 to 256")


def test_the_cache_of_main_feeds_the_plan_of_a_pull_request_and_a_branch_saves_none(user: Repository) -> None:
    user.run("push")
    before = user.store.caches()
    run = user.run("pull_request", run_id=RUN_ID + 1)
    assert run.said(f"recorded times of {N_TESTS} tests", job="plan")
    branch = events.moved(events.payload("push"), repository=user.name, head_sha=user.head) | {"ref": "refs/heads/fix"}
    user.run("push", run_id=RUN_ID + 2, payload=branch)
    assert user.store.caches() == before


def test_a_cache_that_can_not_be_saved_fails_nothing(user: Repository) -> None:
    user.store.refuse_cache_saves()
    assert user.run("push").code == 0


@pytest.mark.parametrize("event", ["merge_group", "workflow_dispatch"])
def test_other_events_are_judged_and_neither_comment_nor_spoil_the_cache(
    event: str, repository: Repository, github: FakeGitHub
) -> None:
    user = with_starter(
        repository, "sharded", changes={**TWO, "  merge_group:\n": "  merge_group:\n  workflow_dispatch:\n"}
    )
    run = user.run(event, env={"BREAK": "red", "GITHUB_API_URL": github.url})
    assert run.result_of("merge") == "failure"
    assert report_of(user).conclusion.value == "failed"
    assert github.requests == []
    assert len(user.store.caches()) == (event == "workflow_dispatch")


def test_nothing_of_ours_is_left_in_the_users_environment_or_workspace(repository: Repository) -> None:
    spy = """
      - id: before
        run: env | cut -d= -f1 | grep -v -e ^GITHUB_ -e ^_ | sort > "$RUNNER_TEMP/before"
"""
    after = """
      - id: after
        run: |
          env | cut -d= -f1 | grep -v -e ^GITHUB_ -e ^_ | sort | diff "$RUNNER_TEMP/before" - && echo same environment
          git status --porcelain && echo clean
"""
    user = with_starter(repository, "sharded", changes=TWO)
    path = ".github/workflows/sharded.yml"
    text = (user.root / path).read_text()
    use = "      - uses: org/xdist-ci@v1\n        with:\n          shard: ${{ matrix.shard }}\n"
    end = "          deadline-minutes: 25 # before timeout-minutes ends the job without a word\n"
    assert use in text and end in text
    text = text.replace(use, spy + use).replace(end, end + after)
    user.write(path, text).write(".gitignore", "__pycache__\n.pytest_cache\n").commit()
    run = user.run("push")
    assert run.code == 0, run.text
    assert len(run.said("same environment")) == 2
    assert len(run.said("clean")) == 2
    assert [step.lines for step in run.steps if step.answers_to("after")] == [["same environment", "clean"]] * 2
    assert run.said(TOKEN) == []


def test_the_users_tests_see_no_token_and_nothing_of_ours(repository: Repository, github: FakeGitHub) -> None:
    spy = """
        import os, pathlib

        def test_environment():
            assert [name for name in os.environ if name.startswith("XDIST_CI")] == []
            assert [name for name, value in os.environ.items() if "ghs_" in value] == []

        def test_files():
            ours = pathlib.Path(os.environ["RUNNER_TEMP"], "xdist-ci").glob("use-*/**/*")
            assert [path for path in ours if path.is_file() and b"ghs_" in path.read_bytes()] == []
        """
    user = with_starter(repository, "sharded", changes=TWO, tests={"tests/test_spy.py": spy})
    event = pull_request(user, github)
    run = user.run("pull_request", payload=event, env={"GITHUB_API_URL": github.url})
    assert run.code == 0, run.text
    assert len(github.bodies(2)) == 1
    held = [data for name in user.store.names(RUN_ID) for data in user.store.files(RUN_ID, name).values()]
    assert [data for data in held if TOKEN.encode() in data] == []


def test_the_actions_own_environment_is_made_from_hashed_requirements(repository: Repository, product: Path) -> None:
    user = with_starter(repository, "sharded", changes=TWO, tests=ONE_TEST)
    user.seeds = {}
    run = user.run("push", job="plan")
    assert run.code == 0, run.text
    assert run.said("setting up its own virtual environment") == ["xdist-ci: setting up its own virtual environment"]

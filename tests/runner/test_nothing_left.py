"""When jobs die, are skipped or can't be read: the required check says so, and an old green comment goes."""

from __future__ import annotations

import json

from github.fake import FakeGitHub
from runner.act import RUN_ID, Repository
from runner.user import pull_request, report_of, rerun_failed, with_starter

TWO = {"shards: 4": "shards: 2", "pytest: python -m pytest #": "pytest: python -m pytest -n 0 #"}
TESTS = {"tests/test_a.py": "def test_a(): ...", "tests/test_b.py": "def test_b(): ..."}
LINT = "jobs:\n  lint: {{runs-on: ubuntu-latest, steps: [{{id: lint, run: exit {code}}}]}}\n"
SKIPPED = "  docs: {if: false, runs-on: ubuntu-latest, steps: [{run: exit 0}]}\n"


def with_lint(repository: Repository, code: int, *, needed_by: str, also_by_merge: bool) -> Repository:
    """Write sharded.yml with a job in front that passes or fails, and on which another depends."""
    user = with_starter(repository, "sharded", changes=TWO, tests=TESTS)
    path = user.root / ".github/workflows/sharded.yml"
    text = path.read_text().replace("jobs:\n", LINT.format(code=code), 1)
    text = text.replace(f"    name: {needed_by}\n", f"    name: {needed_by}\n    needs: lint\n", 1)
    # Of a skipped job GitHub's outputs are empty, act's are the expressions themselves.
    given = "plan: ${{ needs.plan.outputs.plan-id }}\n          needs:"
    assert given in text
    text = text.replace(
        given, "plan: ${{ needs.plan.result == 'success' && needs.plan.outputs.plan-id || '' }}\n          needs:"
    )
    if also_by_merge:
        text = text.replace("needs: [plan, tests]", "needs: [lint, plan, tests]")
    path.write_text(text)
    user.commit()
    return user


def test_a_red_plan_job_is_said_in_the_summary_and_takes_the_old_green_comment_away(
    repository: Repository, github: FakeGitHub
) -> None:
    user = with_starter(repository, "sharded", changes=TWO, tests=TESTS)
    event = pull_request(user, github)
    user.run("pull_request", payload=event, env={"GITHUB_API_URL": github.url})
    assert "### ✅ 2 tests passed" in github.bodies(2)[0]

    user.write("tests/test_a.py", "").write("tests/test_b.py", "").git("rm", "--quiet", "-r", "-f", "tests")
    user.commit()
    github.pulls.clear()
    event = pull_request(user, github)
    run = user.run("pull_request", payload=event, run_id=RUN_ID + 1, env={"GITHUB_API_URL": github.url})
    assert [run.result_of(job) for job in ("plan", "tests", "merge")] == ["failure", "skipped", "failure"]
    assert run.step("merge", "merge").outputs["verdict"] == "incomplete"
    assert report_of(user, run_id=RUN_ID + 1).reasons == (
        "no shard left any results",
        "job 'plan' ended with 'failure', and no shard shows why: see its log",
    )
    (comment,) = github.bodies(2)
    assert "✅" not in comment
    assert "no shard left any results" in comment


def test_jobs_that_were_skipped_since_another_one_failed_are_no_pass(repository: Repository) -> None:
    user = with_lint(repository, 1, needed_by="plan", also_by_merge=False)
    run = user.run("push")
    assert [run.result_of(job) for job in ("lint", "plan", "tests", "merge")] == [
        "failure",
        "skipped",
        "skipped",
        "failure",
    ]
    assert report_of(user).reasons[-1] == (
        "all jobs that this one needs were skipped: name the one that decided so in needs too"
    )


def test_jobs_that_a_green_job_had_skipped_pass(repository: Repository) -> None:
    user = with_lint(repository, 0, needed_by="plan", also_by_merge=True)
    path = user.root / ".github/workflows/sharded.yml"
    text = path.read_text().replace("    needs: lint\n", "    needs: lint\n    if: ${{ github.ref == 'no' }}\n", 1)
    path.write_text(text)
    user.commit()
    run = user.run("push")
    assert [run.result_of(job) for job in ("lint", "plan", "tests", "merge")] == [
        "success",
        "skipped",
        "skipped",
        "success",
    ]
    assert run.step("merge", "merge").outputs["verdict"] == "skipped"


def test_a_job_that_is_needed_and_runs_no_tests_counts(repository: Repository) -> None:
    user = with_lint(repository, 1, needed_by="unknown", also_by_merge=True)
    run = user.run("push")
    assert (run.result_of("tests"), run.result_of("merge")) == ("success", "failure")
    assert report_of(user).reasons == ("job 'lint' ended with 'failure', and no shard shows why: see its log",)


def test_when_the_newest_results_can_not_be_downloaded_older_ones_do_not_count(repository: Repository) -> None:
    user = with_starter(repository, "sharded", changes=TWO, tests=TESTS)
    first = user.run("push")
    name = "xdist-ci-tests--shard-1-of-2-attempt-2"
    user.store.fail_downloads(name)
    run = rerun_failed(user, first, "1/2", attempt=2)
    assert run.result_of("merge", "download-shards") == "failure"
    assert run.result_of("merge") == "failure"
    assert "not all results could be downloaded: run this job again" in report_of(user, attempt=2).reasons


def test_a_plan_that_has_expired_is_named_with_the_fix(repository: Repository) -> None:
    user = with_starter(repository, "sharded", changes=TWO, tests=TESTS)
    first = user.run("push")
    user.store.delete(RUN_ID, "xdist-ci-tests--plan-attempt-1")
    run = rerun_failed(user, first, "1/2", attempt=2)
    told = [a.message for a in run.step("tests", "3/run").annotations]
    assert told and told[0].endswith(
        "\nre-run all jobs: that plans anew. The input plan is the plan job's output plan-id"
    )
    assert run.result_of("merge") == "failure"


def test_a_shards_tests_can_not_speak_for_another_shard(repository: Repository) -> None:
    forge = """
        import json, pathlib, shutil, os

        def test_forge():
            (bundle,) = pathlib.Path(os.environ["RUNNER_TEMP"]).glob("xdist-ci/use-*/bundles/shard-*")
            me = int(bundle.name.split("-")[1])
            other = f"shard-{3 - me}-of-2-attempt"
            for name in (f"{other}-1", f"{other}-99", f"Shard-{me}-of-2-attempt-1"):
                forged = bundle.parent / name
                shutil.copytree(bundle, forged)
                manifest = json.loads((forged / "manifest.json").read_text())
                manifest |= {"shard": 3 - me, "sealed": True, "exit_code": 0}
                (forged / "manifest.json").write_text(json.dumps(manifest))
        """
    tests = {"tests/test_forge.py": forge, "tests/test_red.py": "def test_red(): assert 0"}
    user = with_starter(repository, "sharded", changes=TWO, tests=tests)
    run = user.run("push")
    assert run.result_of("merge") == "failure"
    report = report_of(user)
    assert [case.nodeid for case in report.bad] == ["tests/test_red.py::test_red"]
    assert {shard.attempt for shard in report.shards} == {1}
    for index in (1, 2):
        held = user.store.files(RUN_ID, f"xdist-ci-tests--shard-{index}-of-2-attempt-1")
        assert [path for path in held if path.split("/")[0][1:] != f"hard-{index}-of-2-attempt-1"] == []


def test_run_again_as_a_whole_with_another_number_of_shards_is_planned_anew(repository: Repository) -> None:
    user = with_starter(repository, "sharded", changes=TWO, tests=TESTS)
    user.run("push")
    path = user.root / ".github/workflows/sharded.yml"
    path.write_text(path.read_text().replace("shards: 2", "shards: 3"))
    run = user.run("push", attempt=2)
    assert run.code == 0, run.text
    assert json.loads(run.step("plan", "plan").outputs["matrix"])["shard"][-1] == "3/3"
    assert report_of(user, attempt=2).conclusion.value == "passed"


def test_shards_whose_results_can_not_be_downloaded_were_not_left_out(repository: Repository) -> None:
    """Without a plan job nothing else tells that there were any: another job that was skipped excuses nobody."""
    changes = {"[1/3, 2/3, 3/3]": "[1/1]", "jobs:\n": "jobs:\n" + SKIPPED, "needs: tests": "needs: [docs, tests]"}
    user = with_starter(repository, "simple", changes=changes, tests=TESTS)
    user.store.fail_downloads("xdist-ci-tests--shard-1-of-1-attempt-1")
    run = user.run("push")
    assert (run.result_of("tests"), run.result_of("merge")) == ("success", "failure")
    assert "not all results could be downloaded: run this job again" in report_of(user).reasons

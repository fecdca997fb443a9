"""The other starters and the reusable workflow, executed; and the action's own refusals."""

from __future__ import annotations

import json
import shutil
from textwrap import dedent

import pytest
from github.fake import FakeGitHub
from runner.act import RUN_ID, Repository
from runner.data import ROOT
from runner.user import N_TESTS, SET_UP, TESTS, pull_request, report_of, with_starter

from ci_tools.formats import plan_json

TWO = {"[1/3, 2/3, 3/3]": "[1/2, 2/2]"}
ONE_TEST = {"tests/test_a.py": "def test_a(): ..."}


@pytest.mark.parametrize("event", ["push", "merge_group"])
def test_without_a_plan_job_every_shard_plans_alike(repository: Repository, event: str) -> None:
    user = with_starter(repository, "simple", changes=TWO)
    run = user.run(event)
    assert run.code == 0, run.text
    assert (report_of(user).conclusion.value, len(report_of(user).cases)) == ("passed", N_TESTS)
    assert run.result_of("tests", "restore", shard="1/2") == "skipped"
    digests = {step.outputs["digest"] for step in run.steps if step.path[-1] == "run"}
    assert digests == {report_of(user).plan_digest}


def test_without_a_plan_job_a_pull_request_is_commented_too(repository: Repository, github: FakeGitHub) -> None:
    user = with_starter(repository, "simple", changes=TWO)
    around = {"GITHUB_API_URL": github.url, "BREAK": "red"}
    run = user.run("pull_request", payload=pull_request(user, github), env=around)
    assert run.code == 1
    assert len(github.bodies(2)) == 1


def test_shards_that_read_different_times_are_refused_with_the_fix(repository: Repository) -> None:
    other = 'if [ "$LEG" = 2/2 ]; then echo \'{"tests/test_a.py::test_a": 9}\' > .test_durations; fi'
    user = with_starter(repository, "simple", changes=TWO)
    path = ".github/workflows/simple.yml"
    text = (user.root / path).read_text()
    step = "        run: python -m pytest --version\n"
    assert step in text
    user.write(
        path,
        text.replace(step, f'        env: {{LEG: "${{{{ matrix.shard }}}}"}}\n        run: |\n          {other}\n'),
    )
    user.commit()
    run = user.run("push")
    assert run.result_of("merge") == "failure"
    assert report_of(user).reasons[-1] == (
        "all shards must run one plan: give them the plan job's, or commit the recorded times they plan from"
    )


def test_the_nightly_run_records_times_even_when_a_test_fails(repository: Repository) -> None:
    user = with_starter(repository, "durations", changes={"shards: 4": "shards: 2"})
    run = user.run("schedule", env={"BREAK": "red"})
    assert (run.result_of("tests"), run.result_of("merge")) == ("failure", "success")
    assert report_of(user).conclusion.value == "failed"
    assert [cache.key for cache in user.store.caches()] == [f"xdist-ci-tests--{RUN_ID}-1"]


def test_five_lines_call_the_reusable_workflow(repository: Repository) -> None:
    workflow = """
        on: push
        jobs:
          tests:
            uses: org/xdist-ci/.github/workflows/pytest.yml@v1
            permissions: {contents: read, pull-requests: write}
            with: {shards: 2, install: python -m pytest --version}
        """
    user = with_starter(repository)
    user.write(".github/workflows/ci.yml", workflow).commit()
    run = user.run("push")
    assert run.code == 0, run.text
    assert report_of(user).conclusion.value == "passed"


def test_the_starter_as_it_stands_installs_a_real_project(repository: Repository) -> None:
    shutil.copytree(ROOT / "examples/shop", repository.root, dirs_exist_ok=True)
    shutil.rmtree(repository.root / ".ci-tools", ignore_errors=True)
    text = (ROOT / "workflows/simple.yml").read_text()
    assert SET_UP in text
    repository.write(".github/workflows/simple.yml", text).commit()
    run = repository.run("push")
    report = report_of(repository)
    assert run.result_of("merge") == "failure"
    assert [case.nodeid for case in report.bad] == ["tests/test_prices.py::test_a_discount_of_ten_percent"]
    assert (report.not_run, report.lost, report.duplicated) == ((), (), ())


def action(repository: Repository, *lines: str, matrix: str = "{shard: [1/1]}") -> Repository:
    """Write a workflow whose only job uses the action with these inputs."""
    workflow = dedent(f"""\
        on: push
        jobs:
          one:
            runs-on: ubuntu-latest
            strategy: {{fail-fast: false, matrix: {matrix}}}
            steps:
              - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
                with: {{persist-credentials: false}}
              - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
              - id: use
                uses: org/xdist-ci@v1
                with:
        """) + "".join(f"          {line}\n" for line in lines)
    for path, text in {**ONE_TEST, "sub/tests/test_sub.py": "def test_sub(): assert 0"}.items():
        repository.write(path, text)
    repository.write(".github/workflows/one.yml", workflow).commit()
    return repository


def test_a_matrix_with_another_axis_must_say_which_shard_it_means(repository: Repository) -> None:
    user = action(repository, "key: py3", matrix="{python: ['3.11'], shard: [1]}")
    run = user.run("push")
    (told,) = run.step("one", "use/begin").annotations
    # act doesn't tell a composite's steps their matrix; tests/cli/test_inputs.py has all of GitHub's answers.
    assert told.message.startswith("which shard is this? only an axis `shard` says it by itself; the matrix has: ")
    assert told.message.endswith("\nsay shard: 2/8, from the matrix; the first shard is 1")
    assert run.code == 1


def test_command_arguments_and_directory_are_the_users(repository: Repository) -> None:
    user = action(
        repository,
        "shard: 1/1",
        "working-directory: sub",
        "pytest: VERBOSE=1 python -m pytest",
        "args: -k 'sub or nothing'",
    )
    run = user.run("push")
    assert run.code == 1
    assert run.said("1 of 1 test failed")
    files = user.store.files(RUN_ID, "xdist-ci-tests--shard-1-of-1-attempt-1")
    manifest = json.loads(files["shard-1-of-1-attempt-1/manifest.json"])
    script = 'VERBOSE=1 python -m pytest "$@"'
    assert manifest["command"] == ["bash", "-eo", "pipefail", "-c", script, "bash", "-k", "sub or nothing"]


def test_a_command_that_is_given_paths_is_planned_with_the_same(repository: Repository) -> None:
    user = action(repository, "shard: 1/1", "paths: tests", "pytest: python -m pytest tests")
    assert user.run("push").code == 0
    files = user.store.files(RUN_ID, "xdist-ci-tests--shard-1-of-1-attempt-1")
    plan = plan_json.loads(files["shard-1-of-1-attempt-1/plan.json"].decode(), source="plan.json")
    assert plan.planned_files == {"tests/test_a.py"}


def test_the_users_command_finds_no_inputs_of_ours_in_its_environment(repository: Repository) -> None:
    """What the plugin leaves to the tests is another matter: a command may be a script that knows no pytest."""
    user = action(
        repository, "shard: 1/1", "paths: tests", 'pytest: test -z "$XDIST_CI_INPUTS" && python -m pytest tests'
    )
    assert user.run("push").code == 0


def test_a_command_that_fails_before_pytest_is_told_from_one_without_our_plugin(repository: Repository) -> None:
    user = action(repository, "shard: 1/1", "pytest: python -m pytezt")
    run = user.run("push")
    (told,) = run.step("one", "use/run").annotations
    assert "\nits own message above may say why; " in told.message
    assert run.said("No module named pytezt")


def test_tests_in_a_sub_directory_are_annotated_where_they_are(repository: Repository) -> None:
    user = with_starter(
        repository,
        "simple",
        changes={"[1/3, 2/3, 3/3]": "[1/1]"},
        tests={f"sub/{path}": text for path, text in TESTS.items()},
    )
    path = ".github/workflows/simple.yml"
    text = (user.root / path).read_text()
    text = text.replace(
        "          deadline-minutes: 25\n", "          deadline-minutes: 25\n          working-directory: sub\n"
    )
    text = text.replace("          command: merge\n", "          command: merge\n          working-directory: sub\n")
    user.write(path, text).commit()
    run = user.run("push", env={"BREAK": "red"})
    shown = [a.properties.get("file") for a in run.step("merge", "merge").annotations if a.level == "error"]
    assert shown == ["sub/tests/test_red.py"]

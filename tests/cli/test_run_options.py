"""`ci-tools run`: the plan it makes itself, the command it is given, where it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project import PYTEST, Project

from ci_tools.cli.merge import results_of
from ci_tools.cli.options import command_of, command_or_default
from ci_tools.cli.run import setup_seconds
from ci_tools.model.errors import UsageError
from ci_tools.shard.command import is_tox


def run(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return project.ci_tools("run", "--out", str(project.root / "bundles"), *words)


def test_shards_that_plan_for_themselves_come_to_one_plan(project: Project) -> None:
    project.write(test_a="def test_a(): ...", test_b="def test_b(): ...").write_path(
        "times.json", json.dumps({"test_a.py::test_a": 1.5})
    )
    for shard in ("1/2", "2/2"):
        done = run(project, "--shard", shard, "--durations", "times.json", "--", *PYTEST)
        assert done.returncode == 0, done.stderr
        assert "times.json: recorded times of 1 test\n" in done.stderr
    report = project.merge()
    assert (report.conclusion.value, len(report.cases)) == ("passed", 2)


def test_shards_that_planned_from_other_times_are_no_proof(project: Project) -> None:
    project.write(test_a="def test_a(): ...", test_b="def test_b(): ...")
    run(project, "--shard", "1/2", "--", *PYTEST)
    project.write_path(".test_durations", json.dumps({"test_b.py::test_b": 9}))
    run(project, "--shard", "2/2", "--", *PYTEST)
    assert project.merge().conclusion.value == "incomplete"


def test_a_plan_that_is_there_is_taken_before_one_is_made(project: Project) -> None:
    project.write(test_a="def test_a(): ...").plan(1)
    done = run(project, "--shard", "1/1", "--", *PYTEST)
    assert (done.returncode, "planning here" in done.stderr) == (0, False)


def test_it_works_where_it_is_told_to(project: Project) -> None:
    project.write(sub__test_a="def test_a(): ...")
    done = run(project, "--shard", "1/1", "--working-directory", "sub", "--", *PYTEST)
    assert done.returncode == 0, done.stderr
    assert [case.nodeid for case in project.merge().cases] == ["test_a.py::test_a"]


def test_a_working_directory_that_is_not_there_is_a_usage_error(project: Project) -> None:
    done = run(project, "--shard", "1/1", "--working-directory", "nowhere")
    assert (done.returncode, done.stderr) == (
        2,
        (
            "ci-tools: error: nowhere: No such file or directory\n"
            "ci-tools: hint: --working-directory is where pytest is called\n"
        ),
    )


def test_a_line_for_the_shell_fails_with_its_first_command(project: Project) -> None:
    project.write(test_a="def test_a(): assert 0")
    line = f"{' '.join(PYTEST)} | cat"
    done = run(project, "--shard", "1/1", f"--pytest={line}")
    assert (done.returncode, project.merge().conclusion.value) == (1, "failed")


@pytest.mark.parametrize(
    ("line", "arguments", "command"),
    [
        ("uv run pytest", "", ("uv", "run", "pytest")),
        ("pytest -k 'a or b'", "-x", ("pytest", "-k", "a or b", "-x")),
        ("python -m pytest", "-m 'not slow' tests/unit", ("python", "-m", "pytest", "-m", "not slow", "tests/unit")),
        ("make test | tee log", "", ("bash", "-eo", "pipefail", "-c", "make test | tee log")),
        ("CI=1 pytest", "", ("bash", "-eo", "pipefail", "-c", "CI=1 pytest")),
        ("CI=1 pytest", "-k 'a b'", ("bash", "-eo", "pipefail", "-c", 'CI=1 pytest "$@"', "bash", "-k", "a b")),
        ("cd a\npytest", "", ("bash", "-eo", "pipefail", "-c", "cd a\npytest")),
        # What is in the arguments may come from a branch's name: it is never a command.
        ("pytest", "-k feat;touch${IFS}pwned", ("pytest", "-k", "feat;touch${IFS}pwned")),
        ("$RUN pytest", "$(id)", ("bash", "-eo", "pipefail", "-c", '$RUN pytest "$@"', "bash", "$(id)")),
        ("", "-k 'a or b'", (*command_or_default(()), "-k", "a or b")),
        ("", "", command_or_default(())),
    ],
)
def test_a_line_is_run_as_a_shell_would_and_without_one_where_it_can_be(
    line: str, arguments: str, command: tuple[str, ...]
) -> None:
    assert command_of((), line, arguments) == command


def test_arguments_join_the_command_behind_the_dashes() -> None:
    assert command_of(("tox", "-e", "py"), "", "-- -x") == ("tox", "-e", "py", "--", "-x")


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ((("pytest",), "pytest", ""), "the command is given twice, by --pytest and behind --"),
        (((), "pytest 'a", ""), "--pytest or --args: no closing quotation"),
        (((), "", "'a"), "--pytest or --args: no closing quotation"),
        (((), "pytest | tee log", "-x"), "--args: it is unclear which command of the line they are for"),
        (((), "pytest & wait", "-x"), "--args: it is unclear which command of the line they are for"),
        (((), "cat <<'end'", "-x"), "--args: it is unclear which command of the line they are for"),
        (((), "pytest # all", "-x"), "--args: it is unclear which command of the line they are for"),
        (((), "cd a\npytest", "-x"), "--args: it is unclear which command of the line they are for"),
    ],
)
def test_a_command_that_can_not_be_read_is_refused(words: tuple[tuple[str, ...], str, str], fact: str) -> None:
    with pytest.raises(UsageError) as refused:
        command_of(*words)
    assert refused.value.fact == fact


@pytest.mark.parametrize(
    ("line", "tox"),
    [("tox -e py | cat", True), ("cd a && tox", True), ("make test; true", False), ("echo $tox_is; pytest", False)],
)
def test_tox_is_seen_within_a_line(line: str, tox: bool) -> None:
    assert is_tox(command_of((), line, "")) is tox


def test_tox_is_seen_within_a_line_that_is_given_arguments() -> None:
    assert is_tox(command_of((), "CI=1 tox", "-e py"))


def test_needs_are_githubs() -> None:
    assert results_of('{"plan": {"result": "success", "outputs": null}, "tests": {"result": "failure"}}') == {
        "plan": "success",
        "tests": "failure",
    }
    assert results_of("") == {}


@pytest.mark.parametrize("text", ["[]", '{"a": 1}', '{"a": {}}', '{"a": {"result": null}}'])
def test_other_needs_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="isn't GitHub's needs context"):
        results_of(text)


def test_failed_tests_are_no_failure_where_nobody_asks_and_what_is_not_proved_is(project: Project) -> None:
    project.write(test_a="def test_a(): assert 0", test_b="def test_b(): ...").plan(2)
    merge = ("merge", str(project.root / "bundles"), "--fail-on", "never")
    run(project, "--shard", "1/2", "--", *PYTEST)
    assert project.ci_tools(*merge).returncode == 3
    run(project, "--shard", "2/2", "--", *PYTEST)
    assert project.ci_tools(*merge).returncode == 0
    assert project.ci_tools(*merge[:2]).returncode == 1


def test_a_merge_with_a_plan_and_without_any_bundle_names_what_did_not_run(project: Project) -> None:
    project.write(test_a="def test_a(): ...").plan(1)
    (project.root / "bundles").mkdir()
    done = project.ci_tools("merge", "bundles", "--plan", "plan.json")
    assert done.returncode == 3
    assert "INCOMPLETE: shard 1 is missing: no bundle of it was found; 1 test or file did not run\n" in done.stdout


def test_a_key_merges_its_own_leg(project: Project, tmp_path: Path) -> None:
    project.write(test_a="def test_a(): ...").plan(1)
    for key in ("py3.11", "py3.12"):
        words = ("--shard", "1/1", "--key", key, "--out", f"bundles/{key}", "--", *PYTEST)
        assert project.ci_tools("run", *words).returncode == 0
    assert project.ci_tools("merge", "bundles").returncode == 3
    assert project.ci_tools("merge", "bundles", "--key", "py3.12").returncode == 0


@pytest.mark.parametrize(("in_a_job", "code"), [("true", 3), ("", 0)])
def test_in_a_job_a_bundle_of_another_commit_is_no_part_of_the_run(
    project: Project, monkeypatch: pytest.MonkeyPatch, in_a_job: str, code: int
) -> None:
    project.write(test_a="def test_a(): ...").plan(1)
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    assert run(project, "--shard", "1/1", "--", *PYTEST).returncode == 0
    monkeypatch.setenv("GITHUB_SHA", "b" * 40)
    monkeypatch.setenv("GITHUB_ACTIONS", in_a_job)
    assert project.ci_tools("merge", "bundles").returncode == code


def test_on_github_an_error_is_an_annotation_and_a_test_is_no_command(project: Project) -> None:
    """The runner takes a line that begins with `::` for a command, white space before it aside."""
    words = [sys.executable, "-m", "ci_tools", "merge", "::warning::planted\n  ::error::planted"]
    done = subprocess.run(
        words, env={"GITHUB_ACTIONS": "true"}, cwd=project.root, capture_output=True, text=True, timeout=60
    )
    commands = [line for line in (done.stdout + done.stderr).splitlines() if line.lstrip().startswith("::")]
    assert commands == [
        (
            "::error title=xdist-ci::no such directory: ::warning::planted%0A  ::error::planted%0A"
            "name the --out of `ci-tools run`"
        )
    ]


def test_set_up_is_measured_from_the_jobs_start_though_the_event_is_written_again(tmp_path: Path) -> None:
    """GitHub's runner writes event.json before every step; the directory is as old as the job."""
    event = tmp_path / "_github_workflow" / "event.json"
    event.parent.mkdir()
    event.write_text("{}")
    long_ago_s = time.time() - 90
    os.utime(event.parent, (long_ago_s, long_ago_s))
    event.write_text('{"a": 1}')
    assert setup_seconds(str(event)) == pytest.approx(90, abs=30)


@pytest.mark.parametrize("age_s", [-3600, 6 * 24 * 3600])
def test_a_directory_of_another_time_measures_nothing(tmp_path: Path, age_s: float) -> None:
    then_s = time.time() - age_s
    os.utime(tmp_path, (then_s, then_s))
    assert setup_seconds(str(tmp_path / "event.json")) is None
    assert setup_seconds("") is None


@pytest.mark.parametrize("command", ["run", "merge"])
def test_an_event_that_can_not_be_read_keeps_nothing_from_being_run_or_judged(project: Project, command: str) -> None:
    project.write(test_a="def test_a(): ...").plan(1)
    around = {**os.environ, "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": "/nowhere/event.json"}
    words = {"run": ["--shard", "1/1", "--", *PYTEST], "merge": ["bundles"]}
    for name in dict.fromkeys(("run", command)):
        done = subprocess.run(
            [sys.executable, "-m", "ci_tools", name, *words[name]],
            env=around,
            cwd=project.root,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert "no such file: /nowhere/event.json" in done.stderr

"""`ci-tools action`: steps that depend on nothing of GitHub but what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from github.jobs import environ_of
from project import PYTEST, Project


def stage(project: Project, name: str, **env: str) -> tuple[int, dict[str, str], str]:
    """Run one step; return its exit code, its outputs and what it said."""
    output = project.root / "output"
    output.write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "ci_tools", "action", name],
        env={
            **os.environ,
            "RUNNER_TEMP": str(project.root / "temp"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(project.root / "summary"),
            **env,
        },
        cwd=project.root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = re.findall(r"^(\S+)<<(\S+)\n(.*?)\n?\2$", output.read_text(), re.M | re.S)
    return done.returncode, {name: value for name, _, value in found}, done.stdout + done.stderr


@pytest.fixture
def inputs(project: Project) -> str:
    """A run of one shard, downloaded, and what the first step of the merge has written."""
    project.write(test_a="def test_a(): ...").plan(1)
    words = ("--shard", "1/1", "--key", "tests", "--", *PYTEST)
    assert project.ci_tools("run", *words).returncode == 0
    code, outputs, said = stage(project, "begin", XDIST_CI_INPUT_COMMAND="merge")
    assert code == 0, said
    shutil.copytree(project.root / "bundles", outputs["bundles-path"], dirs_exist_ok=True)
    return outputs["inputs"]


def test_the_verdict_is_said_as_outputs_and_as_the_summary(project: Project, inputs: str) -> None:
    code, outputs, said = stage(project, "merge", XDIST_CI_INPUTS=inputs)
    assert code == 0, said
    numbers = ("lost", "flaky", "failed", "new-failures")
    told = {name: outputs[name] for name in ("verdict", *numbers, "comments", "saves-durations")}
    assert told == {
        "verdict": "passed",
        "lost": "0",
        "flaky": "0",
        "failed": "0",
        "new-failures": "0",
        "comments": "",
        "saves-durations": "",
    }
    assert (project.root / "summary").read_text().startswith("### ✅ 1 test passed, each exactly once\n")
    assert sorted(path.name for path in Path(outputs["report"]).iterdir()) == [
        ".test_durations",
        "cost.json",
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
        "trace.json",
    ]


def test_the_verdict_does_not_hang_on_an_event_that_can_not_be_read(project: Project, inputs: str) -> None:
    broken = {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": "/nowhere/event.json"}
    code, outputs, said = stage(project, "merge", XDIST_CI_INPUTS=inputs, **broken)
    assert (code, outputs["verdict"], outputs["saves-durations"]) == (0, "passed", "")
    assert "no comment, and no times saved: no such file: /nowhere/event.json" in said


def test_where_shards_left_no_bundle_a_junit_file_of_theirs_is_no_result(project: Project) -> None:
    project.write(test_a="def test_a(): ...").plan(1)
    plan = {"XDIST_CI_INPUT_PLAN": str(project.root / "plan.json")}
    _, places, _ = stage(project, "begin", XDIST_CI_INPUT_COMMAND="merge", **plan)
    (Path(places["bundles-path"]) / "junit.xml").write_text(
        '<testsuite><testcase classname="test_a" name="test_a"/></testsuite>'
    )
    code, outputs, _ = stage(project, "merge", XDIST_CI_INPUTS=places["inputs"])
    assert (code, outputs["verdict"], outputs["lost"]) == (3, "incomplete", "1")


def test_what_the_default_branch_saves_is_the_history_and_not_a_damaged_one(project: Project, inputs: str) -> None:
    event = environ_of("push", {"repository": {"default_branch": "master"}}, project.root)
    cache = project.root / "temp/xdist-ci/recorded-tests"
    cache.mkdir(parents=True)
    (cache / "history.sqlite.damaged").write_text("")
    code, outputs, said = stage(project, "merge", XDIST_CI_INPUTS=inputs, **event)
    assert (code, outputs["saves-durations"]) == (0, "true"), said
    assert sorted(path.name for path in cache.iterdir()) == [".test_durations", "cost.json", "history.sqlite"]


def test_when_a_download_failed_nothing_is_proved(project: Project, inputs: str) -> None:
    code, outputs, _ = stage(project, "merge", XDIST_CI_INPUTS=inputs, XDIST_CI_DOWNLOADED="failure")
    assert (code, outputs["verdict"]) == (3, "incomplete")


def test_a_needed_job_that_was_skipped_skips_no_verdict_where_there_are_bundles(project: Project) -> None:
    project.write(test_a="def test_a(): assert 0").plan(1)
    assert project.ci_tools("run", "--shard", "1/1", "--key", "tests", "--", *PYTEST).returncode == 1
    needs = '{"changes": {"result": "success"}, "docs": {"result": "skipped"}}'
    _, places, _ = stage(project, "begin", XDIST_CI_INPUT_COMMAND="merge", XDIST_CI_INPUT_NEEDS=needs)
    shutil.copytree(project.root / "bundles", places["bundles-path"], dirs_exist_ok=True)
    code, outputs, _ = stage(project, "merge", XDIST_CI_INPUTS=places["inputs"])
    assert (code, outputs["verdict"], outputs["failed"]) == (1, "failed", "1")


def test_comment_is_for_another_workflows_run_alone(project: Project) -> None:
    _, places, _ = stage(project, "begin", XDIST_CI_INPUT_COMMAND="comment")
    code, _, said = stage(project, "comment", XDIST_CI_INPUTS=places["inputs"], GITHUB_EVENT_NAME="pull_request")
    assert code == 2
    assert "input command is 'comment'" in said


@pytest.mark.parametrize("is_link", [False, True])
def test_the_quarantine_travels_with_the_plan_as_it_is_and_a_link_to_elsewhere_does_not(
    project: Project, is_link: bool
) -> None:
    """The plan's artifact is public, and the link is of whoever wrote the pull request."""
    project.write(test_a="def test_a(): ...")
    (project.root / "secret").write_text("token")
    (project.root / ".ci-tools").mkdir()
    quarantine = project.root / ".ci-tools/quarantine.yml"
    quarantine.symlink_to("../secret") if is_link else quarantine.write_bytes(b"\xff")
    code, outputs, said = stage(project, "begin", XDIST_CI_INPUT_COMMAND="plan", XDIST_CI_INPUT_SHARDS="1")
    assert code == 0, said
    code, outputs, said = stage(project, "plan", XDIST_CI_INPUTS=outputs["inputs"])
    assert code == 0, said
    travelled = [path.read_bytes() for path in Path(outputs["directory"]).glob("*/quarantine.yml")]
    assert travelled == ([] if is_link else [b"\xff"])

"""`ci-tools stability` on a small suite with one test of each kind: a real study, read again, and a run replayed."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from project import PYTEST, Project

from ci_tools.cli import bisect
from ci_tools.cli.main import main

# What a neighbour does is done here by there being one: it is the same in each run.
BESIDE = """
import os

def test_has_no_neighbour(): assert os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") == "1"
"""
ORDER = """
import os

def test_reads(): assert "LEFT" not in os.environ

def test_leaves(): os.environ["LEFT"] = "1"

def test_is_wrong(): assert 1 == 2, "always"

def test_fine(): pass
"""
OPTIONS = (
    *("--levels", "0,2", "--order", "same,reverse", "--runs", "4", "--seed", "7"),
    *("--questions", "15", "--format", "json"),
)
CLASSES = {
    "test_order.py::test_reads": "order victim",
    "test_beside.py::test_has_no_neighbour": "concurrent victim",
    "test_order.py::test_is_wrong": "always",
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("study")).write(test_beside=BESIDE, test_order=ORDER)


@pytest.fixture(scope="module")
def study(suite: Project) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "ci_tools", "stability", *OPTIONS, "--", *PYTEST]
    return subprocess.run(words, cwd=suite.root, capture_output=True, text=True, timeout=600)


def test_each_bad_test_is_told_for_what_it_is(study: subprocess.CompletedProcess[str]) -> None:
    assert study.returncode == 1, study.stderr
    document = json.loads(study.stdout)
    assert {bad["id"]: bad["class"] for bad in document["bad"]} == CLASSES
    assert all(bad["sure"] for bad in document["bad"])
    assert (document["verdict"], document["tests"], document["others"]["n"], document["differences"]) == (
        "unstable",
        5,
        4,
        [],
    )
    assert document["coverage"]["level_orders"] == document["coverage"]["of_level_orders"] == 4


def test_progress_is_told_run_by_run(study: subprocess.CompletedProcess[str]) -> None:
    lines = study.stderr.splitlines()
    assert lines[0] == "4 runs, seed 7, below .ci-tools/stability"
    assert lines[1].startswith("run 1 of 4 (run-001-n0-same): 5 tests, 1 failed, ")


def test_the_reports_lie_where_it_says(suite: Project, study: subprocess.CompletedProcess[str]) -> None:
    out = suite.root / ".ci-tools/stability"
    assert {path.name for path in out.iterdir()} >= {"report.json", "report.md", "report.html", "trials"}
    assert (out / "report.json").read_text() == study.stdout


def test_a_study_goes_on_with_its_own_seed_and_runs_nothing_twice(
    suite: Project, study: subprocess.CompletedProcess[str]
) -> None:
    options = [word for word in OPTIONS if word not in ("--seed", "7")]
    again = suite.ci_tools("stability", *options, "--resume", "--", *PYTEST)
    assert again.stdout == study.stdout
    assert "seed 7, below" in again.stderr
    runs = [line for line in again.stderr.splitlines() if line.startswith("run ")]
    assert runs and all("read from disk" in line for line in runs)


def test_the_command_that_a_report_prints_makes_that_run_again(
    suite: Project, study: subprocess.CompletedProcess[str]
) -> None:
    (bad,) = [bad for bad in json.loads(study.stdout)["bad"] if bad["class"] == "order victim"]
    program, *words = shlex.split(bad["replay"])
    number = words[words.index("--replay") + 1]
    done = suite.ci_tools(*words)
    assert (program, done.returncode) == ("ci-tools", 1), done.stderr
    assert re.match(rf"run {number} again: \d of 5 tests bad, ", done.stdout)
    assert "\n  test_order.py::test_reads: failed  AssertionError: assert 'LEFT' not in " in done.stdout
    assert (suite.root / ".ci-tools/stability/report.json").read_text() == study.stdout


def test_the_command_that_is_to_find_the_polluter_is_one_that_bisect_takes(
    suite: Project, study: subprocess.CompletedProcess[str]
) -> None:
    commands = {bad["class"]: bad["bisect"] for bad in json.loads(study.stdout)["bad"]}
    assert commands.pop("always") == ""
    for command in commands.values():
        words = shlex.split(command)[2:]
        parser = argparse.ArgumentParser(exit_on_error=False)
        bisect.configure(parser)
        args = parser.parse_args(words[: words.index("--")])
        assert args.test in CLASSES
        assert [path.name for path in (suite.root / args.source).glob("*/attempts.jsonl")] == ["attempts.jsonl"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--levels", "0,0"], "each once"),
        (["--levels", "0,two"], "no number of workers"),
        (["--order", "same,backwards"], "wanted some of same, reverse, random"),
        (["--order", "same,same"], "wanted each order once"),
        (["--runs", "0"], "no number of runs"),
        (["--seed", "-1"], "no seed"),
    ],
)
def test_wrong_options_are_refused(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["stability", *words])
    assert exit_.value.code == 2
    assert says in capsys.readouterr().err


def test_a_replay_needs_the_seed_of_its_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stability", "--replay", "3"]) == 2
    assert "--replay needs the --seed of the study" in capsys.readouterr().err


def test_a_directory_of_something_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("all of it")
    assert main(["stability", "--out", "mine", "--", *PYTEST]) == 2
    assert "not of earlier trials" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_command_that_cannot_start_is_an_error_with_its_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["stability", "--", "no-such-pytest"]) == 3
    assert "'no-such-pytest' can't be started" in capsys.readouterr().err

"""`ci-tools bisect` from the command line, on suites that run for real."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from project import PYTEST, Project

SUITE = {
    "app": "debug = False\nusers = set()\n",
    "test_a": "import app\ndef test_user(): app.users.add('me')\n",
    "test_b": "import app\ndef test_debug(): app.debug = True\n",
    "test_c": "import app\ndef test_page():\n    assert not app.debug\n",
    "test_d": "import app\ndef test_login():\n    assert app.users\n",
}
# Each waits for the other to be there, unless it is alone.
BESIDE = """
import pathlib, time

def test_cleanup():
    busy = pathlib.Path("busy")
    busy.touch()
    time.sleep(0.4)
    busy.unlink()
"""
VICTIM = """
import pathlib, time

def test_page():
    for _ in range(20):
        assert not pathlib.Path("busy").exists()
        time.sleep(0.01)
"""


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what a run costs is loading plugins that no test here needs."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(project: Project, *words: str, command: tuple[str, ...] = PYTEST) -> subprocess.CompletedProcess[str]:
    return project.ci_tools("bisect", *words, "--runs", "3", "--", *command)


def shell(project: Project, command: str) -> int:
    """Run a printed command as it is, with the ci-tools and the pytest of these tests."""
    words = shlex.split(command)
    words[:1] = [sys.executable, "-m", "ci_tools"] if words[0] == "ci-tools" else words[:1]
    return subprocess.run(words, cwd=project.root, capture_output=True, timeout=120).returncode


def test_the_test_that_makes_another_one_fail_is_found_and_shown_again(project: Project) -> None:
    """Nothing is recorded: the suite runs once, and the test fails in it. Then what was printed is done."""
    project.write(**SUITE)
    done = run(project, "test_c.py::test_page")
    out = project.root / ".ci-tools" / "bisect"
    report = json.loads((out / "report.json").read_text())
    assert done.returncode == 0, done.stderr
    assert (report["kind"], report["culprits"][0]["tests"]) == ("order", ["test_b.py::test_debug"])
    assert report["changes"] == ["'test_b.py::test_debug' changes 'app.debug'"]
    assert done.stdout.startswith("test_c.py::test_page\n  it fails after 1 other test\n")
    assert (out / "report.md").read_text().startswith("# `test_c.py::test_page`\n")
    plain, own = [row["command"] for row in report["commands"]]
    assert shell(project, plain) == 1
    n_trials = len(list((out / "trials").iterdir()))
    assert shell(project, own.replace(" -- ", " --resume --runs 3 -- ")) == 0
    again = json.loads((out / "report.json").read_text())
    assert (again["kind"], again["culprits"][0]["tests"]) == ("order", ["test_b.py::test_debug"])
    assert len(list((out / "trials").iterdir())) == n_trials + 1  # all else is read from disk: not so the evidence


def test_the_test_that_makes_another_one_fail_beside_it_is_confirmed_and_shown_again(project: Project) -> None:
    project.write(test_p=BESIDE, test_t=VICTIM)
    command = (*PYTEST, "-p", "xdist")
    done = run(project, "test_t.py::test_page", "--beside", "test_p.py::test_cleanup", command=command)
    assert done.returncode == 0, done.stderr
    report = json.loads((project.root / ".ci-tools/bisect/report.json").read_text())
    assert (report["kind"], report["culprits"][0]["tests"]) == ("concurrent", ["test_p.py::test_cleanup"])
    assert report["changes"] == ["'test_p.py::test_cleanup' writes and deletes 'busy'"]
    ((own),) = [row["command"] for row in report["commands"]]
    assert shell(project, own.replace(" -- ", " --resume --runs 3 -- ")) == 0


def test_a_test_that_needs_another_is_told_which(project: Project) -> None:
    project.write(**SUITE)
    done = run(project, "test_d.py::test_login", "--after", "test_a.py::test_user", "--format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["kind"]) == (0, "needs")
    assert report["culprits"][0]["tests"] == ["test_a.py::test_user"]
    fails, passes, _ = [row["command"] for row in report["commands"]]
    assert (shell(project, fails), shell(project, passes)) == (1, 0)


def test_no_time_is_no_answer(project: Project) -> None:
    project.write(**SUITE)
    done = run(project, "test_c.py::test_page", "--minutes", "0")
    assert done.returncode == 3
    assert "stopped as 0.0 s are up: go on with --resume" in done.stdout


def test_a_test_that_isn_t_there_is_an_error(project: Project) -> None:
    project.write(**SUITE)
    done = run(project, "test_c.py::test_none", "--after", "test_a.py::test_user")
    assert done.returncode == 3
    assert "ci-tools: error: not among the tests that the command collects: 'test_c.py::test_none'" in done.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("t", "--from", "nowhere"), "no such directory: nowhere"),
        (("t", "--from", "."), "no run below . has t"),
    ],
)
def test_without_a_recorded_failure_there_is_nothing_to_begin_with(
    tmp_path: Path, words: tuple[str, ...], error: str
) -> None:
    done = Project(tmp_path).ci_tools("bisect", *words)
    assert (done.returncode, error in done.stderr) == (3, True)

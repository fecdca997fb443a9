"""`ci-tools bisect` from the command line, on suites that run for real."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from project import PYTEST, Project

from ci_tools.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "bisect.md"
# The one that the page shows.
SHOP = {
    "shop": """
        DEBUG = False
        CURRENCY = "EUR"

        def price(cents):
            return f"{cents / 100:.2f} {CURRENCY}"
        """,
    "tests__test_admin": """
        import shop

        def test_login():
            assert not shop.DEBUG

        def test_currency():
            shop.CURRENCY = "USD"
            assert shop.price(100) == "1.00 USD"

        def test_logout():
            pass
        """,
    "tests__test_cart": """
        import shop

        def test_empty():
            assert shop.price(0).startswith("0.00")

        def test_total():
            assert shop.price(1250) == "12.50 EUR"
        """,
}
VICTIM, POLLUTER = "tests/test_cart.py::test_total", "tests/test_admin.py::test_currency"
NEEDY = {
    "app": "users = set()\n",
    "test_a": "import app\ndef test_user(): app.users.add('me')\n",
    # Nobody is left to say that it failed.
    "test_d": "import app, os\ndef test_login():\n    if not app.users: os._exit(1)\n",
}
# They begin at the same instant.
BESIDE = """
import pathlib, time

def test_cleanup():
    busy = pathlib.Path("busy")
    busy.touch()
    time.sleep(0.4)
    busy.unlink()
"""
BOTHERED = """
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
    return project.ci_tools("bisect", *words, "--", *command)


def shell(project: Project, command: str) -> int:
    """Run a printed command as it is, with the ci-tools and the pytest of these tests."""
    words = shlex.split(command)
    words[:1] = [sys.executable, "-m", "ci_tools"] if words[0] == "ci-tools" else words[:1]
    return subprocess.run(words, cwd=project.root, capture_output=True, timeout=120).returncode


def test_the_test_that_makes_another_one_fail_is_found_and_shown_again(project: Project) -> None:
    """The page's example. Nothing is recorded: the suite runs once, and the test fails in it."""
    project.write(**SHOP).write_path("pytest.ini", "[pytest]\npythonpath = .\n")
    done = run(project, VICTIM)
    out = project.root / ".ci-tools" / "bisect"
    report = json.loads((out / "report.json").read_text())
    assert done.returncode == 0, done.stderr
    assert as_printed(done.stdout) == as_printed(PAGE.read_text().split("```")[1].partition("\n")[2].partition("\n")[2])
    assert (report["kind"], report["culprits"][0]["tests"]) == ("order", [POLLUTER])
    assert (out / "report.md").read_text().startswith(f"# `{VICTIM}`\n")
    plain, own = [row["command"] for row in report["commands"]]
    assert shell(project, plain) == 1
    n_trials = len(list((out / "trials").iterdir()))
    assert shell(project, own.replace(" -- ", " --resume -- ")) == 0
    again = json.loads((out / "report.json").read_text())
    assert (again["kind"], again["culprits"][0]["tests"]) == ("order", [POLLUTER])
    assert len(list((out / "trials").iterdir())) == n_trials + 1  # all else is read from disk: not so the evidence


def as_printed(text: str) -> str:
    """Leave out what is different with the tests' own command and from run to run."""
    for words in (f" -- {shlex.join(PYTEST)}", " -p no:cacheprovider", " -n 0"):
        text = text.replace(words, "")
    return re.sub(r"(runs, ).*", r"\1", text.replace(sys.executable, "python"))


def test_the_test_that_makes_another_one_fail_beside_it_is_confirmed_and_shown_again(project: Project) -> None:
    project.write(test_p=BESIDE, test_t=BOTHERED)
    command = (*PYTEST, "-p", "xdist")
    done = run(project, "test_t.py::test_page", "--beside", "test_p.py::test_cleanup", "--runs", "3", command=command)
    assert done.returncode == 0, done.stderr
    report = json.loads((project.root / ".ci-tools/bisect/report.json").read_text())
    assert (report["kind"], report["culprits"][0]["tests"]) == ("concurrent", ["test_p.py::test_cleanup"])
    (own,) = [row["command"] for row in report["commands"]]
    assert shell(project, own.replace(" -- ", " --resume --runs 3 -- ")) == 0


def test_a_test_that_needs_another_is_told_which(project: Project) -> None:
    project.write(**NEEDY)
    done = run(project, "test_d.py::test_login", "--runs", "3", "--format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["kind"]) == (0, "needs")
    assert report["culprits"][0]["tests"] == ["test_a.py::test_user"]
    fails, passes, _ = [row["command"] for row in report["commands"]]
    assert (shell(project, fails), shell(project, passes)) == (1, 0)


def test_no_time_is_no_answer(project: Project) -> None:
    done = run(project, "test_c.py::test_page", "--minutes", "0")
    assert done.returncode == 3
    assert "stopped as 0.0 s are up: go on with --resume" in done.stdout


def test_a_test_that_isn_t_there_is_an_error(project: Project) -> None:
    project.write(**NEEDY)
    done = run(project, "test_c.py::test_none")
    assert done.returncode == 3
    assert len(list((project.root / ".ci-tools/bisect/trials").iterdir())) == 1  # the suite isn't run for it
    assert "ci-tools: error: not among the tests that the command collects: 'test_c.py::test_none'" in done.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("t", "--from", "nowhere"), "no such directory: nowhere"),
        (("t", "--from", "."), "no run below . has t"),
        (("t", "--after", "p", "--beside", "p"), "a test is named twice"),
        (("t", "--after", "t"), "a test is named twice"),
        (("t", "--after", "p", "--from", "."), "--from doesn't go with --after and --beside"),
        (("t", "--from", ".ci-tools/bisect/trials"), ".ci-tools/bisect/trials is within --out, which is emptied"),
    ],
)
def test_a_search_that_has_nothing_to_begin_with_says_so(
    project: Project,
    words: tuple[str, ...],
    error: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project.root)
    assert main(["bisect", *words]) in (2, 3)
    assert f"ci-tools: error: {error}\n" in capsys.readouterr().err

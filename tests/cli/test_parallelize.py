"""`ci-tools parallelize` on suites made for it: every difference is found, every number is counted from the runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project import Project

from ci_tools.cli.parallelize import turns

COMMAND = ("--", sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
BESIDE = """
import os, time
def beside():
    return "PYTEST_XDIST_WORKER" in os.environ
def meet(name, other):
    open(name, "w").close()
    deadline = time.monotonic() + 30
    while beside() and not os.path.exists(other) and time.monotonic() < deadline: time.sleep(0.01)
"""


def parallelize(project: Project, *words: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run it once each way, with two workers; return how it ended and its report.json."""
    done = project.ci_tools("parallelize", "--runs", "1", "--workers", "2", *words, *COMMAND)
    path = project.root / ".ci-tools/parallelize/report.json"
    return done, json.loads(path.read_text()) if path.exists() else {}


def kinds(report: dict[str, Any]) -> dict[str, str]:
    return {difference["nodeid"]: difference["kind"] for difference in report["differences"]}


def failed_gates(report: dict[str, Any]) -> set[str]:
    return {gate["key"] for gate in report["gates"] if gate["state"] == "failed"}


@pytest.fixture
def mixed(project: Project) -> Project:
    project.write_path("pyproject.toml", "[tool.pytest.ini_options]\nmarkers = ['slow']\naddopts = '-x --reruns 2'")
    return project.write(
        conftest=BESIDE,
        unit__test_a="""
        import pytest, time
        from conftest import beside, meet
        def test_shared_file():
            open("shared.txt", "w").write("a")
            meet("a.flag", "b.flag")
            assert open("shared.txt").read() == "a"
        def test_always(): assert 0, "of both"
        @pytest.mark.slow
        def test_slow(): time.sleep(0.2)
        def test_needs_it(): assert beside()
        """,
        web__test_b="""
        import pytest, time
        from conftest import beside, meet
        def test_other_file():
            while beside() and not __import__("os").path.exists("a.flag"): time.sleep(0.01)
            open("shared.txt", "w").write("b")
            meet("b.flag", "a.flag")
        @pytest.mark.skipif(beside(), reason="not under pytest-xdist")
        def test_skips(): pass
        def test_hangs():
            if beside(): time.sleep(60)
        """,
    )


def test_each_difference_is_found_and_the_answer_is_no(mixed: Project) -> None:
    done, report = parallelize(mixed, "--stuck-after", "2")
    assert done.returncode == 1, done.stderr
    assert kinds(report) == {
        "unit/test_a.py::test_shared_file": "parallel-only",
        "unit/test_a.py::test_always": "fails in both",
        "unit/test_a.py::test_needs_it": "serial-only",
        "web/test_b.py::test_hangs": "parallel-only",
        "web/test_b.py::test_skips": "skipped differently",
    }, done.stdout
    assert failed_gates(report) - {"min_speedup"} == {"max_new_failures", "max_new_skips", "max_hangs"}
    (hang,) = report["hangs"]
    assert (hang["nodeid"], hang["arm"]) == ("web/test_b.py::test_hangs", "parallel")
    assert "in test_hangs" in hang["text"]
    speed = report["speed"]
    assert {category["name"]: category["tests"] for category in speed["directories"]} == {"unit": 4, "web": 3}
    assert [(category["name"], category["tests"]) for category in speed["marks"]] == [("slow", 1)]
    assert sum(category["serial_s"] for category in speed["directories"]) == pytest.approx(
        speed["total"]["serial_s"], abs=0.002
    )
    assert speed["longest_test"]["name"] == "web/test_b.py::test_hangs"
    assert [(run["arm"], run["workers"], run["n_tests"]) for run in report["runs"]] == [
        ("serial", 0, 7),
        ("parallel", 2, 7),
    ]
    again, same = parallelize(mixed, "--stuck-after", "2", "--resume", "--format", "json")
    assert (again.returncode, same, json.loads(again.stdout)) == (1, report, report)
    assert "run 2 of 2 (serial-1): 7 tests, 2 failed, read from disk" in again.stderr
    assert "page  .ci-tools/parallelize/report.html" in done.stdout
    assert {path.name for path in (mixed.root / ".ci-tools/parallelize").glob("report.*")} == {
        "report.json",
        "report.md",
        "report.html",
    }


def test_tests_that_a_crash_takes_along_are_lost(project: Project) -> None:
    """As pytest-xdist does it where the project says so."""
    project.write_path("pytest.ini", "[pytest]\naddopts = --max-worker-restart=0")
    project.write(
        conftest=BESIDE, test_a="import os\nfrom conftest import beside\ndef test_1(): beside() and os._exit(9)"
    )
    project.write(test_b="def test_2(): pass\ndef test_3(): pass\ndef test_4(): pass")
    done, report = parallelize(project, "--dist", "load", "--workers", "1")
    assert done.returncode == 1, done.stderr
    assert kinds(report) == {
        "test_a.py::test_1": "parallel-only",
        **{f"test_b.py::test_{i}": "lost" for i in (2, 3, 4)},
    }, done.stdout
    assert (failed_gates(report), report["speed"]) == ({"max_new_failures", "max_lost"}, None)


def test_a_suite_that_is_alike_both_ways_is_a_go_where_its_gates_say_so(project: Project) -> None:
    project.write_path("pyproject.toml", "[tool.ci-tools.gates]\nmin_speedup = 0\nmin_ready = 100")
    project.write(test_a="def test_a(): pass", test_b="def test_b(tmp_path): (tmp_path / 'x').touch()")
    done, report = parallelize(project)
    assert (done.returncode, report["answer"], kinds(report)) == (0, "go", {}), done.stdout + done.stderr
    assert {gate["key"]: gate["value"] for gate in report["gates"]}["min_ready"] == 100.0
    assert done.stdout.startswith("go: ") and "2 tests compared" in done.stdout.partition("\n")[0]


def test_wrong_gates_are_told_before_anything_is_run(project: Project) -> None:
    project.write_path("pyproject.toml", "[tool.ci-tools.gates]\nmax_new_failure = 0")
    done, report = parallelize(project.write(test_a="def test_a(): pass"))
    assert (done.returncode, report) == (2, {})
    assert "[tool.ci-tools.gates] has no key 'max_new_failure'" in done.stderr
    assert "did you mean max_new_failures?" in done.stderr
    assert not (project.root / ".ci-tools").exists()


def test_the_two_kinds_take_turns_and_the_first_is_in_parallel() -> None:
    assert [arm[0] for arm, _ in turns(3)] == list("psspps")


def test_the_readiness_of_a_suite_without_tests_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ci_tools.cli.parallelize import _ready

    monkeypatch.chdir(tmp_path)
    assert _ready() is None
    assert "the gate min_ready is not measured: no test files" in capsys.readouterr().err

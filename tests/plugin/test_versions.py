"""The plugin in other people's environments: old and new pytest and pytest-xdist, nothing of ours installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from guests import python_with
from project import Project, piece, whole

PYTESTS = {"7.4": ("pytest==7.4.4", "pytest-rerunfailures==12.0")}
PYTESTS["8.4"] = ("pytest==8.4.2", "pytest-rerunfailures==15.1")
PYTESTS["9"] = ("pytest==9.0.2", "pytest-rerunfailures==16.1")
XDISTS = {"3.5": "3.5.0", "3.6": "3.6.1", "3.7": "3.7.0", "3.8": "3.8.0"}
# One of each pytest; 3.6 is pluggy's in tests/suites; XDIST_CI_ALL_VERSIONS=1 tries every pair.
PAIRS = [("7.4", "3.5"), ("8.4", "3.7"), ("9", "3.8")]
if os.environ.get("XDIST_CI_ALL_VERSIONS"):
    PAIRS = [(pytest_, xdist) for pytest_ in PYTESTS for xdist in XDISTS]
VERSIONS = {f"pytest{p}-xdist{x}": (*PYTESTS[p], f"pytest-xdist=={XDISTS[x]}") for p, x in PAIRS}
VERSIONS["pytest8.4-alone"] = ("pytest==8.4.2",)
# Where more Pythons are installed, name them: XDIST_CI_PYTHONS=python3.10:python3.13
PYTHONS = [sys.executable, *filter(None, os.environ.get("XDIST_CI_PYTHONS", "").split(":"))]


@pytest.fixture(
    scope="session", params=[(p, v) for p in PYTHONS for v in VERSIONS], ids=lambda p: f"{Path(p[0]).name}-{p[1]}"
)
def python(request: pytest.FixtureRequest) -> Path:
    """An interpreter with just these packages, made once."""
    base, name = request.param
    return python_with(name, *VERSIONS[name], base=base)


def test_two_shards_run_every_test_once_and_tell_every_outcome(project: Project, python: Path) -> None:
    reruns = (python.parent.parent / "lib").glob("*/site-packages/pytest_rerunfailures.py")
    with_reruns = any(reruns)
    project.write_path("pytest.ini", "[pytest]\nmarkers = flaky\n")
    project.write_path("tests/pkg/__init__.py", "")
    project.write(
        tests__test_cut="""
        import pytest
        @pytest.fixture
        def bad(): raise RuntimeError
        def test_1(): pass
        def test_2(): assert 0
        def test_3(bad): pass
        @pytest.mark.parametrize("p", ["a::b", "x/y", "[z]"])
        def test_4(p): pass
        """,
        tests__test_flaky="""
        import pytest
        runs = []
        @pytest.mark.flaky(reruns=2)
        def test_flaky():
            runs.append(1)
            assert len(runs) == 2 or not WITH_RERUNS
        """.replace("WITH_RERUNS", str(with_reruns)),
        tests__pkg__test_pkg="def test_pkg(): pass",
        tests__test_new="def test_new(): pass",
    )
    cut = "tests/test_cut.py"
    project.write_plan(
        [piece(cut, "test_1", "test_2"), whole("tests/test_flaky.py")],
        [piece(cut, "test_3", "test_4"), whole("tests/pkg/test_pkg.py")],
    )
    for shard in ("1/2", "2/2"):
        ran = project.run(shard, command=(str(python), "-m", "pytest", "-p", "no:cacheprovider"))
        assert ran.code == 1, ran.output
    report = project.merge()
    assert {case.nodeid: case.outcome.value for case in report.cases} == {
        f"{cut}::test_1": "passed",
        f"{cut}::test_2": "failed",
        f"{cut}::test_3": "error",
        **{f"{cut}::test_4[{p}]": "passed" for p in ("a::b", "x/y", "[z]")},
        "tests/test_flaky.py::test_flaky": "passed",
        "tests/pkg/test_pkg.py::test_pkg": "passed",
        "tests/test_new.py::test_new": "passed",
    }
    assert report.conclusion.value == "failed"
    assert [case.nodeid for case in report.flips] == (["tests/test_flaky.py::test_flaky"] if with_reruns else [])
    shutil.rmtree(project.root / "bundles")


def test_crashes_hangs_serial_tests_and_re_runs_under_every_pytest_xdist(project: Project, python: Path) -> None:
    if not any((python.parent.parent / "lib").glob("*/site-packages/xdist")):
        return  # nothing to crash: what happens without it is tested elsewhere
    project.write_path("pytest.ini", "[pytest]\naddopts = --strict-markers")
    project.write(
        test_a="""
        import os, pathlib, pytest, time
        def test_1(): pass
        def test_2(): os._exit(1)
        def test_3(): time.sleep(60)
        @pytest.mark.serial
        def test_4(): pass
        @pytest.mark.serial
        def test_5(): os._exit(1)
        @pytest.mark.serial
        def test_6(): pass
        """,
        test_b="""
        import pathlib
        def test_1():
            again = pathlib.Path(__file__).with_suffix(".again")
            if not again.exists():
                again.touch()
                assert 0, "first"
        def test_2(): pass
        """,
    )
    command = (str(python), "-m", "pytest", "-p", "no:cacheprovider", "-n", "2")
    ran = project.run(command=command, options=("--stuck-after", "2", "--reruns", "1"))
    assert ran.code == 1, ran.output
    found: dict[str, list[str]] = {}
    for attempt in ran.attempts:
        found.setdefault(attempt.nodeid, []).append(attempt.outcome.value)
    crashed = ["crashed", "crashed"]
    assert found == {
        **{f"test_a.py::test_{number}": ["passed"] for number in (1, 4, 6)},
        **{f"test_a.py::test_{number}": crashed for number in (2, 3, 5)},
        "test_b.py::test_1": ["failed", "passed"],
        "test_b.py::test_2": ["passed"],
    }

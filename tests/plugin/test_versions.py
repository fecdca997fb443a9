"""The plugin in other people's environments: old and new pytest and pytest-xdist, nothing of ours installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import Project, piece, whole

VERSIONS = {
    "pytest7.4-xdist3.5": ("pytest==7.4.4", "pytest-xdist==3.5.0", "pytest-rerunfailures==12.0"),
    "pytest8.4-xdist3.7": ("pytest==8.4.2", "pytest-xdist==3.7.0", "pytest-rerunfailures==15.1"),
    "pytest9-xdist3.8": ("pytest==9.0.2", "pytest-xdist==3.8.0", "pytest-rerunfailures==16.1"),
    "pytest8.4-alone": ("pytest==8.4.2",),
}
# Where more Pythons are installed, name them: XDIST_CI_PYTHONS=python3.10:python3.13
PYTHONS = [sys.executable, *filter(None, os.environ.get("XDIST_CI_PYTHONS", "").split(":"))]


@pytest.fixture(
    scope="session", params=[(p, v) for p in PYTHONS for v in VERSIONS], ids=lambda p: f"{Path(p[0]).name}-{p[1]}"
)
def python(request: pytest.FixtureRequest) -> Path:
    """An interpreter with just these packages, made once."""
    base, name = request.param
    venv = Path(__file__).parents[2] / ".cache" / "guests" / f"{Path(base).name}-{name}"
    ready = venv / ".ready"
    if not ready.exists() or ready.read_text() != repr(VERSIONS[name]):
        subprocess.run([base, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([venv / "bin" / "python", "-m", "pip", "install", "-q", *VERSIONS[name]], check=True)
        ready.write_text(repr(VERSIONS[name]))
    return venv / "bin" / "python"


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

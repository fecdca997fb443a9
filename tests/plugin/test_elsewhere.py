"""What marks mean beyond one pytest run: what `-m` leaves out, and what other shards share."""

from __future__ import annotations

import pytest
from project import Project

SUITE = """
import pytest

def test_plain(): pass
@pytest.mark.serial
def test_serial(): pass
@pytest.mark.shared_resource("db", scope="global")
def test_global(): pass
@pytest.mark.slow
def test_slow(): pass
"""
INI = "[pytest]\nmarkers = slow\n"


@pytest.fixture
def project(tmp_path) -> Project:
    project = Project(tmp_path).write(test_a=SUITE)
    project.write_path("pytest.ini", INI)
    project.plan(1)
    return project


@pytest.mark.parametrize(
    ("expression", "held_back"),
    [
        ("not serial", ("test_a.py::test_serial",)),
        ("not (serial or shared_resource)", ("test_a.py::test_serial", "test_a.py::test_global")),
        ("not slow", ()),
        ("slow", ()),
        ("serial", ()),
    ],
)
def test_what_an_expression_leaves_out_by_a_mark_of_ours_is_held_back(
    project: Project, expression: str, held_back: tuple[str, ...]
) -> None:
    ran = project.run("1/1", "-m", expression)
    assert ran.files["test_a.py"].held_back == held_back


def test_what_another_job_runs_is_not_held_back(project: Project) -> None:
    project.write_path("pyproject.toml", "[tool.ci-tools.marks]\nrun_elsewhere = true\n")
    assert project.run("1/1", "-m", "not serial").files["test_a.py"].held_back == ()


def test_the_global_resources_of_a_file_are_written_down(project: Project) -> None:
    assert project.run("1/1").files["test_a.py"].global_resources == ("db",)


def test_a_run_that_holds_serial_tests_back_is_not_green(project: Project) -> None:
    project.run("1/1", "-m", "not serial")
    done = project.ci_tools("merge", "bundles")
    assert done.returncode == 3, done.stdout
    assert "test_a.py::test_serial" in done.stdout and "left out by -m" in done.stdout

"""The tools that teams start pytest with: tox, nox, uv and coverage, the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from guests import python_with
from project import Project

SUITE = "import pytest\n@pytest.mark.parametrize('i', range(3))\ndef test_it(i): pass\n"
TOX = "[tox]\nskipsdist = true\n[testenv]\nskip_install = true\ndeps = pytest\ncommands = python -m pytest {posargs}\n"
NOX = "import nox\n@nox.session\ndef tests(session):\n    session.install('pytest')\n    session.run('pytest')\n"
PACKAGES = ("coverage==7.10.7", "nox==2025.5.1", "pytest==8.4.2", "pytest-xdist==3.8.0", "tox==4.30.3", "uv==0.8.22")


@pytest.fixture(scope="session")
def tools() -> Path:
    """The bin directory of a virtual environment with all of them, made once."""
    return python_with("runners", *PACKAGES).parent


def test_coverage_run(project: Project, tools: Path) -> None:
    ran = project.write(test_a=SUITE).run(command=(str(tools / "coverage"), "run", "-m", "pytest", "-n0"))
    assert (ran.code, len(ran.outcomes)) == (0, 3), ran.output


def test_uv_run(project: Project, tools: Path) -> None:
    command = (str(tools / "uv"), "run", "--no-project", "--offline", "--python", str(tools / "python"))
    ran = project.write(test_a=SUITE).run(command=(*command, "python", "-m", "pytest"))
    assert (ran.code, len(ran.outcomes)) == (0, 3), ran.output


def test_nox(project: Project, tools: Path) -> None:
    ran = project.write(test_a=SUITE).write_path("noxfile.py", NOX).run(command=(str(tools / "nox"),))
    assert (ran.code, len(ran.outcomes)) == (0, 3), ran.output


@pytest.mark.parametrize("override", ["", "testenv.set_env+=A=1", "testenv.pass_env+=B"])
def test_tox_passes_the_plugin_on_beside_the_users_overrides(
    project: Project, tools: Path, monkeypatch: pytest.MonkeyPatch, override: str
) -> None:
    monkeypatch.setenv("TOX_OVERRIDE", override)
    ran = project.write(test_a=SUITE).write_path("tox.ini", TOX).run(command=(str(tools / "tox"), "-q"))
    assert (ran.code, len(ran.outcomes)) == (0, 3), ran.output


def test_a_tox_that_filters_the_environment_is_never_green(project: Project, tools: Path) -> None:
    ran = project.write(test_a=SUITE).write_path("tox.ini", TOX).run(command=("sh", "-c", f"{tools / 'tox'} -q"))
    assert ran.code == 3
    assert "hint: add to tox.ini: [testenv] pass_env = PYTHONPATH,PYTEST_PLUGINS,XDIST_CI_*" in ran.output

"""A pytest run with the plugin installed, where nobody asks it for anything: all is as it was."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from project import PYTEST, Project


def run(project: Project, *words: str, code: int, **env: str) -> str:
    """Run pytest in the project, warnings being errors."""
    env = {
        **os.environ,
        "CI_TOOLS_HOST_DIR": "/dev/null",
        "PYTHONPATH": f"{project.root}:{Path(__file__).parents[2]}",
        **env,
    }
    command = [*PYTEST, "-W", "error", *words]
    done = subprocess.run(command, cwd=project.root, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout and "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_a_fixture_or_a_parameter_of_their_own_called_once_leaves_no_directory(
    project: Project, tmp_path: Path
) -> None:
    project.write(
        conftest="import pytest\n@pytest.fixture\ndef once(): return 3",
        test_a="""
        import pytest
        def test_a(once): assert once == 3
        @pytest.mark.parametrize("once", [8])
        def test_b(once): assert once == 8
        """,
    )
    run(project, code=0, CI_TOOLS_HOST_DIR=f"{tmp_path}/host")
    assert not (tmp_path / "host").exists()


def test_a_plugin_that_a_conftest_loads_speaks_only_where_isolation_is_wanted(project: Project) -> None:
    project.write(conftest="pytest_plugins = ['ci_tools.plugin']", test_a="def test_a(): pass")
    project.write_path("pyproject.toml", "[project]\nname = 'acme-ci-tools'\n")
    run(project, code=0, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_PLUGINS="")
    project.write_path("pyproject.toml", "[tool.ci-tools.isolation]\n")
    said = run(project, code=4, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_PLUGINS="")
    assert "xdist-ci: workers aren't isolated: the plugin was loaded by a conftest" in said


@pytest.mark.parametrize("tryfirst", [False, True])  # pytest-django 4.14, and older ones
def test_pytest_django_imports_settings_that_are_isolated(project: Project, tmp_path: Path, tryfirst: bool) -> None:
    project.write_path("pyproject.toml", "[tool.ci-tools.isolation]\nalways = true\nenv = {DATA_DIR = 'dir'}\n")
    project.write(
        django=f"""
        import os, pytest
        @pytest.hookimpl(tryfirst={tryfirst})
        def pytest_load_initial_conftests(): os.environ["SEEN"] = os.environ.get("DATA_DIR", "")
        """,
        test_a="import os\ndef test_a(): assert os.environ['SEEN'] == os.environ['DATA_DIR'] != ''",
    )
    run(project, "-p", "ci_tools.plugin", "-p", "django", code=0, CI_TOOLS_HOST_DIR=f"{tmp_path}/host")

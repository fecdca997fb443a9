"""action/ci-tools: our code from the action's checkout, in an environment of its own."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "action" / "ci-tools"
REQUIREMENTS = (ROOT / "action/requirements.txt").read_text()
PINNED = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", REQUIREMENTS, re.M))


def launch(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", LAUNCHER, *words],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_every_dependency_is_pinned_and_hashed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=;\[ ]", requirement)[0] for requirement in project["dependencies"]}
    assert wanted <= PINNED.keys()
    entries = re.split(r"\n(?=[a-z])", REQUIREMENTS.strip())
    assert [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)] == []
    assert "http" not in REQUIREMENTS


def test_what_runs_the_tests_needs_no_environment_of_its_own(tmp_path: Path) -> None:
    done = launch("action", "run", cwd=tmp_path, RUNNER_TEMP=str(tmp_path))
    assert (done.returncode, done.stderr) == (
        2,
        (
            "ci-tools: error: XDIST_CI_INPUTS is not set\n"
            "ci-tools: hint: this command is for action.yml; elsewhere use plan, run and merge\n"
        ),
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["json", "argparse", "ci_tools"])
def test_a_module_in_the_users_workspace_is_not_imported(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("print('planted')")
    done = launch("--version", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"ci-tools \d+\.\d+\.\d+\n", done.stdout)


def test_outside_of_a_job_it_says_so(tmp_path: Path) -> None:
    done = launch("action", "plan", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (
        3,
        "::error title=xdist-ci::RUNNER_TEMP is not set: this is for GitHub Actions, elsewhere use ci-tools\n",
    )


def test_an_environment_that_can_not_be_made_is_said_and_not_left_half(tmp_path: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"}
    done = launch("action", "plan", cwd=tmp_path, RUNNER_TEMP=str(tmp_path), **nowhere)
    assert done.returncode == 3
    assert "::error title=xdist-ci::its virtual environment can't be set up (exit code 1" in done.stdout
    assert list(tmp_path.glob("xdist-ci/venv-*/.ready")) == []


def test_what_pip_is_told_elsewhere_does_not_move_our_packages() -> None:
    """A user's PIP_TARGET or PIP_USER must not send them into the user's directories; their index stays."""
    launcher = runpy.run_path(str(LAUNCHER))
    kept = {"PIP_INDEX_URL": "https://mirror.example.org/simple", "PIP_CERT": "ca.pem", "USER": "octo", "ROOT": "/"}
    moved = {f"PIP_{name}": "elsewhere" for name in launcher["NOT_OURS"]} | {"PIP_target": "elsewhere"}
    assert len(moved) == 11
    assert launcher["for_pip"](kept | moved) == kept


def test_an_environment_in_which_our_packages_are_not_is_never_used(tmp_path: Path) -> None:
    """Where pip put them is up to its configuration too: what can't be imported isn't there."""
    (tmp_path / "pip.conf").write_text(f"[install]\ntarget = {tmp_path / 'elsewhere'}\n")
    around = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HOME"))}
    given = {**around, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "RUNNER_TEMP": str(tmp_path)}
    done = launch("action", "plan", cwd=tmp_path, **given)
    assert done.returncode == 3
    assert "::error title=xdist-ci::its virtual environment can't be set up" in done.stdout
    assert list(tmp_path.glob("xdist-ci/venv-*/.ready")) == []


def test_an_old_python_is_told_the_fix(tmp_path: Path) -> None:
    """Its grammar isn't asked for more than Python 3.6 has, so that the message is seen."""
    import ast

    tree = ast.parse(LAUNCHER.read_text(), feature_version=(3, 7))
    first = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    assert "sys.version_info < (3, 10)" in ast.unparse(first.body[0])
    assert "actions/setup-python" in ast.unparse(first.body[0])


def test_each_use_has_a_directory_of_its_own(tmp_path: Path) -> None:
    given = {"RUNNER_TEMP": str(tmp_path), "XDIST_CI_INPUT_SHARD": "1/2", "GITHUB_OUTPUT": str(tmp_path / "output")}
    for _ in range(2):
        done = launch("action", "begin", cwd=tmp_path, **given)
        assert done.returncode == 0, done.stderr
    uses = [path.name for path in (tmp_path / "xdist-ci").iterdir()]
    assert len(uses) == 2 and all(re.fullmatch("use-[0-9a-f]{12}", name) for name in uses)
    said = re.findall(r"^(?:inputs|\S+-path)<<.*\n(.*)$", (tmp_path / "output").read_text(), re.M)
    assert said and all(path.startswith(f"{tmp_path}/xdist-ci/use-") for path in said)

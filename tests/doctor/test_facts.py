"""How many workers, and who says so."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from ci_tools.cli.doctor import diagnosis_of


def facts(root: Path, steps: str, **files: str) -> list[str]:
    """Return the facts of a job with these steps; of `files` the name's `__` is a dot."""
    workflow = root / ".github/workflows/ci.yml"
    workflow.parent.mkdir(parents=True)
    head = "on: push\njobs:\n  test:\n    strategy: {matrix: {shard: [1, 2]}}\n    steps:\n"
    workflow.write_text(head + "".join(f"      {line}\n" for line in dedent(steps).strip().split("\n")))
    for name, text in files.items():
        path = root / name.replace("__", ".").replace("_in_", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text))
    return [fact.text for fact in diagnosis_of(root).facts]


@pytest.mark.parametrize(
    ("steps", "ini", "fact"),
    [
        ("- uses: o/xdist-ci@v1", "", "runs -n auto --dist loadfile (xdist-ci's default)"),
        (
            "- uses: o/xdist-ci@v1\n  with: {workers: 3}",
            "",
            "runs -n 3 (the step's `workers`), --dist loadfile (xdist-ci's default)",
        ),
        (
            "- uses: o/xdist-ci@v1\n  with: {workers: 3}",
            "addopts = -n 2",
            "runs -n 2 (addopts in pytest.ini), --dist loadfile (xdist-ci's default)",
        ),
        ("- run: pytest -n 4 --dist worksteal", "addopts = -n 2", "runs -n 4 --dist worksteal (the command)"),
        (
            "- run: pytest\n  env: {PYTEST_ADDOPTS: -n 4}",
            "addopts = -n 2 --dist loadscope",
            "runs -n 4 (PYTEST_ADDOPTS), --dist loadscope (addopts in pytest.ini)",
        ),
        ("- run: PYTEST_ADDOPTS=-n8 pytest", "", "runs -n 8 (PYTEST_ADDOPTS), --dist load (pytest-xdist's default)"),
        ("- run: pytest", "", "runs one test at a time: nothing says -n"),
        ("- run: pytest", "addopts = -n0", "runs one test at a time: -n 0, says addopts in pytest.ini"),
    ],
)
def test_who_decides(steps: str, ini: str, fact: str, tmp_path: Path) -> None:
    assert facts(tmp_path, steps, pytest__ini=f"[pytest]\n{ini}\n") == [f"pytest in job `test` {fact}"]


def test_what_tox_and_nox_do_themselves_is_not_guessed(tmp_path: Path) -> None:
    assert facts(tmp_path, "- run: tox\n- run: nox -- -n 2") == [
        "nox in job `test` runs -n 2 (the command), --dist load (pytest-xdist's default)"
    ]


def test_the_configuration_is_that_of_the_command_s_directory(tmp_path: Path) -> None:
    steps = "- run: cd backend && pytest\n- run: pytest\n  working-directory: ./backend/api\n- run: pytest"
    found = facts(
        tmp_path,
        steps,
        pytest__ini="[pytest]\naddopts = -n 1",
        backend_in_pyproject__toml="[tool.pytest.ini_options]\naddopts = ['-n', '2']",
    )
    assert [fact.partition(" (")[2].partition(")")[0] for fact in found] == [
        "addopts in backend/pyproject.toml",
        "addopts in backend/pyproject.toml",
        "addopts in pytest.ini",
    ]


def test_what_is_not_looked_into_is_said(tmp_path: Path) -> None:
    assert facts(tmp_path, "- uses: ./.github/actions/setup\n- uses: o/xdist-ci@v1")[0] == (
        "`./.github/actions/setup` in job `test` is not looked into"
    )

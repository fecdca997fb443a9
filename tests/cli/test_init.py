"""`ci-tools init`: a starter in a user's repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ci_tools.cli.init import STARTERS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def init(where: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "ci_tools", "init", *words], cwd=where, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def test_there_is_a_choice_for_every_starter() -> None:
    assert {path.stem for path in (ROOT / "workflows").glob("*.yml")} == STARTERS.keys()


@pytest.mark.parametrize("starter", STARTERS)
def test_it_writes_the_starter_and_shows_it(repository: Path, starter: str) -> None:
    code, out, err = init(repository, starter)
    name = f".github/workflows/{STARTERS[starter]}"
    text = (ROOT / "workflows" / f"{starter}.yml").read_text()
    assert (repository / name).read_text() == text
    assert (code, err) == (0, f"wrote {name}: adjust what its comments number, then check with `ci-tools doctor`\n")
    assert out.startswith(f"--- /dev/null\n+++ {name}\n@@ ")
    assert out.count("\n+") == len(text.splitlines()) + 1


def test_what_is_there_is_never_overwritten(repository: Path) -> None:
    path = repository / ".github/workflows/tests.yml"
    path.parent.mkdir(parents=True)
    path.write_text("on: push\n")
    code, out, err = init(repository)
    assert (code, out) == (3, "")
    assert err == (
        "ci-tools: error: .github/workflows/tests.yml is there already, and different\n"
        "ci-tools: hint: move it away; `git diff` then shows the change\n"
    )
    assert path.read_text() == "on: push\n"


def test_a_dangling_link_is_not_written_through(repository: Path) -> None:
    path = repository / ".github/workflows/tests.yml"
    path.parent.mkdir(parents=True)
    path.symlink_to(repository / "elsewhere.yml")
    assert init(repository)[0] == 3
    assert not (repository / "elsewhere.yml").exists()


def test_twice_is_the_same_as_once(repository: Path) -> None:
    init(repository)
    assert init(repository) == (0, "", ".github/workflows/tests.yml is there already, and the same\n")


def test_a_dry_run_writes_nothing(repository: Path) -> None:
    code, out, err = init(repository, "simple", "--dry-run")
    assert (code, err) == (0, "")
    assert "+      - uses: org/xdist-ci@v1\n" in out
    assert [path.name for path in repository.iterdir()] == [".git"]


def test_elsewhere_than_in_a_repository_it_refuses(tmp_path: Path) -> None:
    code, _, err = init(tmp_path)
    assert code == 2
    assert err.endswith("ci-tools: hint: go there, or say --directory\n")

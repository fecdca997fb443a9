"""What a release checks of its tag."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".github/release.py"
script = runpy.run_path(str(SCRIPT))

CHANGELOG = """\
# Changelog

## Unreleased

- soon

## [1.10.0] - 2026-11-30

- ten

## 1.1.0

- one
"""


@pytest.mark.parametrize(
    ("tag", "tags", "moves"),
    [
        ("v1.2.3", ["v1.2.3", "v1.2.2"], True),
        ("v1.2.3", ["v1.10.0"], False),  # a fix of an old release
        ("v1.10.0", ["v1.9.0", "v2.0.0"], True),
        ("v1.0.0", ["v1", "latest", "v2.0.0-rc1"], True),
        ("v1.0.0", [], True),
    ],
)
def test_the_major_tag_moves_forward_only(tag: str, tags: list[str], moves: bool) -> None:
    assert script["is_highest"](script["version_of"](tag), tags) is moves


@pytest.mark.parametrize("tag", ["v1", "1.2.3", "v1.2.3-rc1", "v1.2.3\n", "v1.2"])
def test_other_tags_are_no_versions(tag: str) -> None:
    assert script["version_of"](tag) is None


@pytest.mark.parametrize(("version", "notes"), [("1.10.0", "- ten"), ("1.1.0", "- one"), ("1.0.0", ""), ("1", "")])
def test_the_notes_are_the_changelogs_entry(version: str, notes: str) -> None:
    assert script["notes_of"](version, CHANGELOG) == notes


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in (
        (".github/release.py", SCRIPT.read_text()),
        ("ci_tools/__init__.py", '__version__ = "1.10.0"\n'),
        ("CHANGELOG.md", CHANGELOG),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for words in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "all"], ["tag", "v1.10.0"]):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *words], cwd=tmp_path, check=True)
    return tmp_path


def ask(repository: Path, *words: str) -> tuple[int, str]:
    script = [sys.executable, repository / ".github/release.py"]
    done = subprocess.run([*script, *words], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_tag_that_is_the_version_and_in_the_changelog_is_released(repository: Path) -> None:
    assert ask(repository, "v1.10.0") == (0, "")
    assert ask(repository, "v1.10.0", "--notes") == (0, "- ten\n")
    assert ask(repository, "v1.10.0", "--moves") == (0, "v1\n")


def test_below_a_higher_tag_of_its_major_version_it_moves_nothing(repository: Path) -> None:
    subprocess.run(["git", "tag", "v1.11.0"], cwd=repository, check=True)
    assert ask(repository, "v1.10.0", "--moves") == (0, "\n")


def test_a_tag_that_is_not_the_version_is_refused(repository: Path) -> None:
    assert ask(repository, "v1.10.1") == (1, "::error::the tag is v1.10.1, the version 1.10.0\n")


def test_a_version_without_an_entry_is_refused(repository: Path) -> None:
    (repository / "CHANGELOG.md").write_text("# Changelog\n")
    assert ask(repository, "v1.10.0") == (1, "::error::CHANGELOG.md has no entry 1.10.0\n")

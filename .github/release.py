"""What a release needs to know of its tag: is it the version, what are its notes, does it move the major version's tag?

usage: release.py TAG [--notes | --moves]
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(tag: str, question: str = "") -> int:
    number = version_of(tag)
    if number is None:
        return refused(f"{tag!r} is no version tag like v1.2.3")
    version = re.search(r'^__version__ = "(.*)"$', (ROOT / "ci_tools/__init__.py").read_text(), re.M)
    if version is None or tag != f"v{version[1]}":
        return refused(f"the tag is {tag}, the version {version[1] if version else 'not to be found'}")
    notes = notes_of(tag.removeprefix("v"), (ROOT / "CHANGELOG.md").read_text())
    if not notes:
        return refused(f"CHANGELOG.md has no entry {tag.removeprefix('v')}")
    if question == "--notes":
        print(notes)
    if question == "--moves":
        tags = subprocess.run(["git", "tag", "--list", "v*"], cwd=ROOT, capture_output=True, text=True, check=True)
        print(f"v{number[0]}" if is_highest(number, tags.stdout.split()) else "")
    return 0


def version_of(tag: str) -> tuple[int, int, int] | None:
    """Return (major, minor, patch)."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)", tag)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def is_highest(number: tuple[int, int, int], tags: list[str]) -> bool:
    """Return whether no tag of the same major version is higher: a fix of an old release moves nothing."""
    versions = [version_of(tag) for tag in tags]
    return number >= max((v for v in versions if v is not None and v[0] == number[0]), default=number)


def notes_of(version: str, changelog: str) -> str:
    """Return the changelog's entry, without its heading."""
    match = re.search(rf"^## \[?{re.escape(version)}\]?(?=\s)[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    return match[1].strip() if match else ""


def refused(why: str) -> int:
    print(f"::error::{why}")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

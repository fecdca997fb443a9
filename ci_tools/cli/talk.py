"""stdout is the answer, stderr the talk."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Tell the user what is going on."""
    print(text, file=sys.stderr, flush=True)


def error(text: str) -> None:
    """Say what went wrong."""
    say(f"ci-tools: error: {text}")


def hint(text: str) -> None:
    """Say what to do about it."""
    say(f"ci-tools: hint: {text}")

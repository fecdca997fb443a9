"""stdout is the answer, stderr the talk. On GitHub Actions neither may hold a workflow command but ours."""

from __future__ import annotations

import contextlib
import os
import sys


def say(text: str) -> None:
    """Tell the user what is going on."""
    print(text, file=sys.stderr, flush=True)


def error(text: str, *, hint: str = "") -> None:
    """Say what went wrong, and what to do about it; on GitHub Actions as an annotation too."""
    say(f"ci-tools: error: {text}")
    if hint:
        say(f"ci-tools: hint: {hint}")
    if _on_github():
        from ci_tools.github.guard import send
        from ci_tools.github.outputs import annotation_line

        send(annotation_line("error", f"{text}\n{hint}".rstrip(), title="xdist-ci"))


def guarded() -> contextlib.AbstractContextManager[None]:
    """Keep test names and messages from being taken for workflow commands, on GitHub Actions."""
    if not _on_github():
        return contextlib.nullcontext()
    from ci_tools.github import guard

    return contextlib.nullcontext() if isinstance(sys.stdout, guard.Guard) else guard.guarded()


def _on_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"

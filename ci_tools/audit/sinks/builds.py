"""Calls that start a build, or containers."""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.sinks.commands import words_of
from ci_tools.audit.sinks.where import is_refused
from ci_tools.audit.steps import Call, Kind, Step, Value

# What of a program's commands builds or starts something in place; none: all do.
_BUILDERS: dict[str, tuple[str, ...]] = {
    "make": (),
    "cmake": (),
    "ninja": (),
    "npm": ("ci", "install", "run", "i"),
    "yarn": (),
    "pnpm": ("install", "run", "build"),
    "cargo": ("build",),
    "go": ("build", "generate"),
    "mvn": (),
    "gradle": (),
    "docker": ("up", "down", "start", "stop", "build", "run"),
    "docker-compose": ("up", "down", "start", "stop", "build"),
    "podman": ("run", "build", "start", "stop"),
    "pip": ("install",),
    "poetry": ("install", "build"),
    "alembic": ("upgrade", "downgrade"),
}
_MIGRATIONS = ("alembic.command.upgrade", "alembic.command.downgrade")


def built_by(step: Step) -> Iterator[str]:
    """Yield the commands of a step that build or start something which all workers have."""
    if not isinstance(step, Call) or is_refused(step) or _is_elsewhere(step):
        return
    words = words_of(step)
    if words and _builds(words):
        yield " ".join(words[:4])
    elif step.name in _MIGRATIONS:
        yield f"alembic {step.name.rpartition('.')[2]}"


def _builds(words: tuple[str, ...]) -> bool:
    program = words[0].rpartition("/")[2]
    if program not in _BUILDERS or "--version" in words or "--help" in words:
        return False
    commands = _BUILDERS[program]
    return not commands or any(word in commands for word in words[1:4])


def _is_elsewhere(call: Call) -> bool:
    """Return whether the command runs in a directory that is private, or unknown."""
    directory = call.keywords.get("cwd", Value(Kind.CONST))
    if directory.kind in (Kind.CONST, Kind.PATH) and not directory.is_unique:
        return call.cwd.kind is Kind.PRIVATE and directory.data is None
    return True

"""What a step says to the runner: outputs, the summary, annotations. The standard library alone."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from ci_tools.model.errors import CiToolsError

# The runner drops a summary above 1 MiB whole; bytes, all of the step's appends together.
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
MAX_SUMMARY_BYTES = 1_000_000
CUT = "\n\n… the rest was left out: GitHub shows no summary above 1 MiB\n"

Level = Literal["error", "warning", "notice"]


def write_outputs(values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> bool:
    """Append the step's outputs to GITHUB_OUTPUT; return False where that isn't set (a laptop).

    The names are ours, the values may be anybody's: a random delimiter per value keeps them apart.
    """
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in values), values
    return _append(environ, "GITHUB_OUTPUT", "".join(_output(name, value) for name, value in values.items()))


def _output(name: str, value: str) -> str:
    delimiter = f"xdist-ci-{secrets.token_hex(16)}"
    if delimiter in value:
        raise CiToolsError(f"the value of output {name!r} holds its own random delimiter", hint="run it again")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def append_summary(text: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Append Markdown to GITHUB_STEP_SUMMARY; return False where that isn't set.

    What goes beyond MAX_SUMMARY_BYTES is cut after a line, and said so. Whoever renders cuts better.
    """
    name = environ.get("GITHUB_STEP_SUMMARY", "")
    if not name:
        return False
    path = Path(name)
    room = MAX_SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
    return _append(environ, "GITHUB_STEP_SUMMARY", _cut(text, room))


def _cut(text: str, room: int) -> str:
    data = _bytes(text)
    if len(data) <= room:
        return text
    room -= len(_bytes(CUT))
    if room < 0:
        return ""
    head, newline, _ = data[:room].rpartition(b"\n")
    return (head + newline).decode() + CUT


def annotation_line(level: Level, message: str, *, file: str = "", line: int | None = None, title: str = "") -> str:
    """Return a workflow command, without its newline; print it with `guard.send`.

    `file` is relative to the repository, `line` counts from 1.

    Source: escapes of `@actions/core`, undone by actions/runner `ActionCommand.TryParseV2`.
    """
    properties = {"file": file, "line": str(line) if line else "", "title": title}
    listed = ",".join(f"{key}={_escaped(value, property=True)}" for key, value in properties.items() if value)
    return f"::{level}{' ' if listed else ''}{listed}::{_escaped(message)}"


def _escaped(text: str, *, property: bool = False) -> str:
    for character in "%\r\n:," if property else "%\r\n":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")  # a node id may hold a lone surrogate


def _append(environ: Mapping[str, str], name: str, text: str) -> bool:
    path = environ.get(name, "")
    if not path:
        return False
    try:
        with Path(path).open("ab") as file:
            file.write(_bytes(text))
    except OSError as error:
        raise CiToolsError(f"{name}: {path} can't be written: {error.strerror}") from None
    return True

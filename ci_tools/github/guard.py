"""Keeps what we print from being taken for a workflow command. The standard library alone.

The runner takes a line for a command when it starts with `::`, white space before that aside
(`ActionCommand.TryParseV2`), or has `##[` anywhere (`TryParse`). A test's name or message may hold either.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

# .NET trims Unicode white space, its reader drops a byte order mark, its comparison ignores what has no width.
_BLANK = r"[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*"
_COMMAND = re.compile(rf"\A{_BLANK}:(?=:)|##(?=\[)")
_UNDECIDED = re.compile(_BLANK + ":?")
_LINE_ENDS = re.compile(r"(?<=[\r\n])")  # the runner reads lines as .NET's ReadLine does


class Guard:
    """A text stream in which no line is a workflow command: a space goes into `::` and `##[`.

    A line may come in pieces. Whatever else a stream can do is the wrapped one's.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""

    def write(self, text: str) -> int:
        """Write text with its commands broken; return how many characters of it were taken: all."""
        for piece in _LINE_ENDS.split(text):
            line = _COMMAND.sub(r"\g<0> ", self._line + piece)
            self._stream.write(line[len(self._line) :])
            self._line = "" if line.endswith(("\r", "\n")) else _kept(line)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def send(self, command: str) -> None:
        """Write a workflow command on a line of its own, as it is."""
        self._stream.write(("\n" if self._line else "") + command + "\n")
        self._line = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _kept(line: str) -> str:
    """Return as much of an unfinished line as decides whether its next piece completes a command."""
    return line[-2:] if _UNDECIDED.fullmatch(line) else "…" + line[-2:]


@contextmanager
def guarded() -> Iterator[None]:
    """Guard stdout and stderr while the block runs."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, Guard(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def send(command: str) -> None:
    """Print a line of `outputs.annotation_line` to stdout, past the guard where there is one."""
    stream: Any = sys.stdout
    if isinstance(stream, Guard):
        stream.send(command)
    else:
        stream.write(command + "\n")

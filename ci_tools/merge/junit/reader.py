"""A JUnit file, streamed through expat: memory for its cases and their failures, never for its output.

Limits keep hostile files small. Document types are refused, and with them all entities.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from ci_tools.merge.junit.again import told_apart
from ci_tools.merge.junit.cases import Cases, RefusedError
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.model.report import NotRun
from ci_tools.model.run import Attempt
from ci_tools.model.words import count, size

CHUNK_BYTES = 1 << 16
MAX_FILE_BYTES = 4_000_000_000
MAX_TOKEN_BYTES = 8_000_000  # expat holds a tag, an attribute or a comment whole
MAX_CASES = 5_000_000

_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""")
# What expat knows itself, and the character sets of one byte that Python tells it.
_ENCODINGS = re.compile(r"utf-?8|us-ascii|(?:iso-?8859|latin)-?\d{1,2}|(?:cp|windows-)125\d|koi8-[ru]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class JUnitFile:
    """A file's results: `attempts` sorted by node id, those of one test in the file's order.

    `problems` say why they aren't all of it: each is a reason with its line. `not_run` and
    `skipped_modules` are what the file says of tests without a result, `foreign` is the root
    element of a report that isn't JUnit, "" otherwise.
    """

    name: str
    attempts: tuple[Attempt, ...] = ()
    problems: tuple[str, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    skipped_modules: tuple[str, ...] = ()
    foreign: str = ""


def read_junit(path: Path, ids: NodeIds, *, name: str = "") -> JUnitFile:
    """Return what one file holds, under `name` (default: its path); never raises for what is in it."""
    name = name or path.as_posix()
    try:
        with _opened(path) as stream:
            return read_stream(stream, ids, name=name)
    except OSError as error:
        return JUnitFile(name=name, problems=(f"can't be read: {error.strerror}",))
    except RefusedError as refusal:
        return JUnitFile(name=name, problems=(str(refusal),))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with open(path, "rb", buffering=0, opener=_without_waiting) as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise RefusedError(f"{size(status.st_size)}, the limit is {size(MAX_FILE_BYTES)}")
        yield stream


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a FIFO would wait for its writer


def read_stream(stream: BinaryIO, ids: NodeIds, *, name: str) -> JUnitFile:
    """Return what an open binary stream holds; all complete cases of one that breaks off."""
    cases = Cases(ids)
    problem = ""
    try:
        _feed(stream, cases)
    except RefusedError as refusal:
        problem = str(refusal)
        cases.salvage()
    return JUnitFile(
        name=name,
        attempts=told_apart(cases.attempts),
        problems=(*cases.problems, *([problem] if problem else [])),
        not_run=tuple(cases.not_run),
        skipped_modules=tuple(cases.skipped_modules),
        foreign=cases.foreign,
    )


def _feed(stream: BinaryIO, cases: Cases) -> None:
    """Parse a stream to its end, or raise RefusedError with line and reason."""
    head, skipped_lines = _head(stream)
    parser = expat.ParserCreate(_encoding(head))
    cases.handle(parser)
    fed = 0
    chunk = head
    try:
        while chunk:
            fed += len(chunk)
            parser.Parse(chunk)
            if fed - parser.CurrentByteIndex > MAX_TOKEN_BYTES:
                raise RefusedError(f"a tag, attribute or comment of more than {size(MAX_TOKEN_BYTES)}")
            if fed > MAX_FILE_BYTES:
                raise RefusedError(f"more than {size(MAX_FILE_BYTES)}")
            if cases.n_met > MAX_CASES:
                raise RefusedError(f"more than {count(MAX_CASES, 'case')}")
            chunk = stream.read(CHUNK_BYTES)
        parser.Parse(b"", True)
    except RefusedError as refusal:
        raise RefusedError(f"line {parser.CurrentLineNumber + skipped_lines}: {refusal}") from None
    except expat.ExpatError as error:
        raise RefusedError(f"line {error.lineno + skipped_lines}: {_reason(error)}") from None
    except (LookupError, ValueError) as error:  # of pyexpat's own decoding
        raise RefusedError(f"line 1: can't be decoded: {error}") from None
    finally:
        cases.let_go(parser)


def _head(stream: BinaryIO) -> tuple[bytes, int]:
    """Return the first chunk from its first byte of XML on, and the lines before: some files begin with a blank one."""
    blank = b""
    while chunk := stream.read(CHUNK_BYTES):
        head = chunk.removeprefix(_BOM).lstrip(_BLANK)
        blank += chunk[: len(chunk) - len(head)]
        if head:
            return head, blank.count(b"\n")
        if len(blank) > MAX_TOKEN_BYTES:
            break
    raise RefusedError("empty" if not blank else "nothing but blanks")


def _encoding(head: bytes) -> str | None:
    """Return the encoding that must be told to expat, None where it finds out itself."""
    declared = _DECLARED.match(head)
    if declared is None:
        return None
    name = declared[1].decode("ascii", "replace").lower()
    if name in ("utf8", "utf_8") or name.startswith(("utf-16", "utf16")):
        return "utf-8"  # that the declaration can be read means that it is no UTF-16
    if not _ENCODINGS.fullmatch(name):
        raise RefusedError(f"line 1: encoding {name!r} isn't read: write UTF-8")
    return None


def _reason(error: expat.ExpatError) -> str:
    text = expat.ErrorString(error.code)
    if text in ("no element found", "unclosed token", "unclosed CDATA section"):
        return f"cut off ({text})"
    return f"not well-formed XML ({text.removeprefix('not well-formed (').rstrip(')')})"

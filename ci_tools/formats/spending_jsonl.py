"""`spending/*.jsonl`: what one process's tests spent, one line per entry, after a header.

Each process has a file of its own, so a kill tears the last line at most.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ci_tools.formats._document import Fields, check_header, parse, shown
from ci_tools.model.errors import CiToolsError
from ci_tools.model.money import amount_of, usd_text
from ci_tools.model.spending import MAX_NAME_CHARS, MAX_NODEID_CHARS, MAX_TOKENS, Book, Entry, What

FORMAT = "xdist-ci/spending"
# 1: the first.
VERSION = 1

MAX_SEQ = 10**12

_encode = json.JSONEncoder(separators=(",", ":")).encode
_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_WORKER = re.compile(r"[\w.-]{1,32}", re.ASCII)


def header_line(book: Book, *, shard: int) -> str:
    """Return the first line: whose entries follow. `shard` is 0 outside of one."""
    whose = {"run": book.run, "shard": shard, "worker": book.worker, "process": book.process}
    return _encode({"format": FORMAT, "version": VERSION, **whose})


def entry_line(entry: Entry) -> str:
    """Return an entry's line; what is empty is left out, and so is the amount of what has no price."""
    document: dict[str, Any] = {
        "t": entry.what.value,
        "seq": entry.seq,
        "at_s": round(entry.at_s, 3),
        "id": entry.nodeid,
    }
    for key, value in (("kind", entry.kind), ("model", entry.model), ("tokens", entry.tokens), ("of", entry.of)):
        if value:
            document[key] = value
    if entry.usd is not None:
        document["usd"] = usd_text(entry.usd)
    return _encode(document | {"listed": True} if entry.is_listed else document)


def dumps(book: Book, *, shard: int = 0) -> str:
    """Return a book as a process writes it, line by line."""
    return "".join(f"{line}\n" for line in (header_line(book, shard=shard), *map(entry_line, book.entries)))


def loads(text: str, *, source: str) -> Book:
    """Return what a process wrote. FormatError for a file of another kind or version.

    A last line that a kill has torn is nothing; any other line that can't be read counts as damaged.
    """
    head, _, rest = text.partition("\n")
    fields = Fields(
        check_header(parse(head, source=source), format=FORMAT, version=VERSION, source=source), source=source
    )
    entries = tuple(_entries(rest, source=source))
    return Book(
        run=_matching(fields, "run", _ID),
        worker=_matching(fields, "worker", _WORKER),
        process=_matching(fields, "process", _ID),
        entries=tuple(entry for entry in entries if entry is not None),
        damaged=entries.count(None),
    )


def _entries(text: str, *, source: str) -> Iterator[Entry | None]:
    *whole, _ = text.split("\n")
    for number, line in enumerate(whole, 2):
        yield entry_of(line, source=f"{source}: line {number}")


def entry_of(line: str, *, source: str) -> Entry | None:
    """Return a whole line's entry, None when it is none."""
    try:
        return _entry(Fields(parse(line, source=source), source=source))
    except CiToolsError:
        return None


def _entry(fields: Fields) -> Entry:
    usd = None if fields.get("usd") is None else amount_of(fields.text("usd"))
    what = fields.choice("t", What)
    if what is not What.ADD and usd is None:
        raise fields.refuse("a reservation without an amount")
    return Entry(
        what=what,
        nodeid=_text(fields, "id", MAX_NODEID_CHARS),
        usd=usd,
        kind=_text(fields, "kind", MAX_NAME_CHARS, default=""),
        model=_text(fields, "model", MAX_NAME_CHARS, default=""),
        tokens=_number(fields, "tokens", 2 * MAX_TOKENS, default=0),  # input and output
        is_listed=fields.get("listed") is True,
        of=_number(fields, "of", MAX_SEQ, default=0),
        seq=_number(fields, "seq", MAX_SEQ, least=1),
        at_s=fields.seconds("at_s"),
    )


def _matching(fields: Fields, key: str, pattern: re.Pattern[str]) -> str:
    text = fields.text(key)
    if not pattern.fullmatch(text):
        raise fields.refuse(f"{key!r} is {shown(text)}, which names none")
    return text


def _text(fields: Fields, key: str, limit: int, *, default: str | None = None) -> str:
    text = fields.text(key, default)
    if len(text) > limit:
        raise fields.refuse(f"{key!r} is longer than {limit:,} characters")
    return text


def _number(fields: Fields, key: str, most: int, *, default: int | None = None, least: int = 0) -> int:
    number = fields.integer(key, default, least=least)
    if number > most:
        raise fields.refuse(f"{key!r} is too large")
    return number

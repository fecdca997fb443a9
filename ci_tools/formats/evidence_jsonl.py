"""`workers/gw0.evidence.jsonl`: what the tests of one worker touched and left changed, a line per unit, after a header.

Each process that runs tests has a file of its own, and its forked children append to it: a kill tears a line at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ci_tools.formats._document import Fields, check_header, parse
from ci_tools.model.errors import CiToolsError
from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record, Touch

FORMAT = "xdist-ci/evidence"
# 1: the first.
VERSION = 1

MAX_TOUCHES = 2_000  # of one record
MAX_CHANGES = 100
MAX_NAME_CHARS = 4_096
_PHASES = ("", "setup", "call", "teardown")
_HOWS = ("set", "changed", "removed")

_encode = json.JSONEncoder(separators=(",", ":")).encode


def header_line(worker: str, rootdir: str) -> str:
    """Return the first line: whose records follow, and what their paths are relative to."""
    return _encode({"format": FORMAT, "version": VERSION, "worker": worker, "rootdir": rootdir})


def record_line(record: Record) -> str:
    """Return a record's line; what is empty is left out."""
    document: dict[str, Any] = {"t": record.kind.value, "id": record.id}
    touched: dict[str, dict[str, list[str]]] = {}
    for touch in record.touched:
        touched.setdefault(touch.phase, {}).setdefault(touch.access.value, []).append(touch.resource)
    for key, value in (
        ("scope", record.scope),
        ("under", record.under),
        ("touched", touched),
        ("changed", [[c.what, c.name, c.how, c.among] for c in record.changed]),
        ("omitted", record.omitted),
    ):
        if value:
            document[key] = value
    return _encode(document)


def dumps(evidence: Evidence) -> str:
    """Return evidence as a process writes it, line by line."""
    lines = (header_line(evidence.worker, evidence.rootdir), *map(record_line, evidence.records))
    return "".join(f"{line}\n" for line in lines)


def loads(text: str, *, source: str) -> Evidence:
    """Return what a process wrote; FormatError for a file of another kind or version.

    A last line that a kill has torn is nothing; any other line that can't be read counts as damaged.
    """
    head, _, rest = text.partition("\n")
    header = check_header(parse(head, source=source), format=FORMAT, version=VERSION, source=source)
    fields = Fields(header, source=source)
    worker = _name(fields, "worker")
    records = tuple(_records(rest, worker, source=source))
    return Evidence(
        worker=worker,
        rootdir=_name(fields, "rootdir"),
        records=tuple(record for record in records if record is not None),
        damaged=records.count(None),
    )


def _records(text: str, worker: str, *, source: str) -> Iterator[Record | None]:
    *whole, _ = text.split("\n")
    for number, line in enumerate(whole, 2):
        try:
            yield _record(Fields(parse(line, source=source), source=source, where=f"line {number}"), worker)
        except CiToolsError:
            yield None


def _record(fields: Fields, worker: str) -> Record:
    return Record(
        kind=fields.choice("t", Kind),
        id=_name(fields, "id"),
        worker=worker,
        touched=_touched(fields),
        changed=_changed(fields),
        scope=_name(fields, "scope", ""),
        under=_name(fields, "under", ""),
        omitted=min(fields.integer("omitted", 0), 10**12),
    )


def _touched(fields: Fields) -> tuple[Touch, ...]:
    phases = fields.object("touched") if fields.get("touched") is not None else None
    touches: list[Touch] = []
    for phase in _keys(fields, "touched") if phases else ():
        if phase not in _PHASES or phases is None:
            raise fields.refuse(f"{phase!r} is no phase of a test")
        accesses = phases.object(phase)
        for access in _keys(phases, phase):
            names = accesses.texts(access)
            touches += [Touch(_access(fields, access), _checked(fields, name), phase) for name in names]
    return _within(fields, touches, MAX_TOUCHES)


def _keys(fields: Fields, key: str) -> tuple[str, ...]:
    value = fields.get(key)
    return tuple(value) if isinstance(value, dict) else ()


def _access(fields: Fields, text: str) -> Access:
    try:
        return Access(text)
    except ValueError:
        raise fields.refuse(f"{text!r} is no access that this ci-tools knows") from None


def _changed(fields: Fields) -> tuple[Change, ...]:
    rows = fields.get("changed") or []
    if not isinstance(rows, list):
        raise fields.refuse("'changed' is no list")
    return _within(fields, [_change(fields, row) for row in rows], MAX_CHANGES)


def _change(fields: Fields, row: object) -> Change:
    if not isinstance(row, list) or len(row) != 4 or not all(isinstance(text, str) for text in row[:3]):
        raise fields.refuse("a change has what, name, how and among how many")
    what, name, how, among = row
    if how not in _HOWS or type(among) is not int or not 1 <= among < 10**9:
        raise fields.refuse("a change is set, changed or removed, by one of so many tests")
    return Change(_checked(fields, what), _checked(fields, name), how, among)


def _within(fields: Fields, values: list[Any], limit: int) -> tuple[Any, ...]:
    if len(values) > limit:
        raise fields.refuse(f"more than {limit:,} in one record")
    return tuple(values)


def _name(fields: Fields, key: str, default: str | None = None) -> str:
    return _checked(fields, fields.text(key, default))


def _checked(fields: Fields, name: str) -> str:
    if len(name) > MAX_NAME_CHARS:
        raise fields.refuse(f"a name is longer than {MAX_NAME_CHARS:,} characters")
    return name

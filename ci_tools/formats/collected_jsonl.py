"""`collected.jsonl`: what a shard's collection met, one line per file, closed by an `end` line."""

from __future__ import annotations

import json
from typing import Any

from ci_tools.formats._document import Fields, check_header, lines
from ci_tools.model.errors import FormatError
from ci_tools.model.run import CollectedFile, Collection, FileState

FORMAT = "xdist-ci/collected"
# 1: the first.
VERSION = 1

# Of CollectedFile; what is empty is left out.
_NAMES = ("selected", "deselected", "left", "serial", "held_back", "global_resources")
_encode = json.JSONEncoder(separators=(",", ":")).encode


def dumps(collection: Collection) -> str:
    """Return the collection as text, files in the order given."""
    head = _encode({"format": FORMAT, "version": VERSION, "sessions": collection.sessions})
    end = _encode({"end": len(collection.files)})
    return "\n".join([head, *(_encode(_document(file)) for file in collection.files), end, ""])


def loads(text: str, *, source: str) -> Collection:
    """Return the collection; `complete` is False when its end is missing.

    FormatError only for a file of another kind or version.
    """
    files: list[CollectedFile] = []
    events = lines(text, source=source)
    _, header = next(events, (1, None))
    document = check_header(header, format=FORMAT, version=VERSION, source=source)
    sessions = Fields(document, source=source).texts("sessions")
    for number, event in events:
        if event is None:
            break
        if "end" in event:
            complete = type(event["end"]) is int and event["end"] == len(files)
            return Collection(files=tuple(files), complete=complete, sessions=sessions)
        try:
            files.append(_file(Fields(event, source=source, where=f"line {number}")))
        except FormatError:
            break
    return Collection(files=tuple(files), complete=False, sessions=sessions)


def _document(file: CollectedFile) -> dict[str, Any]:
    document: dict[str, Any] = {"file": file.file, "state": file.state.value}
    for key in ("reason", *_NAMES):
        if value := getattr(file, key):
            document[key] = value
    return document


def _file(fields: Fields) -> CollectedFile:
    return CollectedFile(
        file=fields.text("file"),
        state=fields.choice("state", FileState),
        reason=fields.text("reason", ""),
        **{key: fields.texts(key) for key in _NAMES if fields.get(key) is not None},
    )

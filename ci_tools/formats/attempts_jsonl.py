"""`attempts.jsonl`: what happened, one line per event, in the order it happened.

`begin` (with the header) opens a session, `start` a test, `attempt` closes it, `end` closes the
session. A command that calls pytest twice leaves two sessions in one file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ci_tools.formats._document import Fields, check_header, is_seconds, lines, shown
from ci_tools.model.errors import FormatError
from ci_tools.model.run import Attempt, Begin, Outcome, Session

FORMAT = "xdist-ci/attempts"
# 1: the first.
VERSION = 1

_encode = json.JSONEncoder(separators=(",", ":")).encode


def begin_line(begin: Begin) -> str:
    """Return the line that opens a session."""
    return _encode(
        {
            "format": FORMAT,
            "version": VERSION,
            "t": "begin",
            "nonce": begin.nonce,
            "python": begin.python,
            "pytest": begin.pytest,
            "xdist": begin.xdist,
            "workers": begin.workers,
            "dist": begin.dist,
            "rootdir": begin.rootdir,
            "start_s": round(begin.start_s, 3),
        }
    )


def start_line(nodeid: str) -> str:
    """Return the line that says a test has begun."""
    return '{"t":"start","id":' + _encode(nodeid) + "}"


def attempt_line(attempt: Attempt) -> str:
    """Return the line of a finished attempt; what is empty is left out."""
    document: dict[str, Any] = {
        "t": "attempt",
        "id": attempt.nodeid,
        "outcome": attempt.outcome.value,
        "worker": attempt.worker,
        "start_s": round(attempt.start_s, 3),
        "s": [round(seconds, 4) for seconds in attempt.seconds],
    }
    if attempt.rerun:
        document["rerun"] = attempt.rerun
    if attempt.phase != "call":
        document["phase"] = attempt.phase
    if attempt.message:
        document["message"] = attempt.message
    if attempt.text:
        document["text"] = attempt.text
    if attempt.location:
        document["location"] = attempt.location
    if attempt.subtests != (0, 0):
        document["subtests"] = attempt.subtests
    return _encode(document)


def end_line(exit_status: int, end_s: float) -> str:
    """Return the line that closes a session with pytest's exit status."""
    return _encode({"t": "end", "exit_status": exit_status, "end_s": round(end_s, 3)})


def loads(text: str, *, source: str) -> tuple[tuple[Session, ...], str]:
    """Return the sessions, and what is wrong with the rest ("" when nothing is).

    All lines before a broken one count. FormatError only for a file of another kind or version.
    """
    sessions: list[_Open] = []
    for number, event in lines(text, source=source):
        if event is None:
            return _closed(sessions), f"line {number} is cut off or damaged"
        if not sessions or event.get("t") == "begin":
            check_header(event, format=FORMAT, version=VERSION, source=source)
        if not sessions and event.get("t") != "begin":
            raise FormatError(f"{source}: line {number} opens no session")
        try:
            _take(event, sessions, source=source, where=f"line {number}")
        except FormatError as error:
            return _closed(sessions), error.fact.removeprefix(f"{source}: ")
    return _closed(sessions), ""


class _Open:
    """A session while its lines are being read."""

    def __init__(self, begin: Begin) -> None:
        self.begin = begin
        self.attempts: list[Attempt] = []
        self.running: dict[str, None] = {}
        self.exit_status: int | None = None
        self.end_s = 0.0


def _closed(sessions: list[_Open]) -> tuple[Session, ...]:
    return tuple(
        Session(
            begin=session.begin,
            attempts=tuple(session.attempts),
            running=tuple(session.running),
            exit_status=session.exit_status,
            end_s=session.end_s,
        )
        for session in sessions
    )


def _take(event: dict[str, Any], sessions: list[_Open], *, source: str, where: str) -> None:
    fields = Fields(event, source=source, where=where)
    kind = event.get("t")
    if kind == "begin":
        sessions.append(_Open(_begin(fields)))
        return
    session = sessions[-1]
    if kind == "start":
        session.running[fields.text("id")] = None
    elif kind == "attempt":
        attempt = _attempt(fields)
        session.running.pop(attempt.nodeid, None)
        session.attempts.append(attempt)
    elif kind == "end":
        exit_status, end_s = fields.integer("exit_status"), fields.seconds("end_s")
        session.exit_status, session.end_s = exit_status, end_s


def _begin(fields: Fields) -> Begin:
    return Begin(
        nonce=fields.text("nonce"),
        python=fields.text("python"),
        pytest=fields.text("pytest"),
        xdist=fields.text("xdist"),
        workers=fields.integer("workers", least=1),
        dist=fields.text("dist"),
        rootdir=fields.text("rootdir"),
        start_s=fields.seconds("start_s"),
    )


def _attempt(fields: Fields) -> Attempt:
    setup, call, teardown = _numbers(fields, "s", 3, is_seconds)
    passed, failed = _numbers(fields, "subtests", 2, _is_count) if fields.get("subtests") is not None else (0, 0)
    return Attempt(
        nodeid=fields.text("id"),
        outcome=fields.choice("outcome", Outcome),
        rerun=fields.integer("rerun", 0),
        worker=fields.text("worker"),
        start_s=fields.seconds("start_s"),
        seconds=(float(setup), float(call), float(teardown)),
        phase=fields.text("phase", "call"),
        message=fields.text("message", ""),
        text=fields.text("text", ""),
        location=fields.text("location", ""),
        subtests=(passed, failed),
    )


def _numbers(fields: Fields, key: str, n: int, is_right: Callable[[object], bool]) -> list[Any]:
    values = fields.get(key)
    if not isinstance(values, list) or len(values) != n or not all(map(is_right, values)):
        raise fields.refuse(f"{key!r} is {shown(values)}, wanted {n} numbers ≥ 0")
    return values


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63

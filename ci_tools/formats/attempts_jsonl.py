"""`attempts.jsonl`: what happened, one line per event, in the order it happened.

`begin` (with the header) opens a session, `worker`, `ready` and `gone` say how a process that
runs tests gets on, `start` opens a test, `attempt` closes it, `end` closes the session. Several
processes append to the file, each line in one write.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ci_tools.formats._document import Fields, check_header, is_seconds, parse, shown
from ci_tools.model.errors import FormatError
from ci_tools.model.run import Attempt, Begin, Outcome, Session

FORMAT = "xdist-ci/attempts"
# 1: the first.
VERSION = 1

_encode = json.JSONEncoder(separators=(",", ":")).encode
# How every line begins; within JSON text the quotes would be escaped.
_LINE = re.compile(r'\{"(?:t|format)":"')


def begin_line(begin: Begin) -> str:
    """Return the line that opens a session."""
    document = {
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
    return _encode(document | {"rerun": begin.rerun} if begin.rerun else document)


def worker_line(worker: str, pid: int, *, stack_signal: int) -> str:
    """Return the line of a process that runs tests; the signal has it write its stacks, 0: none."""
    return _encode({"t": "worker", "worker": worker, "pid": pid, "stack_signal": stack_signal})


def ready_line(worker: str) -> str:
    """Return the line that says a worker has collected."""
    return _encode({"t": "ready", "worker": worker})


def gone_line(worker: str) -> str:
    """Return the line that says a worker has run its last test."""
    return _encode({"t": "gone", "worker": worker})


def start_line(nodeid: str, worker: str) -> str:
    """Return the line that says a test has begun."""
    return '{"t":"start","id":' + _encode(nodeid) + ',"worker":' + _encode(worker) + "}"


def attempt_line(attempt: Attempt) -> str:
    """Return the line of a finished attempt; what is empty is left out, `rerun` follows from the order."""
    document: dict[str, Any] = {
        "t": "attempt",
        "id": attempt.nodeid,
        "outcome": attempt.outcome.value,
        "worker": attempt.worker,
        "start_s": round(attempt.start_s, 3),
        "s": [round(seconds, 4) for seconds in attempt.seconds],
    }
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
    if lock_wait_s := round(attempt.lock_wait_s, 4):
        document["lock_wait_s"] = lock_wait_s
    return _encode(document)


def end_line(exit_status: int, end_s: float, *, unexplained: int = 0) -> str:
    """Return the line that closes a session with pytest's exit status."""
    document = {"t": "end", "exit_status": exit_status, "end_s": round(end_s, 3)}
    return _encode(document | {"unexplained": unexplained} if unexplained else document)


def events(text: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield (line number, event); (number, None) once, and last, when the end is cut off.

    A worker that was killed while writing leaves a torn line that the next process continues:
    what is torn is left out, the rest of the line holds. Nothing is proved by a line that is
    missing: its test counts as not run.
    """
    rows = text.split("\n")
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        event = _event(row)
        if event is not None:
            yield number, event
        elif number == len(rows) or not any(rows[number:]):
            yield number, None


def _event(row: str) -> dict[str, Any] | None:
    """Return a line's event; of a torn line that another continues the last one, None when there is none."""
    event = _object(row)
    if event is None:
        starts = [match.start() for match in _LINE.finditer(row)]
        event = _object(row[starts[-1] :]) if starts else None
    return event


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = parse(text, source="")
    except FormatError:
        return None
    return value if isinstance(value, dict) else None


def loads(text: str, *, source: str) -> tuple[tuple[Session, ...], str]:
    """Return the sessions, and what is wrong with the rest ("" when nothing is).

    All lines before a wrong one count. FormatError only for a file of another kind or version.
    """
    sessions: list[_Open] = []
    runs: Counter[str] = Counter()
    for number, event in events(text):
        if event is None:
            return _closed(sessions), f"line {number} is cut off or damaged"
        if not sessions or event.get("t") == "begin":
            check_header(event, format=FORMAT, version=VERSION, source=source)
        if not sessions and event.get("t") != "begin":
            raise FormatError(f"{source}: line {number} opens no session")
        try:
            _take(event, sessions, runs, source=source, where=f"line {number}")
        except FormatError as error:
            return _closed(sessions), error.fact.removeprefix(f"{source}: ")
    return _closed(sessions), ""


class _Open:
    """A session while its lines are being read."""

    def __init__(self, begin: Begin, index: int) -> None:
        self.begin = begin
        self.index = index
        self.attempts: list[Attempt] = []
        self.running: dict[tuple[str, str], None] = {}
        self.crashed: set[tuple[str, str]] = set()
        self.exit_status: int | None = None
        self.end_s = 0.0
        self.unexplained = 0

    def add(self, attempt: Attempt, runs: Counter[str]) -> None:
        """Take an attempt in, unless it is a crash that was told before.

        What `ci-tools run` says of the test whose worker it killed holds; what pytest-xdist
        says of the same death adds nothing.
        """
        place = (attempt.worker, attempt.nodeid)
        if place in self.running:
            del self.running[place]
            self.crashed.discard(place)
        if attempt.outcome is Outcome.CRASHED:
            if place in self.crashed:
                return
            self.crashed.add(place)
        self.attempts.append(replace(attempt, rerun=runs[attempt.nodeid], session=self.index, fresh=self.begin.rerun))
        runs[attempt.nodeid] += 1


def _closed(sessions: list[_Open]) -> tuple[Session, ...]:
    return tuple(
        Session(
            begin=session.begin,
            attempts=tuple(session.attempts),
            running=tuple(dict.fromkeys(nodeid for _, nodeid in session.running)),
            exit_status=session.exit_status,
            end_s=session.end_s,
            unexplained=session.unexplained,
        )
        for session in sessions
    )


def _take(event: dict[str, Any], sessions: list[_Open], runs: Counter[str], *, source: str, where: str) -> None:
    fields = Fields(event, source=source, where=where)
    kind = event.get("t")
    if kind == "begin":
        sessions.append(_Open(_begin(fields), len(sessions)))
        return
    session = sessions[-1]
    if kind == "start":
        session.running[fields.text("worker"), fields.text("id")] = None
    elif kind == "attempt":
        session.add(_attempt(fields), runs)
    elif kind == "end":
        exit_status, end_s = fields.integer("exit_status"), fields.seconds("end_s")
        session.unexplained = fields.integer("unexplained", 0)
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
        rerun=fields.integer("rerun", 0),
    )


def _attempt(fields: Fields) -> Attempt:
    setup, call, teardown = _numbers(fields, "s", 3, is_seconds)
    passed, failed = _numbers(fields, "subtests", 2, _is_count) if fields.get("subtests") is not None else (0, 0)
    return Attempt(
        nodeid=fields.text("id"),
        outcome=fields.choice("outcome", Outcome),
        worker=fields.text("worker"),
        start_s=fields.seconds("start_s"),
        seconds=(float(setup), float(call), float(teardown)),
        phase=fields.text("phase", "call"),
        message=fields.text("message", ""),
        text=fields.text("text", ""),
        location=fields.text("location", ""),
        subtests=(passed, failed),
        lock_wait_s=fields.seconds("lock_wait_s", 0.0),
    )


def _numbers(fields: Fields, key: str, n: int, is_right: Callable[[object], bool]) -> list[Any]:
    values = fields.get(key)
    if not isinstance(values, list) or len(values) != n or not all(map(is_right, values)):
        raise fields.refuse(f"{key!r} is {shown(values)}, wanted {n} numbers ≥ 0")
    return values


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63

"""Who is at it: the unit that runs now, what it has touched, what it left changed; written down when it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ci_tools.formats import evidence_jsonl
from ci_tools.model.evidence import Access, Change, Kind, Record, Touch
from ci_tools.plugin.evidence.events import Events, Seen
from ci_tools.plugin.evidence.names import Names
from ci_tools.plugin.evidence.state import State
from ci_tools.store.lines import Lines

if TYPE_CHECKING:
    from ci_tools.plugin.evidence.slow import SlowMotion

MAX_BYTES = 80_000_000  # of one file; what reads it takes 100 MB
_HARMLESS = (Access.READ, Access.LIST, Access.SET, Access.RUN)
_DIRECTORY_READS = (Access.READ, Access.WRITE, Access.APPEND)  # of a directory: how it is opened, to no effect


@dataclass(slots=True)
class _Unit:
    kind: Kind
    id: str
    scope: str = ""
    under: str = ""
    seen: set[Seen] = field(default_factory=set)
    changed: list[Change] = field(default_factory=list)


class Observer:
    """The units of one process, one within the other: a fixture of wider scope is set up during a test."""

    def __init__(self, lines: Lines, worker: str, rootdir: str, private: list[str], *, is_thorough: bool) -> None:
        self._lines = lines
        self._worker = worker
        self._names = Names(rootdir, private)
        self._events = Events(self._names.private, self._names.add_private)
        self._state = State(rootdir, self._names.private, is_thorough=is_thorough)
        self._units: list[_Unit] = []
        self._databases: dict[str, object] = {}  # as they were before they were opened, or when last looked at
        self._events.on_database = self._opens
        self._n_bytes = self._n_lost = 0

    def listen(self) -> None:
        """Begin to hear of events, for good."""
        self._events.listen()
        os.register_at_fork(after_in_child=self._in_child)

    def slow_down(self, slow: SlowMotion) -> None:
        """Have this process wait before accesses to what tests share."""

        def before(access: Access, resource: str) -> None:
            if self._units[-1].kind is Kind.COLLECTION:
                return  # no worker gets to a test before all have collected
            name = resource if not resource.startswith("/") else self._names.name(resource, is_read=False)
            slow.before(access, name)

        self._events.before = before

    def add_private(self, directory: str) -> None:
        """Leave out what is below a directory of this run alone."""
        self._names.add_private(directory)
        self._names.add_private(os.path.realpath(directory))

    def enter(self, kind: Kind, id: str, scope: str = "", under: str = "") -> None:
        """Begin a unit; what has changed until now is of the one around it."""
        self._events.seen = None
        if self._units:
            self._take_changes(self._units[-1], is_over=False)
        if kind is Kind.TEST:
            if not self._state.is_known:
                self._state.begin()
            self._state.begin_test()
        self._units.append(_Unit(kind, id, scope, under))
        self._events.seen = self._units[-1].seen

    def leave(self) -> None:
        """End the unit and write it down."""
        self._events.seen = None
        if not self._units:  # all was written down: a fixture is torn down after the end
            return
        unit = self._units.pop()
        self._take_changes(unit, is_over=unit.kind is Kind.TEST)
        self._write(unit)
        if self._units:
            self._events.seen = self._units[-1].seen

    def take_rest(self) -> None:
        """Look once more, for the sake of the last tests; from here on changes are nobody's business."""
        if self._state.is_known:
            self._units[-1].changed += self._state.rest()

    def end(self) -> None:
        """Write down what is open."""
        while self._units:
            self.leave()
        if self._n_lost:
            lost = Record(kind=Kind.END, id="", worker=self._worker, omitted=self._n_lost)
            self._lines.write(evidence_jsonl.record_line(lost))

    def _take_changes(self, unit: _Unit, *, is_over: bool) -> None:
        """Have what has changed be of a unit. One around another, or within it, means that a fixture begins or ends."""
        if self._databases:
            unit.seen.update(self._changed_databases())
        unit.changed += self._state.changes(
            is_over=is_over,
            is_fixture=not is_over,
            within_phase=not is_over,
            has_started=self._events.has_started,
        )

    # -- what was touched --------------------------------------------------------------------

    def _touched(self, seen: Iterable[Seen]) -> list[Touch]:
        found = {Touch(access, name, phase) for access, name, phase in map(self._named, seen) if name}
        trees = tuple(f"{touch.resource}/" for touch in found if touch.access is Access.TREE)
        below = (Access.DELETE, Access.LIST, Access.READ)  # a tree is deleted by listing it
        return sorted(
            touch for touch in found if not (trees and touch.access in below and f"{touch.resource}/".startswith(trees))
        )

    def _named(self, seen: Seen) -> Seen:
        access, resource, phase = seen
        if not resource.startswith("/"):
            return seen
        if access in _DIRECTORY_READS and os.path.isdir(resource) and not os.path.islink(resource):
            return access, "", phase
        if access in (Access.LIST, Access.READ) and (resource in sys.path_importer_cache or resource in sys.path):
            return access, "", phase  # that was an import, or importlib.metadata
        return access, self._names.name(resource, is_read=access is Access.READ), phase

    def _opens(self, path: str) -> None:
        """Look at a database before it is opened for the first time; private ones are nobody else's business."""
        if path not in self._databases and len(self._databases) < 100 and self._names.name(path, is_read=False):
            self._databases[path] = _database_state(path)

    def _changed_databases(self) -> list[Seen]:
        """Return which of the databases that this process ever opened aren't what they were."""
        found: list[Seen] = []
        for path, before in list(self._databases.items()):
            self._databases[path] = now = _database_state(path)
            if before != now:
                found.append((Access.CHANGE, path, ""))
        return found

    def _write(self, unit: _Unit) -> None:
        touched = self._touched(unit.seen) if unit.seen else []
        limit = evidence_jsonl.MAX_TOUCHES
        omitted, self._events.omitted = self._events.omitted + max(0, len(touched) - limit), 0
        if not touched and not unit.changed and not omitted:
            return
        if len(touched) > limit:
            touched.sort(key=lambda touch: touch.access in _HARMLESS)  # what is left out had better be these
        self._append(unit, touched[:limit], omitted)

    def _append(self, unit: _Unit, touched: list[Touch], omitted: int = 0) -> None:
        record = Record(
            kind=unit.kind,
            id=unit.id[: evidence_jsonl.MAX_NAME_CHARS],
            worker=self._worker,
            touched=tuple(touched),
            changed=tuple(sorted(set(unit.changed))[: evidence_jsonl.MAX_CHANGES]),
            scope=unit.scope,
            under=unit.under[: evidence_jsonl.MAX_NAME_CHARS],
            omitted=omitted,
        )
        line = evidence_jsonl.record_line(record)
        if self._n_bytes + len(line) < MAX_BYTES:
            self._n_bytes += len(line) + 1
            self._lines.write(line)
        else:
            self._n_lost += len(touched) + omitted

    # -- forked children ---------------------------------------------------------------------

    def _in_child(self) -> None:
        """A forked child may end without a word: what it touches is written at once."""
        if self._events.seen is not None:
            self._events.seen = set(self._events.seen)
            self._events.on_new = self._tell

    def _tell(self, seen: Seen) -> None:
        unit = self._units[-1]
        touched = self._touched([seen])
        if touched:
            self._append(_Unit(unit.kind, unit.id, unit.scope, unit.under), touched)


def _database_state(path: str) -> object:
    return tuple(map(_file_state, (path, f"{path}-wal", f"{path}-journal")))


def _file_state(path: str) -> object:
    """Return what a file looks like from outside; an empty one is as none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0
    return (found.st_mtime_ns, found.st_size) if found.st_size else 0

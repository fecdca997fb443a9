"""What a running shard has written so far, read as it grows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_tools.formats import attempts_jsonl, collected_jsonl
from ci_tools.model.errors import CiToolsError
from ci_tools.model.run import Outcome


@dataclass(slots=True)
class Worker:
    """A process that runs tests. `since_s` is when its state was first seen, on the reader's clock."""

    pid: int
    stack_signal: int
    since_s: float
    is_ready: bool = False
    is_warm: bool = False  # it has ended a test: session fixtures are set up
    test: str = ""


class Tail:
    """Follows `attempts.jsonl`. `total` is 0 until the tests are collected.

    `workers` are those that haven't ended, by id; one that died may still be among them.
    """

    def __init__(self, bundle: Path) -> None:
        self.total = 0
        self.selected: frozenset[str] = frozenset()
        self.done: set[str] = set()
        self.bad: set[str] = set()
        self.workers: dict[str, Worker] = {}
        self.is_running = False  # a session has begun and hasn't ended
        self.rerun = 0
        self.changed_s = 0.0
        self._bundle = bundle
        self._offset = 0

    @property
    def path(self) -> Path:
        return self._bundle / "attempts.jsonl"

    def read(self, now_s: float) -> None:
        """Take in what was written since the last time; whole lines only."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            return
        self._offset += len(whole)
        self.changed_s = now_s
        for _, event in attempts_jsonl.events(whole.decode(errors="backslashreplace")):
            if event is not None:
                self._take(event, now_s)
        if not self.total and self.done:
            self.read_collected()

    def read_collected(self) -> None:
        """Take in which tests there are, as soon as that is written."""
        path = self._bundle / "collected.jsonl"
        try:
            collection = collected_jsonl.loads(path.read_text(encoding="utf-8"), source=path.name)
        except (OSError, CiToolsError):
            return
        self.selected = frozenset(nodeid for file in collection.files for nodeid in file.selected)
        self.total = sum(len(file.selected) for file in collection.files)

    def _take(self, event: dict[str, Any], now_s: float) -> None:
        """Take one line in; what a test may have written there itself must not stop us."""
        kind = event.get("t")
        name = str(event.get("worker", ""))
        worker = self.workers.get(name)
        if kind == "begin":
            self.workers.clear()
            self.is_running = True
            self.rerun = event.get("rerun", 0)
        elif kind == "end":
            self.is_running = False
        elif kind == "worker":
            pid, number = event.get("pid"), event.get("stack_signal")
            if type(pid) is type(number) is int and 1 < pid < 2**31 and 0 <= number < 128 and _NAME.fullmatch(name):
                self.workers[name] = Worker(pid, number, now_s)
        elif kind == "attempt":
            self._attempt(event, worker, now_s)
        elif worker is None:
            return
        elif kind == "gone":
            del self.workers[name]
        elif kind == "ready":
            worker.is_ready, worker.since_s = True, now_s
        elif kind == "start":
            worker.test, worker.since_s = str(event.get("id", "")), now_s

    def _attempt(self, event: dict[str, Any], worker: Worker | None, now_s: float) -> None:
        nodeid, outcome = str(event.get("id", "")), str(event.get("outcome"))
        self.done.add(nodeid)
        if outcome in _BAD:
            self.bad.add(nodeid)
        else:
            self.bad.discard(nodeid)
        if worker is not None and worker.test == nodeid:
            worker.test, worker.since_s, worker.is_warm = "", now_s, True


_NAME = re.compile(r"[\w.-]{1,100}")  # a file is named after it
_BAD = frozenset(outcome.value for outcome in Outcome if outcome.is_bad)

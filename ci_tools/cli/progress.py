"""Live progress of shards: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from ci_tools.cli.talk import say
from ci_tools.formats import collected_jsonl
from ci_tools.model.errors import CiToolsError
from ci_tools.model.run import Outcome
from ci_tools.model.words import count


class Tail:
    """What a running shard has written so far. `total` is 0 until its tests are collected."""

    def __init__(self, bundle: Path) -> None:
        self.total = 0
        self.done = 0
        self.bad = 0
        self._bundle = bundle
        self._offset = 0

    def read(self) -> None:
        """Take in what was written since the last time; whole lines only."""
        if not self.total:
            self.total = self._collected()
        try:
            with (self._bundle / "attempts.jsonl").open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            if line.startswith(b'{"t":"attempt"'):
                self.done += 1
                self.bad += Outcome(json.loads(line)["outcome"]).is_bad

    def _collected(self) -> int:
        path = self._bundle / "collected.jsonl"
        try:
            collection = collected_jsonl.loads(path.read_text(encoding="utf-8"), source=path.name)
        except (OSError, CiToolsError):
            return 0
        return sum(len(file.selected) for file in collection.files)


class Progress(Protocol):
    """Somewhere to show how shards get on."""

    def begin(self, shard: int) -> None: ...
    def update(self, shard: int, tail: Tail) -> None: ...
    def end(self, shard: int, tail: Tail, summary: str) -> None: ...


@contextlib.contextmanager
def progress_on(stream: TextIO, shards: Sequence[int]) -> Iterator[Progress]:
    """Yield progress that suits the stream."""
    if not stream.isatty():
        yield _Lines(len(shards))
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn())
    with Bars(*columns, console=Console(file=stream)) as bars:
        yield _Bars(bars, shards)


class _Lines:
    """A line when a shard begins and ends, and at each further quarter of its tests."""

    def __init__(self, n_shards: int) -> None:
        self._n_shards = n_shards
        self._quarters: dict[int, int] = {}

    def begin(self, shard: int) -> None:
        say(f"shard {shard}/{self._n_shards}: started")

    def update(self, shard: int, tail: Tail) -> None:
        quarter = 4 * tail.done // tail.total if tail.total else 0
        if self._quarters.get(shard, 0) < quarter < 4:
            self._quarters[shard] = quarter
            say(f"shard {shard}/{self._n_shards}: {tail.done:,} of {count(tail.total, 'test')}, {tail.bad:,} failed")

    def end(self, shard: int, tail: Tail, summary: str) -> None:
        say(summary)


class _Bars:
    """One bar per shard."""

    def __init__(self, bars: Any, shards: Sequence[int]) -> None:
        self._bars = bars
        self._tasks = {
            shard: bars.add_task(f"shard {shard}/{len(shards)}", total=None, start=False, state="waiting")
            for shard in shards
        }

    def begin(self, shard: int) -> None:
        self._bars.start_task(self._tasks[shard])
        self._bars.update(self._tasks[shard], state="collecting")

    def update(self, shard: int, tail: Tail) -> None:
        if tail.total:
            failed = f", [red]{tail.bad:,} failed[/red]" if tail.bad else ""
            state = f"{tail.done:,}/{tail.total:,}{failed}"
            self._bars.update(self._tasks[shard], total=tail.total, completed=tail.done, state=state)

    def end(self, shard: int, tail: Tail, summary: str) -> None:
        self.update(shard, tail)
        self._bars.update(self._tasks[shard], total=max(1, tail.total), completed=max(1, tail.total))
        self._bars.stop_task(self._tasks[shard])

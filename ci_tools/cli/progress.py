"""Live progress of shards: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TextIO

from ci_tools.cli.talk import say
from ci_tools.model.words import count
from ci_tools.shard.tail import Tail


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
        quarter = 4 * len(tail.done) // tail.total if tail.total else 0
        if self._quarters.get(shard, 0) < quarter < 4:
            self._quarters[shard] = quarter
            done = f"{len(tail.done):,} of {count(tail.total, 'test')}, {len(tail.bad):,} failed"
            say(f"shard {shard}/{self._n_shards}: {done}")

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
            failed = f", [red]{len(tail.bad):,} failed[/red]" if tail.bad else ""
            state = f"{len(tail.done):,}/{tail.total:,}{failed}"
            self._bars.update(self._tasks[shard], total=tail.total, completed=len(tail.done), state=state)

    def end(self, shard: int, tail: Tail, summary: str) -> None:
        self.update(shard, tail)
        self._bars.update(self._tasks[shard], total=max(1, tail.total), completed=max(1, tail.total))
        self._bars.stop_task(self._tasks[shard])

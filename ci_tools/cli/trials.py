"""Live progress of a series of trials: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, TextIO

from ci_tools.cli.talk import say
from ci_tools.model.words import count, duration
from ci_tools.report.terminal import first_line, shown
from ci_tools.shard.tail import Tail
from ci_tools.trial.result import Result
from ci_tools.trial.series import Listener

PAUSE_S = 10.0  # between two lines about one run


@contextlib.contextmanager
def following(stream: TextIO, total: int | None = None) -> Iterator[Listener]:
    """Yield progress that suits the stream; `total` is how many runs there will be, None when nobody knows."""
    if not stream.isatty():
        yield _Lines(_Clock(total))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream)) as bars:
        yield _Bars(bars, _Clock(total))


class _Clock:
    """Counts the runs, and says how long the rest will take: as long as those before took on average."""

    def __init__(self, total: int | None) -> None:
        self.n_begun = 0
        self.n_ended = 0
        self._total = total
        self._start_s = 0.0
        self._taken_s: list[float] = []

    def begin(self) -> None:
        self.n_begun += 1
        self._start_s = time.monotonic()

    def end(self, *, is_resumed: bool) -> None:
        self.n_ended += 1
        if not is_resumed:
            self._taken_s.append(time.monotonic() - self._start_s)

    @property
    def total(self) -> int | None:
        return self._total if self._total is None else max(self._total, self.n_begun)

    @property
    def place(self) -> str:
        return f"run {self.n_begun:,}" + (f" of {self.total:,}" if self.total else "")

    @property
    def left(self) -> str:
        n_left = (self.total or 0) - self.n_ended
        if n_left <= 0 or not self._taken_s:
            return ""
        return f"about {duration(n_left * sum(self._taken_s) / len(self._taken_s))} left"


def _ended(result: Result, *, is_resumed: bool) -> str:
    """Return how a run ended, on one line."""
    if result.problem:
        return f"not judged: {shown(first_line(result.problem))}"
    failed = f", {len(result.failed):,} failed" if result.failed else ""
    how = "read from disk" if is_resumed else duration(result.wall_s)
    return f"{count(len(result.attempts), 'test')}{failed}, {how}"


def _under_way(tail: Tail) -> str:
    failed = f", {len(tail.bad):,} failed" if tail.bad else ""
    total = max(tail.total, len(tail.done))  # of lanes only one has written down how many it has
    return f"{len(tail.done):,} of {count(total, 'test')}{failed}"


class _Lines:
    """A line when a run ends; of a long one also every now and then."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._said_s = 0.0

    def begin(self, name: str) -> None:
        self._clock.begin()
        self._said_s = time.monotonic()

    def look(self, name: str, tail: Tail) -> None:
        if tail.total and time.monotonic() - self._said_s >= PAUSE_S:
            self._said_s = time.monotonic()
            say(f"{self._clock.place} ({name}): {_under_way(tail)}")

    def end(self, name: str, result: Result, *, is_resumed: bool) -> None:
        self._clock.end(is_resumed=is_resumed)
        parts = [f"{self._clock.place} ({name}): {_ended(result, is_resumed=is_resumed)}", self._clock.left]
        say("; ".join(filter(None, parts)))


class _Bars:
    """One bar for all runs, one for the tests of the current one."""

    def __init__(self, bars: Any, clock: _Clock) -> None:
        self._bars = bars
        self._clock = clock
        self._all = bars.add_task("runs", total=clock.total, state="")
        self._one = bars.add_task("", total=None, state="", visible=False)

    def begin(self, name: str) -> None:
        self._clock.begin()
        self._bars.reset(self._one, total=None, description=f"{self._clock.place} ({name})", visible=True, state="")

    def look(self, name: str, tail: Tail) -> None:
        if tail.total:
            total = max(tail.total, len(tail.done))
            self._bars.update(self._one, total=total, completed=len(tail.done), state=_under_way(tail))

    def end(self, name: str, result: Result, *, is_resumed: bool) -> None:
        self._clock.end(is_resumed=is_resumed)
        self._bars.update(self._all, completed=self._clock.n_ended, total=self._clock.total, state=self._clock.left)
        if result.problem or result.failed:
            self._bars.console.print(f"{name}: {_ended(result, is_resumed=is_resumed)}", markup=False, highlight=False)

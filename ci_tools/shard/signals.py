"""SIGINT and SIGTERM while a shard runs."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from ci_tools.shard.run import Running


@contextlib.contextmanager
def passing_signals_on() -> Iterator[Callable[[Running], None]]:
    """Hand SIGINT and SIGTERM through to a command; yields what to call with it once it runs.

    A signal while it is being started waits until then, so that none leaves it running alone.
    """
    waiting: list[signal.Signals] = []
    commands: list[Running] = []

    def forward(number: int, frame: FrameType | None) -> None:
        if commands:
            commands[0].interrupt(signal.Signals(number))
        else:
            waiting.append(signal.Signals(number))

    def attach(running: Running) -> None:
        commands.append(running)
        for number in waiting:
            running.interrupt(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield attach
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

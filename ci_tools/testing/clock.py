"""The time that passes, whatever tests make of `time`.

freezegun replaces `time.monotonic` in every module that has imported it, time-machine what `time.time` does,
other tests `time.sleep`: a wait that believed them would never end. None of them touches these.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from time import CLOCK_MONOTONIC, clock_gettime, sleep

__all__ = ["alarm", "async_sleep", "now_s", "pauses", "sleep"]


def now_s() -> float:
    """Return seconds since some moment; later is never less."""
    return clock_gettime(CLOCK_MONOTONIC)


def pauses(timeout_s: float, interval_s: float) -> Iterator[float]:
    """Yield how long to sleep before each look (s): nothing before the first, none beyond the timeout.

    The last look is after the timeout: a machine that was too busy to look in between makes nobody fail.
    """
    deadline_s, left_s = now_s() + timeout_s, timeout_s
    yield 0.0
    while left_s > 0:
        left_s = deadline_s - now_s()
        yield min(interval_s, max(0.0, left_s))
        left_s -= interval_s


@contextlib.contextmanager
def alarm(timeout_s: float, woken: asyncio.Future[bool]) -> Iterator[None]:
    """Within the block, `woken` becomes False after `timeout_s`, even where the loop's own clock stands still."""
    timer = threading.Timer(timeout_s, wake, (woken, False))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def wake(woken: asyncio.Future[bool], by: bool) -> None:
    """Give a future its result, from any thread; nothing happens when it has one or its loop is closed."""

    def settle() -> None:
        if not woken.done():
            woken.set_result(by)

    with contextlib.suppress(RuntimeError):
        woken.get_loop().call_soon_threadsafe(settle)


async def async_sleep(seconds: float) -> None:
    """Let other tasks run for some time."""
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    woken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    with alarm(seconds, woken):
        await woken

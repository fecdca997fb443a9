"""Events whose `wait` can't be ignored: it raises where those of the standard library return False."""

from __future__ import annotations

import asyncio
import threading

from ci_tools.model.words import count
from ci_tools.testing.clock import alarm, wake


class Event:
    """Threads wait until another one sets it. `times_set` counts the calls of `set`, also those while it was set."""

    def __init__(self, name: str = "event") -> None:
        self.name = name
        self.times_set = 0
        self._event = threading.Event()
        self._lock = threading.Lock()

    def set(self) -> None:
        """Wake all who wait, and let through all who will until `clear`."""
        with self._lock:
            self.times_set += 1
            self._event.set()

    def clear(self) -> None:
        """From now on `wait` waits again."""
        self._event.clear()

    def is_set(self) -> bool:
        """Return whether `wait` returns at once."""
        return self._event.is_set()

    def wait(self, *, timeout_s: float = 5.0) -> None:
        """Return when it is set. Raises TimeoutError."""
        if not self._event.wait(timeout_s):
            raise _not_set(self.name, self.times_set, timeout_s)


class AsyncEvent:
    """Tasks wait until a task or a thread sets it. It belongs to no event loop: tasks of several may wait."""

    def __init__(self, name: str = "event") -> None:
        self.name = name
        self.times_set = 0
        self._is_set = False
        self._waiting: list[asyncio.Future[bool]] = []
        self._lock = threading.Lock()

    def set(self) -> None:
        """Wake all who wait, and let through all who will until `clear`. Any thread may call it."""
        with self._lock:
            self.times_set += 1
            self._is_set = True
            for woken in self._waiting:
                wake(woken, True)

    def clear(self) -> None:
        """From now on `wait` waits again."""
        self._is_set = False

    def is_set(self) -> bool:
        """Return whether `wait` returns at once."""
        return self._is_set

    async def wait(self, *, timeout_s: float = 5.0) -> None:
        """Return when it is set. Raises TimeoutError."""
        woken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._is_set:
                return
            self._waiting.append(woken)
        try:
            with alarm(timeout_s, woken):
                was_set = await woken
        finally:
            with self._lock:
                self._waiting.remove(woken)
        if not was_set:
            raise _not_set(self.name, self.times_set, timeout_s)


def _not_set(name: str, times_set: int, timeout_s: float) -> TimeoutError:
    history = f"set {count(times_set, 'time')} before, and cleared" if times_set else "never set"
    return TimeoutError(f"{name!r}: not set within {timeout_s:g} s ({history})")

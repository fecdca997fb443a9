"""Rooms that tests of several processes enter: alone, beside others, or beside a few.

A room is a range of bytes of one file, locked by `fcntl.lockf`: what a process holds goes when it
dies, even while a child that it forked lives on, and there may be any number of rooms. In front
of each is a gate. Who waits for the room keeps the gate shut, so that a stream of readers can't
keep somebody out who wants to be alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep  # by name: tests replace time.sleep

from ci_tools.model.errors import CiToolsError

_GATE, _ROOM, _SLOTS = 0, 1, 2  # where in the range
_SPAN = 1 << 21
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.0005, 0.01
RUN = 0  # the room that all tests of a run are in


def room_of(name: str) -> int:
    """Return a resource's room, the same in every process: 1 to 2 ** 40."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=5).digest()
    return 1 + int.from_bytes(digest, "big")


class Rooms:
    """The rooms of one file. A process opens a file once: closing it anywhere else gives up all of its locks.

    Not for threads: to the kernel they are one holder.
    """

    def __init__(self, path: Path) -> None:
        """Raises CiToolsError when the file can't be made."""
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CiToolsError(f"{path}: can't be locked: {error.strerror}") from None

    def enter(self, room: int, *, alone: bool = True, limit: int = 0) -> float:
        """Return how many seconds it took to get in, 0 when nobody was in the way.

        With a `limit` one of so many slots is taken. OSError when the kernel sees that the wait would never end.
        """
        start = room * _SPAN
        try:
            waited_s = self._lock(start + _GATE, fcntl.LOCK_EX)
            waited_s += self._lock(start + _ROOM, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            if limit:
                waited_s += self._take_slot(start + _SLOTS, limit)
            fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, start + _GATE)
        except BaseException:
            self.leave(room)
            raise
        return waited_s

    def leave(self, room: int) -> None:
        """Let the next one in."""
        with suppress(OSError):  # a test may have closed the file: the locks went with it
            fcntl.lockf(self._handle, fcntl.LOCK_UN, _SPAN, room * _SPAN)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._handle)

    def _lock(self, at: int, kind: int) -> float:
        if self._try(at, kind):
            return 0.0
        since_s = monotonic()
        fcntl.lockf(self._handle, kind, 1, at)
        return monotonic() - since_s

    def _take_slot(self, first: int, limit: int) -> float:
        """Take any slot: the kernel can wait for a certain one only, which may be the last to become free."""
        if any(self._try(first + slot, fcntl.LOCK_EX) for slot in range(limit)):
            return 0.0
        since_s, pause_s = monotonic(), _FIRST_PAUSE_S
        while not any(self._try(first + slot, fcntl.LOCK_EX) for slot in range(limit)):
            sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return monotonic() - since_s

    def _try(self, at: int, kind: int) -> bool:
        try:
            fcntl.lockf(self._handle, kind | fcntl.LOCK_NB, 1, at)
        except (BlockingIOError, PermissionError):  # it may say EAGAIN or EACCES
            return False
        return True

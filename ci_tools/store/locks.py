"""Locks that processes and threads hold on files. The kernel frees those of a process that dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from pathlib import Path
from types import TracebackType

from ci_tools.model.errors import CiToolsError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.001, 0.05

# POSIX locks belong to the process: its threads need another one, and closing any descriptor of a
# file gives up all of the process's locks on it. So there is one descriptor and one holder per path.
_guard = threading.Lock()
_in_use: dict[str, threading.Lock] = {}


class LockTimeoutError(CiToolsError):
    """Somebody else has held the lock all the time."""


class Lock:
    """One lock file, for `with`. `timeout_s` None waits for ever; shared holders exclude only exclusive ones.

    Not reentrant: the same thread waits for itself. A forked child holds nothing.
    """

    def __init__(self, path: Path, *, timeout_s: float | None = 30.0, shared: bool = False) -> None:
        self.path = path
        self._timeout_s = timeout_s
        self._kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._handle: int | None = None

    def acquire(self) -> None:
        """Wait for the lock. Raises LockTimeoutError, or CiToolsError when its file can't be made."""
        deadline_s = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        with _guard:
            thread_lock = _in_use.setdefault(os.path.realpath(self.path), threading.Lock())
        if not thread_lock.acquire(timeout=-1 if self._timeout_s is None else self._timeout_s):
            raise self._timeout()
        try:
            self._handle = self._opened()
            self._wait(self._handle, deadline_s)
        except BaseException:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None
            thread_lock.release()
            raise

    def release(self) -> None:
        """Give the lock up; nothing happens without one."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
            _in_use[os.path.realpath(self.path)].release()

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def _opened(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CiToolsError(f"{self.path}: can't be locked: {error.strerror}") from None

    def _wait(self, handle: int, deadline_s: float | None) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            with contextlib.suppress(BlockingIOError, PermissionError):
                fcntl.lockf(handle, self._kind | fcntl.LOCK_NB)
                return
            if deadline_s is not None and time.monotonic() >= deadline_s:
                raise self._timeout()
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _timeout(self) -> LockTimeoutError:
        return LockTimeoutError(
            f"{self.path}: still locked by another process after {self._timeout_s:g} s",
            hint="see what else is running",
        )

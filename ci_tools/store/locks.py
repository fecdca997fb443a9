"""Locks that processes and threads hold on files. The kernel frees those of a process that dies.

They are POSIX locks: a child that outlives its killed parent keeps none, as it would flock's. Such a
lock belongs to the process: its threads would all have it, and closing any descriptor of the file
gives it up. So the threads meet here, and a file is opened only while this process has no lock on
it; nobody else may open a lock file.
Source: https://pubs.opengroup.org/onlinepubs/9799919799/functions/fcntl.html
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from types import TracebackType

from ci_tools.model.errors import CiToolsError

# What a wait lasts too long is at most a quarter of it, and never more than the longest pause.
FIRST_PAUSE_S, LONGEST_PAUSE_S, GROWTH = 0.0005, 0.05, 1.25
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_FLOCK = struct.Struct("hhqqi")  # Linux's `struct flock`: type, whence, start, length, pid

_File = tuple[int, int]  # st_dev, st_ino
_Holder = tuple["Lock", int]  # and the thread


@dataclass(slots=True)
class _Held:
    """A lock as this process has it. A `FileIO` closes itself when a KeyboardInterrupt drops it."""

    file: FileIO
    shared: bool
    holders: set[_Holder] = field(default_factory=set)


_guard = threading.Lock()
_held: dict[_File | None, _Held] = {}


class LockTimeoutError(CiToolsError):
    """Somebody else has held the lock all the time."""


class LockHeldError(CiToolsError):
    """This very thread holds the lock: it would wait for itself."""


class Lock:
    """A lock on a file, for `with`. Threads may use one Lock or one each; the thread that acquires it releases it.

    `timeout_s` None waits for ever, 0 not at all. Shared holders, processes and threads alike, exclude
    only exclusive ones, which may wait for as long as new ones keep coming. It is not reentrant. A forked
    child holds nothing. With `transient` the file goes with the lock; without, it stays, empty.
    """

    def __init__(
        self, path: Path, *, timeout_s: float | None = 30.0, shared: bool = False, transient: bool = False
    ) -> None:
        self.path = path
        self._name = os.fspath(path)
        self._timeout_s = timeout_s
        self._shared = shared
        self._transient = transient

    def acquire(self) -> None:
        """Wait for the lock. Raises LockTimeoutError, LockHeldError, or CiToolsError when the file can't be locked."""
        deadline_s = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        pause_s = FIRST_PAUSE_S
        try:
            while not self._try():
                left_s = pause_s if deadline_s is None else deadline_s - time.monotonic()
                if left_s <= 0:
                    raise self._timeout()
                time.sleep(min(pause_s, left_s))
                pause_s = min(GROWTH * pause_s, LONGEST_PAUSE_S)
        except LockHeldError:
            raise
        except BaseException:  # a KeyboardInterrupt may come when the lock is had already
            self.release()
            raise

    def release(self) -> None:
        """Give the lock up; nothing happens when this thread doesn't hold it."""
        try:
            self._let_go()
        except BaseException:  # a KeyboardInterrupt before it was done
            self._let_go()
            raise

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def _try(self) -> bool:
        me = self, threading.get_ident()
        with _guard:
            try:
                held = _held.get(_identity(self._name))
                return self._lock(me) if held is None else self._join(held, me)
            except OSError as error:
                raise self._refusal(error) from None

    def _join(self, held: _Held, me: _Holder) -> bool:
        """Let this thread in where this process has the file locked, if that is shared."""
        may_share = held.shared and self._shared
        if me in held.holders or (not may_share and any(thread == me[1] for _, thread in held.holders)):
            raise LockHeldError(f"{self.path}: this thread has locked it already", hint="release it first")
        if may_share:
            held.holders.add(me)
        return may_share

    def _lock(self, me: _Holder) -> bool:
        """Have the kernel lock the file; return whether it did. Raises OSError when it can't be locked at all."""
        file = self._opened()
        try:
            fcntl.lockf(file, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            found = _identity(file.fileno())
            if found and found == _identity(self._name):  # else it was removed meanwhile: others lock another file
                _held[found] = _Held(file, self._shared, {me})
                return True
        except (BlockingIOError, PermissionError):  # POSIX allows either for a file that is locked
            pass
        except BaseException:
            file.close()
            raise
        file.close()
        return False

    def _opened(self) -> FileIO:
        try:
            return FileIO(self._name, "r+", opener=_opener)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return FileIO(self._name, "r+", opener=_opener)

    def _let_go(self) -> None:
        me = self, threading.get_ident()
        with _guard:
            for found, held in _held.items():
                if me not in held.holders:
                    continue
                if len(held.holders) > 1:
                    held.holders.remove(me)
                    return
                # Only who is alone may remove it, and only once: the next file is another's.
                if self._transient and not held.shared and found == _identity(self._name):
                    with contextlib.suppress(OSError):
                        os.unlink(self._name)
                del _held[found]
                held.file.close()
                return

    def _refusal(self, error: OSError) -> CiToolsError:
        fact, hint = f"{self.path}: can't be locked: {error.strerror}", "choose a directory that you may write to"
        if error.errno in _NO_LOCKS:
            hint = "choose a directory on a local disk: some network file systems have no locks"
        return CiToolsError(fact, hint=hint)

    def _timeout(self) -> LockTimeoutError:
        holder, hint = self._holder()
        return LockTimeoutError(f"{self.path}: still locked by {holder} after {self._timeout_s:g} s", hint=hint)

    def _holder(self) -> tuple[str, str]:
        """Return who seems to have the lock, and where to look."""
        another = "another process", "see what else is running"
        with _guard, contextlib.suppress(OSError):
            if _identity(self._name) in _held:
                return "another thread", "see what the threads of this process wait for"
            if sys.platform != "linux":
                return another
            with FileIO(self._name, "r+") as file:
                asked = _FLOCK.pack(fcntl.F_RDLCK if self._shared else fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                kind, *_, pid = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
                if kind != fcntl.F_UNLCK and pid > 0:  # 0: it is in another container
                    return f"process {pid}", f"`ps -fp {pid}` says what it is"
        return another


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)


def _identity(file: str | int) -> _File | None:
    try:
        status = os.stat(file)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _forget() -> None:
    """In a forked child: it has none of these locks, and perhaps a guard that nobody will ever open."""
    global _guard
    _guard = threading.Lock()
    for held in _held.values():
        held.file.close()
    _held.clear()


os.register_at_fork(after_in_child=_forget)

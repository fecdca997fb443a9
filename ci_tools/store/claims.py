"""Claims: who does what, so that nobody else does it too. Each has a last moment, and ends with its owner's process."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from ci_tools.model.errors import CiToolsError
from ci_tools.store.shared import TIMEOUT_S, Store

# Processes of one host share this clock, and nobody sets it. It begins anew with the host; so do the processes.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# To be alive is to hold a lock on one byte of a file beside the claims, far beyond its end: the process's number.
# Unlike a process id it is never used again. The files stay open, or the locks would be gone.
_number = 0
_open: dict[str, FileIO] = {}


@dataclass(frozen=True, slots=True)
class Claim:
    """`left_s`: seconds from now until it lapses, unless it is renewed."""

    key: str
    owner: str
    left_s: float


class Claims:
    """Claims in a file that processes of one host share. A key has at most one; `owner` is a name within the process.

    All of it raises LockTimeoutError, and CiToolsError when the file can't be used.
    """

    def __init__(self, path: Path, *, timeout_s: float | None = TIMEOUT_S) -> None:
        self._store = Store(path, timeout_s=timeout_s)

    def claim(self, key: str, *, owner: str, ttl_s: float) -> bool:
        """Claim a key, for `ttl_s` seconds; return False while another claim of it holds, be it the owner's own."""
        until_s = _until(ttl_s)
        with self._holding() as held:
            if key in held:
                return False
            _alive(self._store.path)  # before anybody can read of it
            held[key] = {"owner": owner, "until_s": until_s, "process": _number}
            return True

    def renew(self, key: str, *, owner: str, ttl_s: float) -> bool:
        """Let a claim hold for `ttl_s` seconds from now; return False when it had lapsed: the key may be another's."""
        until_s = _until(ttl_s)
        with self._holding() as held:
            if not _is_own(held.get(key), owner):
                return False
            held[key]["until_s"] = until_s
            return True

    def release(self, key: str, *, owner: str) -> bool:
        """End a claim; return whether it held until now. If not, somebody else may have done the same meanwhile."""
        with self._holding() as held:
            if not _is_own(held.get(key), owner):
                return False
            del held[key]
            return True

    def peek(self) -> tuple[Claim, ...]:
        """Return the claims that hold, of all processes, in the order of their keys. Changes nothing."""
        with self._holding() as held:
            now_s = time.clock_gettime(_CLOCK)
            return tuple(Claim(key, held[key]["owner"], held[key]["until_s"] - now_s) for key in sorted(held))

    def clear(self) -> None:
        """End all claims, whoever made them."""
        with self._store.changing() as state:
            state.clear()
            _leave(self._store.path)

    @contextlib.contextmanager
    def _holding(self) -> Iterator[dict[str, Any]]:
        """Yield the claims that hold, to be changed in place; the others are written no more when something changes."""
        with self._store.changing() as state:
            claims = state.get("claims", {})
            if not isinstance(claims, dict) or not all(map(_is_claim, claims.values())):
                raise CiToolsError(f"{self._store.path}: not a file of claims", hint="remove it, and it begins anew")
            held = {key: dict(claim) for key, claim in claims.items() if self._holds(claim)}
            before = {key: dict(claim) for key, claim in held.items()}
            try:
                yield held
            finally:
                if not any(claim["process"] == _number for claim in held.values()):
                    _leave(self._store.path)
            if held != before:
                state["claims"] = held

    def _holds(self, claim: dict[str, Any]) -> bool:
        return time.clock_gettime(_CLOCK) < claim["until_s"] and _is_alive(claim["process"], self._store.path)


def _until(ttl_s: float) -> float:
    if not 0 < ttl_s < math.inf:
        raise ValueError(f"ttl_s is {ttl_s!r}, wanted seconds")
    return time.clock_gettime(_CLOCK) + ttl_s


def _is_claim(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("owner"), str)
        and type(value.get("until_s")) in (int, float)
        and type(value.get("process")) is int
        and 0 < value["process"] < 1 << 62
    )


def _is_own(claim: dict[str, Any] | None, owner: str) -> bool:
    return claim is not None and claim["owner"] == owner and claim["process"] == _number


def _alive(path: Path) -> FileIO:
    """Return the open file in which this process is alive. Call it under the lock of the claims."""
    global _number
    _number = _number or secrets.randbelow((1 << 62) - 1) + 1
    real = os.path.realpath(path)
    name = os.path.join(os.path.dirname(real), f".{os.path.basename(real)}.alive")
    try:
        if real in _open and not _is_at(name, _open[real]):  # its directory was removed: the claims are gone too
            _leave(path)
        if real not in _open:
            file = FileIO(name, "a+")
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _number)
            _open[real] = file
    except OSError as error:
        raise CiToolsError(f"{path}: can't be claimed from: {error.strerror}") from None
    return _open[real]


def _is_at(name: str, file: FileIO) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.stat(name), os.fstat(file.fileno()))
    return False


def _leave(path: Path) -> None:
    """Close the file: who has no claim needn't be alive, and a process may come across thousands of such files."""
    file = _open.pop(os.path.realpath(path), None)
    if file is not None:
        file.close()


def _is_alive(process: int, path: Path) -> bool:
    alive = _alive(path)
    if process == _number:
        return True
    try:
        fcntl.lockf(alive, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, process)
    except (BlockingIOError, PermissionError):
        return True
    fcntl.lockf(alive, fcntl.LOCK_UN, 1, process)
    return False


def _forget() -> None:
    """In a forked child: it is another process, and none of the claims is its own."""
    global _number
    _number = 0
    for file in _open.values():
        file.close()
    _open.clear()


os.register_at_fork(after_in_child=_forget)

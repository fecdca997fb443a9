"""Processes of a running shard, seen from outside."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
STACKS_S = 2.0  # how long a process may take to write its stacks


def is_alive(pid: int) -> bool:
    """Return whether the process runs; a zombie, which nobody has waited for, doesn't."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        state = ""
    if state:
        return state not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not Path("/proc/self/stat").exists()


def is_ours(pid: int, leader: int) -> bool:
    """Return whether the process belongs to the session that we started; a pid may be another's.

    Not in a container of its own (its pids aren't ours), nor when it made itself a session.
    """
    try:
        return pid > 1 and os.getsid(pid) == leader
    except OSError:
        return False


def in_the_child() -> Callable[[], None]:
    """Return what a child does before it becomes the command.

    It listens to SIGINT, which a shell's background jobs don't, and on Linux gets one when we are
    killed: pytest would run on and write into a bundle that nobody seals.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # looked up before the fork
    prctl = getattr(libc, "prctl", None)

    def set_up() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT))

    return set_up


def stacks_of(pid: int, number: int, path: Path) -> str:
    """Have a process write the stacks of its threads to its file; return them, "" if it can't."""
    if not number:
        return ""
    before = _size(path)
    _signal_a_side_thread(pid, number)
    deadline = time.monotonic() + STACKS_S
    size = before
    while time.monotonic() < deadline:
        time.sleep(0.1)
        last, size = size, _size(path)
        if size > before and size == last:
            break
    try:
        with path.open("rb") as file:
            file.seek(before)
            return file.read(200_000).decode(errors="backslashreplace").strip()
    except OSError:
        return ""


def _signal_a_side_thread(pid: int, number: int) -> None:
    """Send a signal to a thread beside the main one, if there is one.

    In the main thread it would wake what hangs there: a sleep in C returns, the test goes on.
    """
    tgkill = getattr(ctypes.CDLL(None), "tgkill", None)
    try:
        beside = [int(name) for name in os.listdir(f"/proc/{pid}/task") if int(name) != pid]
    except OSError:
        beside = []
    if tgkill is not None and beside:
        tgkill(pid, min(beside), number)
    else:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; whoever is gone doesn't mind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)

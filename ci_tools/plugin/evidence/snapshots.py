"""State of the process that raises no audit event, looked at between tests: what did a test leave otherwise?

A snapshot holds plain values that compare cheaply; only where two of them differ is the difference named. Names are
told, never values. Nothing of a test is kept alive: of objects there are the ids.
"""

from __future__ import annotations

import gc
import locale
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import close, dup, getcwd, listdir, readlink, umask  # by name: tests replace them
from typing import Any, NamedTuple

from ci_tools.model.evidence import Change

_SIGNALS = tuple(
    getattr(signal, f"SIG{name}")
    for name in ("HUP", "INT", "QUIT", "TERM", "ALRM", "USR1", "USR2", "CHLD", "PIPE", "WINCH")
    if hasattr(signal, f"SIG{name}")
)
_NUMBERS = tuple(map(int, _SIGNALS))
_SETTINGS = (
    "tempfile.tempdir",
    "sys.setrecursionlimit",
    "gc.enable",
    "sys.excepthook",
    "time.tzset",
    "socket.setdefaulttimeout",
)
# What the functions of `signal` and `locale` call, without the enumerations that they make and look up: a snapshot is
# taken after each test, and many tests take no longer than a millisecond.
_getsignal = getattr(sys.modules.get("_signal"), "getsignal", signal.getsignal)
_setlocale = getattr(sys.modules.get("_locale"), "setlocale", locale.setlocale)

GLANCED = ("environ", "cwd")  # next to nothing, beside all else
Snapshot = Mapping[str, Any]
_Named = Callable[[str, Any, Any], Iterator[Change]]


class _Descriptors(NamedTuple):
    lowest: int  # that is free
    numbers: frozenset[str]


def glance(before: Snapshot) -> dict[str, Any] | None:
    """Return the state with what is GLANCED at looked at now, all else as it was; None if that is as it was too."""
    environ, cwd = _environ_now(), _cwd()
    if environ == before["environ"] and cwd == before["cwd"]:
        return None
    return {**before, "environ": environ, "cwd": cwd}


def take(before: Snapshot | None = None, *, within_phase: bool = False, has_started: bool = True) -> dict[str, Any]:
    """Return the state: a value for each part of it. What can't be looked at now is as it was `before`.

    Within a phase of a test pytest itself has filters of warnings and a level of logging in place. Who has started no
    program has no child process.
    """
    before = before or {}
    found = _state(before, has_started=has_started)
    if within_phase and before:
        found["warnings"] = before["warnings"]
        found["logging"]["root"] = (before["logging"]["root"][0], *found["logging"]["root"][1:])
    return found


def _state(before: Snapshot, *, has_started: bool) -> dict[str, Any]:
    n_threads = threading.active_count()
    threads = before.get("thread")
    return {
        "environ": _environ_now(),
        "cwd": _cwd(),
        "umask": _umask(before.get("umask")),
        "locale": _setlocale(locale.LC_ALL, None),
        "signal": tuple(map(id, map(_getsignal, _NUMBERS))),
        "sys.path": tuple(sys.path),
        "logging": _loggers(),
        "warnings": tuple(warnings.filters),
        "thread": threads if threads is not None and len(threads) == n_threads else _threads(),
        "process": _children() if has_started else before.get("process", {}),
        "descriptor": _descriptors(before.get("descriptor")),
        "setting": _settings(),
    }


def settled_threads(before: Mapping[Any, str]) -> dict[Any, str]:
    """Return the threads, after those that are new had a moment to end: most are on their way."""
    for thread in threading.enumerate():
        if thread.ident not in before and thread is not threading.current_thread():
            thread.join(0.005)
    return _threads()


def changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """Yield what is different, by name, in no more than so many parts as there are."""
    for what, value in after.items():
        old = before.get(what)
        if what in before and old != value:
            yield from _NAMED.get(what, _one)(what, old, value)


def _one(what: str, old: Any, new: Any) -> Iterator[Change]:
    yield Change(what, "", "changed")


def _by_name(what: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[Change]:
    for key in old.keys() | new.keys():
        if key not in old:
            yield Change(what, _text(key), "set")
        elif key not in new:
            yield Change(what, _text(key), "removed")
        elif old[key] != new[key]:
            yield Change(what, _text(key), "changed")


def _by_place(names: Sequence[object]) -> _Named:
    def named(what: str, old: Sequence[object], new: Sequence[object]) -> Iterator[Change]:
        return (Change(what, _text(name), "changed") for name, a, b in zip(names, old, new) if a != b)

    return named


def _environ(what: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[Change]:
    return (change for change in _by_name(what, old, new) if not change.name.startswith("PYTEST_"))


def _left(what: str, old: Mapping[Any, str], new: Mapping[Any, str]) -> Iterator[Change]:
    """Of threads, processes and descriptors only those count that a test leaves behind."""
    for key in new.keys() - old.keys():
        yield Change(what, _text(new[key]), "set")


def _entries(what: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Change]:
    added = [_text(entry) for entry in new if entry not in old]
    removed = [_text(entry) for entry in old if entry not in new]
    yield from (Change(what, entry, "set") for entry in added)
    yield from (Change(what, entry, "removed") for entry in removed)
    if not added and not removed:
        yield Change(what, "", "changed")  # their order


def _opened(what: str, old: _Descriptors, new: _Descriptors) -> Iterator[Change]:
    for number in new.numbers - old.numbers:
        try:
            target = readlink(f"/proc/self/fd/{number}")
        except OSError:  # the one that the directory was read with, or closed since
            continue
        yield Change(what, target.partition(":[")[0], "set")


_NAMED: Mapping[str, _Named] = {
    "environ": _environ,
    "signal": _by_place(_SIGNALS),
    "sys.path": _entries,
    "logging": _by_name,
    "thread": _left,
    "process": _left,
    "descriptor": _opened,
    "setting": _by_place(_SETTINGS),
}


def _text(key: object) -> str:
    if isinstance(key, signal.Signals):
        return key.name
    return (os.fsdecode(key) if isinstance(key, bytes) else str(key))[:200]


def _environ_now() -> dict[Any, Any]:
    return dict(getattr(os.environ, "_data", os.environ))  # bytes, without decoding them each time


def _cwd() -> str:
    try:
        return getcwd()
    except OSError:
        return "(removed)"


def _umask(before: int | None) -> int:
    """It can only be asked for by setting it: to what it was, mostly, so that no other thread's file sees another."""
    found = umask(0o022 if before is None else before)
    if found != before:
        umask(found)
    return found


def _threads() -> dict[int | None, str]:
    return {thread.ident: thread.name for thread in threading.enumerate()}


def _loggers() -> dict[str, tuple[int, bool, tuple[int, ...]]]:
    """Return level, `propagate` and handlers of all loggers that have any of their own."""
    named = logging.root.manager.loggerDict
    found = {
        name: (logger.level, logger.propagate, tuple(map(id, logger.handlers)))
        for name, logger in list(named.items())
        if isinstance(logger, logging.Logger) and (logger.handlers or logger.level or not logger.propagate)
    }
    root = logging.root
    found["root"] = (root.level, True, tuple(id(h) for h in root.handlers if not _is_of_pytest(h)))
    found["logging.disable"] = (root.manager.disable, True, ())
    return found


def _is_of_pytest(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("_pytest.")


def _children() -> dict[str, str]:
    """Return whether there is a child process, running or not waited for; which one nobody tells quickly."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return {}
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except OSError:
        return {}
    return {"some": ""}


def _descriptors(before: _Descriptors | None) -> _Descriptors:
    """Return what is open. Where the lowest number that is free is as before, nothing is new.

    The lowest is also the number that the others are read with.
    """
    try:
        lowest = dup(2)
        close(lowest)
        if before is not None and lowest == before.lowest:
            return before
        return _Descriptors(lowest, frozenset(listdir("/proc/self/fd")) - {str(lowest)})
    except OSError:
        return _Descriptors(0, frozenset())


def _settings() -> tuple[object, ...]:
    """Return what the calls in _SETTINGS set."""
    socket = sys.modules.get("socket")
    return (
        tempfile.tempdir,
        sys.getrecursionlimit(),
        gc.isenabled(),
        id(sys.excepthook),
        time.tzname,
        socket.getdefaulttimeout() if socket else None,
    )

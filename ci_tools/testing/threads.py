"""Threads that start at the same moment, and whose failures are the test's."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

from ci_tools.model.words import count
from ci_tools.testing.clock import now_s
from ci_tools.testing.failures import raise_all

T = TypeVar("T")


def synchronized_threads(functions: Sequence[Callable[[], T]], *, timeout_s: float = 10.0) -> list[T]:
    """Call each function in a thread of its own, all at the same moment; return their results in order.

    `[buy] * 8` is one function eight times. What they raise is raised here once all have ended: a lone error
    as it is, several as an ExceptionGroup (the first of them on Python 3.10, which has no groups). Threads that
    still run after `timeout_s` are named in a TimeoutError, with their stacks. They can't be ended, but don't
    keep Python from ending.
    """
    n_threads, deadline_s = len(functions), now_s() + timeout_s
    start = threading.Barrier(n_threads or 1)
    results: dict[int, T] = {}
    errors: dict[int, BaseException] = {}

    def run(number: int) -> None:
        try:
            start.wait()
            results[number] = functions[number]()
        except BaseException as error:  # pytest.fail and pytest.skip raise those
            errors[number] = error

    threads = [
        threading.Thread(target=run, args=(number,), name=f"thread {number + 1} of {n_threads}", daemon=True)
        for number in range(n_threads)
    ]
    try:
        for thread in threads:
            thread.start()
    except BaseException:
        start.abort()  # those that have started would wait for the others
        raise
    for thread in threads:
        thread.join(max(0.0, deadline_s - now_s()))
    hung = [thread for thread in threads if thread.is_alive()]
    failures = [errors[number] for number in sorted(errors)]
    if hung:
        failures.append(TimeoutError(_stacks(hung, f"{len(hung)} of {count(n_threads, 'thread')}", timeout_s)))
    raise_all(f"{len(failures)} of {count(n_threads, 'thread')} failed", failures)
    return [results[number] for number in range(n_threads)]


def _stacks(hung: list[threading.Thread], who: str, timeout_s: float) -> str:
    frames = sys._current_frames()
    text = f"{who} still running after {timeout_s:g} s"
    for thread in hung:
        frame = frames.get(thread.ident or 0)
        stack = "".join(traceback.format_stack(frame)) if frame else "  (it has just ended)\n"
        text += f"\n{thread.name}:\n{stack}"
    return text.rstrip()

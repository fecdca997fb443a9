"""Trying again what may fail for a while."""

from __future__ import annotations

import sys
from collections.abc import Callable
from random import Random
from typing import TypeVar

from ci_tools.testing.clock import now_s, sleep

T = TypeVar("T")
_OWN = Random()  # tests seed the shared one, and count on its next value


def retry_with_backoff(
    function: Callable[[], T],
    *,
    attempts: int = 5,
    first_pause_s: float = 0.05,
    factor: float = 2.0,
    max_pause_s: float = 2.0,
    max_total_s: float = 10.0,
    on: type[Exception] | tuple[type[Exception], ...] = Exception,
    jitter: float = 0.1,
) -> T:
    """Return what `function()` returns, called up to `attempts` times; its last error is raised as it is.

    The pauses are `first_pause_s`, that times `factor`, and so on, none above `max_pause_s`, each shorter by a random
    share of up to `jitter` (0 to 1), so that many who failed together don't come back together. There is no
    attempt whose pause would end more than `max_total_s` after the first one began. An error that isn't one
    of `on` is raised at once. From Python 3.11 on, a note on the last error says how many attempts there were.
    """
    if attempts < 1:
        raise ValueError(f"attempts is {attempts}, at least 1 is needed")
    began_s = now_s()
    pause_s = first_pause_s
    for attempt in range(1, attempts + 1):
        try:
            return function()
        except on as error:
            pause_s = min(pause_s, max_pause_s)
            shorter_s = pause_s * (1 - jitter * _OWN.random())
            if attempt == attempts or now_s() - began_s + shorter_s > max_total_s:
                _note(error, f"attempt {attempt} of {attempts}, {now_s() - began_s:.1f} s after the first")
                raise
        sleep(shorter_s)
        pause_s *= factor
    raise AssertionError("the last attempt returns or raises")


def _note(error: BaseException, text: str) -> None:
    if sys.version_info >= (3, 11):
        error.add_note(text)

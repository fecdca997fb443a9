"""Waiting until something is so, instead of sleeping and hoping."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from ci_tools.testing.clock import async_sleep, pauses, sleep

T = TypeVar("T")
Errors = type[BaseException] | tuple[type[BaseException], ...]


def wait_for_condition(
    predicate: Callable[[], T],
    *,
    timeout_s: float = 5.0,
    interval_s: float = 0.01,
    not_yet: Errors = (),
    what: str = "",
) -> T:
    """Return the first true value of `predicate()`, asked every `interval_s` and once more after `timeout_s`.

    An exception of a kind in `not_yet` means the same as a false value; any other is raised at once.
    Raises TimeoutError, whose text names the condition (`what`, else the predicate and its line) and the last
    value; its cause is the last exception.
    """
    seen = _Seen(what or _name(predicate))
    for pause_s in pauses(timeout_s, interval_s):
        sleep(pause_s)
        try:
            value = predicate()
        except not_yet as error:
            seen.error = error
        else:
            if inspect.isawaitable(value):
                raise _asynchronous(value, seen.what)
            if value:
                return value
            seen.value, seen.error = value, None
    raise seen.timeout(timeout_s) from seen.error


async def wait_for_condition_async(
    predicate: Callable[[], T | Awaitable[T]],
    *,
    timeout_s: float = 5.0,
    interval_s: float = 0.01,
    not_yet: Errors = (),
    what: str = "",
) -> T:
    """Return the first true value of `predicate()`, awaited where it is an awaitable; other tasks run meanwhile.

    As `wait_for_condition` in all else. A predicate that itself never ends isn't ended here.
    """
    seen = _Seen(what or _name(predicate))
    for pause_s in pauses(timeout_s, interval_s):
        await async_sleep(pause_s)
        try:
            found = predicate()
            value = await found if isinstance(found, Awaitable) else found
        except not_yet as error:
            seen.error = error
        else:
            if value:
                return value
            seen.value, seen.error = value, None
    raise seen.timeout(timeout_s) from seen.error


class _Seen:
    """What a condition was when it was looked at last."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.value: object = None
        self.error: BaseException | None = None

    def timeout(self, timeout_s: float) -> TimeoutError:
        error = self.error
        last = reprlib.repr(self.value) if error is None else f"{type(error).__name__}: {error}"
        return TimeoutError(f"{self.what}: still {last} after {timeout_s:g} s")


def _name(predicate: Callable[[], object]) -> str:
    code = getattr(inspect.unwrap(predicate), "__code__", None)
    if code is None:  # a class, a partial, something in C
        return repr(predicate)
    return f"{code.co_name} ({Path(code.co_filename).name}:{code.co_firstlineno})"


def _asynchronous(value: object, what: str) -> TypeError:
    if inspect.iscoroutine(value):
        value.close()  # or Python warns that nobody awaited it
    return TypeError(f"{what} is asynchronous: await wait_for_condition_async")

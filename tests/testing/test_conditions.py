"""Waiting for a condition, by tests that have threads and by tests that have tasks."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable
from typing import Any

import pytest
from loops import run_loop

from ci_tools.testing import wait_for_condition, wait_for_condition_async
from ci_tools.testing.clock import pauses

Wait = Callable[..., Any]


def waits_in_a_task(predicate: Callable[[], object], **options: Any) -> object:
    return run_loop(wait_for_condition_async(predicate, **options))


@pytest.fixture(params=[wait_for_condition, waits_in_a_task], ids=["threads", "tasks"])
def wait(request: pytest.FixtureRequest) -> Wait:
    return request.param  # type: ignore[no-any-return]


class Clock:
    """A time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("ci_tools.testing.clock.clock_gettime", lambda which: made.now)
    return made


def turns(*values: object) -> Callable[[], object]:
    """Return a predicate that has one value after the other, and raises those that are errors."""
    remaining = iter(values)

    def turn() -> object:
        value = next(remaining)
        if isinstance(value, Exception):
            raise value
        return value

    return turn


def test_the_first_true_value_is_returned(wait: Wait) -> None:
    assert wait(turns(0, "", None, ["found"], ["later"]), interval_s=0) == ["found"]


def test_a_condition_that_is_so_is_asked_once(wait: Wait) -> None:
    assert wait(turns(7), timeout_s=0) == 7


def test_it_is_asked_once_more_after_the_timeout(wait: Wait, clock: Clock) -> None:
    """A machine that was busy for all of it has had no other chance."""
    turn = turns(False, "just in time", "never asked")

    def slow() -> object:
        clock.now += 60
        return turn()

    assert wait(slow, timeout_s=5, interval_s=1) == "just in time"


def test_it_is_asked_no_more_than_once_after_the_timeout(wait: Wait, clock: Clock) -> None:
    asked: list[float] = []

    def never() -> None:
        asked.append(clock.now)
        clock.now += 3

    with pytest.raises(TimeoutError):
        wait(never, timeout_s=5, interval_s=0)
    assert asked == [0, 3, 6]


def test_the_pauses_fill_the_timeout_and_no_more(clock: Clock) -> None:
    slept = []
    for pause_s in pauses(1.0, 0.375):
        slept.append(pause_s)
        clock.now += pause_s
    assert slept == [0, 0.375, 0.375, 0.25]


def test_a_timeout_names_the_condition_how_long_and_the_last_value(wait: Wait) -> None:
    with pytest.raises(TimeoutError, match=r"^the queue: still \[\] after 0\.01 s$"):
        wait(list, timeout_s=0.01, interval_s=0.001, what="the queue")


def test_a_condition_without_a_name_is_found_by_its_line(wait: Wait) -> None:
    with pytest.raises(TimeoutError, match=r"^<lambda> \(test_conditions\.py:\d+\): still None after 0 s$"):
        wait(lambda: None, timeout_s=0)
    with pytest.raises(TimeoutError, match=r"^functools\.partial\(<class 'int'>\): still 0 after 0 s$"):
        wait(functools.partial(int), timeout_s=0)


def test_a_long_value_is_shortened(wait: Wait) -> None:
    class Long(list[int]):
        def __bool__(self) -> bool:
            return False

    with pytest.raises(TimeoutError) as timeout:
        wait(lambda: Long(range(100_000)), timeout_s=0)
    assert len(str(timeout.value)) < 200


def test_an_exception_is_raised_at_once(wait: Wait) -> None:
    """A misspelt name would wait for the timeout otherwise."""
    with pytest.raises(ZeroDivisionError):
        wait(turns(ZeroDivisionError(), "never asked"), interval_s=0)


def test_an_exception_that_means_not_yet_is_waited_out(wait: Wait) -> None:
    assert wait(turns(KeyError(), 0, KeyError(), 3), not_yet=KeyError, interval_s=0) == 3


def test_an_exception_that_stays_is_the_cause_of_the_timeout(wait: Wait) -> None:
    error = ConnectionRefusedError("refused")
    with pytest.raises(TimeoutError, match=r"^a page: still ConnectionRefusedError: refused after 0 s$") as timeout:
        wait(turns(error), not_yet=(OSError, KeyError), timeout_s=0, what="a page")
    assert timeout.value.__cause__ is error


def test_an_exception_that_has_gone_is_not_the_cause(wait: Wait, clock: Clock) -> None:
    turn = turns(OSError(), False)

    def late() -> object:
        clock.now += 1
        return turn()

    with pytest.raises(TimeoutError, match=r"^a page: still False after 1 s$") as timeout:
        wait(late, not_yet=OSError, timeout_s=1, what="a page")
    assert timeout.value.__cause__ is None


def test_frozen_time_ends_no_wait_and_makes_none_endless(wait: Wait, frozen: None) -> None:
    with pytest.raises(TimeoutError, match=r"^nothing: still 0 after 0\.02 s$"):
        wait(lambda: 0, timeout_s=0.02, what="nothing")


def test_an_asynchronous_condition_is_awaited() -> None:
    async def wait() -> object:
        remaining = iter([0, "", "found"])

        async def turn() -> object:
            await asyncio.sleep(0)
            return next(remaining)

        return await wait_for_condition_async(turn, interval_s=0)

    assert run_loop(wait()) == "found"


def test_other_tasks_run_meanwhile() -> None:
    async def wait() -> object:
        found: list[str] = []
        asyncio.get_running_loop().call_soon(found.append, "found")
        return await wait_for_condition_async(lambda: found)

    assert run_loop(wait()) == ["found"]


def test_an_asynchronous_condition_is_no_true_value_for_threads() -> None:
    """A coroutine is true, whatever it would return."""

    async def never() -> bool:
        return False

    with pytest.raises(TypeError, match=re.escape(f"never (test_conditions.py:{never.__code__.co_firstlineno})")):
        wait_for_condition(never)


def test_a_task_that_is_cancelled_stops_to_wait() -> None:
    async def cancel() -> bool:
        task = asyncio.ensure_future(wait_for_condition_async(lambda: False, timeout_s=60))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run_loop(cancel())

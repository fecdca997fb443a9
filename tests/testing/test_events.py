"""Events for threads and for tasks."""

from __future__ import annotations

import asyncio
import threading

import pytest
from loops import run_loop

from ci_tools.testing import AsyncEvent, Event, wait_for_condition


def test_a_thread_waits_until_another_has_set_it() -> None:
    event, seen = Event(), list[int]()
    waiting = threading.Thread(target=lambda: (event.wait(timeout_s=60), seen.append(event.times_set)))
    waiting.start()
    assert seen == [] and not event.is_set()
    event.set()
    waiting.join()
    assert seen == [1]


def test_who_comes_after_it_was_set_goes_through_until_it_is_cleared() -> None:
    event = Event("paid")
    event.set()
    event.wait(timeout_s=0)
    event.clear()
    with pytest.raises(TimeoutError, match=r"^'paid': not set within 0 s \(set 1 time before, and cleared\)$"):
        event.wait(timeout_s=0)


def test_an_event_that_nobody_sets_is_an_error_and_not_false() -> None:
    with pytest.raises(TimeoutError, match=r"^'event': not set within 0\.01 s \(never set\)$"):
        Event().wait(timeout_s=0.01)
    with pytest.raises(TimeoutError, match=r"^'event': not set within 0\.01 s \(never set\)$"):
        run_loop(AsyncEvent().wait(timeout_s=0.01))


@pytest.mark.parametrize("event", [Event(), AsyncEvent()], ids=["threads", "tasks"])
def test_no_set_is_missed_whatever_threads_they_come_from(event: Event | AsyncEvent) -> None:
    threads = [threading.Thread(target=lambda: [event.set() for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (event.times_set, event.is_set()) == (2000, True)


@pytest.mark.parametrize("event", [Event(), AsyncEvent()], ids=["threads", "tasks"])
def test_frozen_time_makes_no_wait_endless(event: Event | AsyncEvent, frozen: None) -> None:
    with pytest.raises(TimeoutError):
        waited = event.wait(timeout_s=0.02)
        run_loop(waited) if waited else None


def test_tasks_wait_until_a_task_has_set_it() -> None:
    async def run() -> list[int]:
        event, seen = AsyncEvent(), list[int]()

        async def wait(number: int) -> None:
            await event.wait(timeout_s=60)
            seen.append(number)

        tasks = [asyncio.ensure_future(wait(number)) for number in range(3)]
        await asyncio.sleep(0)
        assert seen == []
        event.set()
        event.clear()  # those who waited have been let through all the same
        await asyncio.gather(*tasks)
        return seen

    assert run_loop(run()) == [0, 1, 2]


def test_tasks_of_two_loops_wait_until_a_thread_has_set_it() -> None:
    """Made outside of any loop, as a module or a fixture does."""
    event, n_waiting = AsyncEvent(), threading.Semaphore(0)

    async def wait() -> None:
        asyncio.get_running_loop().call_soon(n_waiting.release)
        await event.wait(timeout_s=60)

    loops = [threading.Thread(target=lambda: run_loop(wait())) for _ in range(2)]
    for loop in loops:
        loop.start()
    assert n_waiting.acquire(timeout=60) and n_waiting.acquire(timeout=60)
    event.set()
    for loop in loops:
        loop.join()
    run_loop(event.wait(timeout_s=0))


def test_a_task_that_was_cancelled_while_it_waited_leaves_nothing() -> None:
    event = AsyncEvent()

    async def run() -> None:
        task = asyncio.ensure_future(event.wait(timeout_s=60))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    n_threads = threading.active_count()
    run_loop(run())
    event.set()
    assert event._waiting == []
    wait_for_condition(lambda: threading.active_count() <= n_threads)

"""Threads that start together, fail together, and hang for nobody."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from ci_tools.testing import Event, synchronized_threads, wait_for_condition

GROUPS = sys.version_info >= (3, 11)


def test_the_results_are_in_the_order_of_the_functions() -> None:
    first = Event()

    def early() -> str:
        first.wait()
        return "early"

    def late() -> str:
        first.set()
        return "late"

    assert synchronized_threads([early, late]) == ["early", "late"]


def test_all_run_at_the_same_time() -> None:
    together = threading.Barrier(8)
    assert sorted(synchronized_threads([lambda: together.wait(60)] * 8)) == list(range(8))


def test_no_functions_are_no_threads() -> None:
    assert synchronized_threads([]) == []


def raises(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


def test_a_lone_error_is_raised_as_it_is_with_the_line_it_comes_from() -> None:
    error = KeyError("x")
    with pytest.raises(KeyError) as raised:
        synchronized_threads([lambda: None, raises(error), lambda: None])
    assert raised.value is error
    assert "raises" in [entry.name.split(".")[0] for entry in raised.traceback] or "function" in [
        entry.name for entry in raised.traceback
    ]


def test_no_error_is_lost_when_there_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    errors = [KeyError("a"), OSError("b")]
    with pytest.raises(Exception) as raised:
        synchronized_threads([raises(errors[0]), lambda: None, raises(errors[1])])
    if GROUPS:
        assert type(raised.value).__name__ == "ExceptionGroup"
        assert raised.value.args == ("2 of 3 threads failed", errors)
    else:
        assert raised.value is errors[0] and "OSError: b" in capsys.readouterr().err


def test_a_thread_that_fails_or_skips_the_test_does_so() -> None:
    """Their exceptions are no Exceptions, and plain threads print and forget them."""
    with pytest.raises(pytest.skip.Exception):
        synchronized_threads([lambda: pytest.skip("no network")])
    with pytest.raises(pytest.fail.Exception):
        synchronized_threads([lambda: pytest.fail("wrong")])


def test_threads_that_hang_are_named_with_their_stacks() -> None:
    end = threading.Event()

    def waits_for_ever() -> None:
        end.wait()

    try:
        with pytest.raises(TimeoutError) as timeout:
            synchronized_threads([waits_for_ever, lambda: None], timeout_s=0.1)
    finally:
        end.set()
    first, *stack = str(timeout.value).splitlines()
    assert [first, stack[0]] == ["1 of 2 threads still running after 0.1 s", "thread 1 of 2:"]
    assert any("in waits_for_ever" in line for line in stack)


def test_an_error_is_told_beside_the_threads_that_hang_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The one that fails never comes to the barrier of the others."""
    together = threading.Barrier(2)
    try:
        with pytest.raises(Exception) as raised:
            synchronized_threads([lambda: together.wait(), raises(KeyError("x"))], timeout_s=0.1)
    finally:
        together.abort()
    if GROUPS:
        assert [type(error) for error in raised.value.args[1]] == [KeyError, TimeoutError]
    else:
        assert type(raised.value) is KeyError and "TimeoutError" in capsys.readouterr().err


def test_when_not_all_threads_can_be_started_none_calls_and_none_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    n_before, started, called = threading.active_count(), list[str](), list[int]()
    start = threading.Thread.start

    def start_two(thread: threading.Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        synchronized_threads([lambda: called.append(1)] * 3)
    wait_for_condition(lambda: threading.active_count() <= n_before)
    assert called == []


def test_a_race_that_a_loop_would_not_find_is_found() -> None:
    """Read, let the others read, write: 8 times + 1 makes 1 where nothing locks, 8 where something does."""

    class Counter:
        def __init__(self, parties: int) -> None:
            self.value, self.read = 0, threading.Barrier(parties)

        def increment(self) -> None:
            value = self.value
            self.read.wait(60)
            self.value = value + 1

    racing = Counter(8)
    synchronized_threads([racing.increment] * 8)
    assert racing.value == 1

    locked, lock = Counter(1), threading.Lock()

    def increment() -> None:
        with lock:
            locked.increment()

    synchronized_threads([increment] * 8)
    assert locked.value == 8


def test_frozen_time_makes_no_wait_endless(frozen: None) -> None:
    end = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            synchronized_threads([end.wait], timeout_s=0.02)
    finally:
        end.set()

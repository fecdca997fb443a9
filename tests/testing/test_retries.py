"""Retries: what is tried again, how often, after how long."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest

from ci_tools.testing import retries, retry_with_backoff


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, in a time that passes by them alone."""
    pauses: list[float] = []
    monkeypatch.setattr(retries, "sleep", lambda seconds: pauses.append(round(seconds, 6)))
    monkeypatch.setattr(retries, "now_s", lambda: 1000 + sum(pauses))
    return pauses


def fails(times: int, error: Exception) -> Callable[[], int]:
    """Return a function that fails so many times, then returns how often it was called."""
    calls = 0

    def call() -> int:
        nonlocal calls
        calls += 1
        if calls <= times:
            raise error
        return calls

    return call


def test_a_success_is_returned_without_a_pause(slept: list[float]) -> None:
    assert (retry_with_backoff(fails(0, OSError())), slept) == (1, [])


def test_the_pauses_grow_by_the_factor_up_to_the_longest(slept: list[float]) -> None:
    result = retry_with_backoff(
        fails(6, OSError()), attempts=7, first_pause_s=0.1, factor=3, max_pause_s=2, max_total_s=60, jitter=0
    )
    assert (result, slept) == (7, [0.1, 0.3, 0.9, 2, 2, 2])


def test_the_first_pause_is_no_longer_than_the_longest(slept: list[float]) -> None:
    assert retry_with_backoff(fails(1, OSError()), first_pause_s=9, max_pause_s=1, jitter=0) == 2
    assert slept == [1]


def test_the_last_error_is_raised_itself_and_nobody_sleeps_before(slept: list[float]) -> None:
    error = OSError("still down")
    with pytest.raises(OSError, match="still down") as raised:
        retry_with_backoff(fails(9, error), attempts=3, first_pause_s=1, jitter=0)
    assert raised.value is error and raised.value.__cause__ is None
    assert slept == [1, 2]
    if sys.version_info >= (3, 11):
        assert error.__notes__ == ["attempt 3 of 3, 3.0 s after the first"]


def test_no_attempt_begins_after_the_longest_time(slept: list[float]) -> None:
    calls = fails(99, OSError())
    with pytest.raises(OSError):
        retry_with_backoff(calls, attempts=99, first_pause_s=1, factor=2, max_pause_s=60, max_total_s=7, jitter=0)
    assert slept == [1, 2, 4]


def test_an_error_of_another_kind_is_raised_at_once(slept: list[float]) -> None:
    with pytest.raises(KeyError):
        retry_with_backoff(fails(1, KeyError()), on=(OSError, ValueError))
    assert slept == []


def test_what_ends_a_test_is_never_retried(slept: list[float]) -> None:
    """pytest.fail and pytest.skip, Ctrl-C."""

    def skips() -> None:
        pytest.skip("not here")

    with pytest.raises(pytest.skip.Exception):
        retry_with_backoff(skips)
    assert slept == []


def test_jitter_only_shortens_and_leaves_the_tests_random_numbers_alone(slept: list[float]) -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    retry_with_backoff(fails(20, OSError()), attempts=21, first_pause_s=1, factor=1, max_total_s=99, jitter=0.5)
    assert random.random() == expected
    assert all(0.5 <= pause <= 1 for pause in slept) and len(set(slept)) > 1


def test_no_attempt_at_all_is_no_way_to_call_it() -> None:
    with pytest.raises(ValueError, match="attempts is 0, at least 1 is needed"):
        retry_with_backoff(fails(0, OSError()), attempts=0)


def test_frozen_time_makes_no_retry_endless(frozen: None) -> None:
    with pytest.raises(OSError):
        retry_with_backoff(fails(10**9, OSError()), attempts=10**9, first_pause_s=0.001, factor=1, max_total_s=0.01)

"""How much faster: walls, and each category's share of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.trial import Conditions
from ci_tools.parallelize.speed import Category, Longest, Measured, shares_of_wall, speed_of
from ci_tools.trial.result import Result

Times = Mapping[str, tuple[float, float]]  # of each test: when it began, how long it took


def attempts_of(times: Times) -> dict[str, Attempt]:
    return {
        nodeid: Attempt(nodeid=nodeid, outcome=Outcome.PASSED, start_s=start_s, seconds=(0.0, taken_s, 0.0))
        for nodeid, (start_s, taken_s) in times.items()
    }


def ran(times: Times, wall_s: float, *, workers: int = 0, not_run: tuple[str, ...] = (), problem: str = "") -> Result:
    return Result(
        conditions=Conditions(),
        attempts=attempts_of(times),
        selected=tuple(times),
        not_run=not_run,
        wall_s=wall_s,
        exit_code=0,
        problem=problem,
        bundle=Path(),
        workers=workers,
    )


def test_while_two_run_each_has_half_of_the_wall() -> None:
    shares = shares_of_wall(attempts_of({"a": (10.0, 4.0), "b": (12.0, 1.0), "c": (20.0, 2.0)}))
    assert shares == pytest.approx({"a": 3.5, "b": 0.5, "c": 2.0})


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=12))
def test_the_shares_of_all_tests_are_the_time_in_which_any_ran(times: list[tuple[int, int]]) -> None:
    shares = shares_of_wall(attempts_of({str(i): (float(a), float(b)) for i, (a, b) in enumerate(times)}))
    instants = {a + i for a, b in times for i in range(b)}
    assert sum(shares.values()) == pytest.approx(len(instants))
    assert len(shares) == len(times)
    for i, (start_s, taken_s) in enumerate(times):  # by brute force, second by second
        beside = [sum(a <= t < a + b for a, b in times) for t in range(start_s, start_s + taken_s)]
        assert shares[str(i)] == pytest.approx(sum(1 / n for n in beside), abs=1e-9)


def test_a_suite_is_measured_in_total_and_by_category() -> None:
    serial = {"u/a.py::x": (0.0, 4.0), "u/b.py::y": (4.0, 2.0), "w.py::z": (6.0, 2.0)}
    parallel = {"u/a.py::x": (0.0, 4.0), "u/b.py::y": (0.0, 3.0), "w.py::z": (4.0, 4.0)}
    runs = [ran(serial, 10.0), ran(serial, 9.0)], [ran(parallel, 9.0, workers=2), ran(parallel, 10.0, workers=2)]
    speed = speed_of(*runs, marks={"slow": ["w.py::z", "gone"], "empty": []})
    assert speed is not None
    assert (speed.serial, speed.parallel) == (
        Measured(median_s=9.5, least_s=9.0, most_s=10.0),
        Measured(median_s=9.5, least_s=9.0, most_s=10.0),
    )
    assert (speed.speedup, speed.speedup_range) == (1.0, (0.9, 10 / 9))
    assert [(c.name, c.n_tests, c.serial_s, c.parallel_s, c.in_tests, c.is_slower) for c in speed.directories] == [
        ("u", 2, 6.0, pytest.approx(4.0), pytest.approx(7 / 6), False),
        ("(root)", 1, 2.0, pytest.approx(4.0), 2.0, True),
    ]
    assert [(c.name, c.n_tests) for c in speed.marks] == [("slow", 1)]
    assert speed.total.parallel_s == pytest.approx(8.0)
    assert speed.without_tests_s == pytest.approx((1.5, 1.5))
    assert (speed.longest_test.parallel_s, speed.longest_file) == (4.0, Longest(name="w.py", parallel_s=4.0))
    assert (speed.workers, speed.busy) == (2, pytest.approx(22 / 38))


@pytest.mark.parametrize(("parallel_s", "is_slower"), [(3.01, False), (3.1, True), (2.9, False)])
def test_what_is_shown_as_1_00_is_no_slowdown(parallel_s: float, is_slower: bool) -> None:
    category = Category(name="u", n_tests=1, serial_s=3.0, parallel_s=parallel_s, in_tests=None)
    assert category.is_slower is is_slower


def test_only_runs_that_ran_all_their_tests_are_measured() -> None:
    good, times = ran({"a::x": (0.0, 1.0)}, 2.0), {"a::x": (0.0, 1.0)}
    for bad in (
        ran(times, 2.0, not_run=("a::y",)),
        ran(times, 2.0, problem="killed"),
        ran(times, 0.0),
        ran({}, 2.0),
    ):
        assert speed_of([good], [bad], marks={}) is None
        speed = speed_of([good], [bad, ran({"a::x": (0.0, 1.0)}, 1.0, workers=2)], marks={})
        assert speed is not None and speed.speedup == 2.0

"""Which unit a worker takes next."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ci_tools.plugin.lanes import Lanes, Unit


def units(*ms: float, tests: int = 1) -> list[Unit]:
    """Return units of these milliseconds, named after them."""
    return [
        Unit(f"{each:g}", tuple(range(index * tests, (index + 1) * tests)), each / tests)
        for index, each in enumerate(ms)
    ]


def taken(lanes: Lanes, lane: int, left_ms: Mapping[int, float]) -> str | None:
    unit = lanes.take(lane, left_ms)
    return None if unit is None else unit.name


def drained(lanes: Lanes, lane: int) -> list[str]:
    """Return what a lane gets when all the others are far busier than they have units for."""
    left_ms = dict.fromkeys(range(len(lanes)), 0.0) | {lane: 1e9}
    names = []
    while (name := taken(lanes, lane, left_ms)) is not None:
        names.append(name)
    return names


def test_units_are_dealt_longest_first_to_the_lane_with_the_least_work() -> None:
    lanes = Lanes(units(1, 7, 5, 4, 3), 2)
    assert [drained(lanes, 0), drained(lanes, 1)] == [["7", "3"], ["5", "4", "1"]]


def test_units_of_no_predicted_time_are_dealt_by_their_number_of_tests() -> None:
    few, many = Unit("few", (0,), 0.0), Unit("many", (1, 2, 3), 0.0)
    lanes = Lanes([few, many, Unit("two", (4, 5), 0.0)], 2)
    assert [drained(lanes, 0), drained(lanes, 1)] == [["many"], ["two", "few"]]


def test_equal_units_are_taken_in_collection_order() -> None:
    lanes = Lanes([Unit("later", (1,), 5.0), Unit("first", (0,), 5.0)], 1)
    assert drained(lanes, 0) == ["first", "later"]


def test_an_empty_lane_takes_over_from_the_one_that_would_end_last() -> None:
    lanes = Lanes(units(9, 8, 7), 3)
    lanes.take(0, {})
    assert taken(lanes, 0, {0: 0.0, 1: 20.0, 2: 30.0}) == "7"


def test_what_was_taken_over_is_gone_from_where_it_was() -> None:
    lanes = Lanes(units(9), 2)
    assert taken(lanes, 1, {1: 0.0}) == "9"
    assert not lanes


def test_it_takes_the_longest_unit_that_helps() -> None:
    lanes = Lanes(units(50, 10, 9, 4), 2)  # the second lane holds 10, 9 and 4
    lanes.take(0, {})
    assert taken(lanes, 0, {0: 11.0, 1: 0.0}) == "9"


@pytest.mark.parametrize(("left_ms", "takes"), [(25.0, None), (26.0, "100")])
def test_a_unit_is_left_where_it_would_not_end_clearly_later(left_ms: float, takes: str | None) -> None:
    lanes = Lanes(units(100), 2)
    assert taken(lanes, 1, {0: left_ms, 1: 0.0}) == takes


def test_what_is_left_here_counts_too() -> None:
    lanes = Lanes(units(100), 2)
    assert taken(lanes, 1, {0: 50.0, 1: 25.0}) is None
    assert taken(lanes, 1, {0: 50.0, 1: 24.0}) == "100"


def test_a_lane_without_a_worker_is_taken_over_whatever_it_costs() -> None:
    lanes = Lanes(units(100), 2)
    assert taken(lanes, 1, {1: 1e9}) == "100"


def test_an_own_unit_is_taken_whoever_else_would_be_quicker() -> None:
    lanes = Lanes(units(5, 1), 2)
    assert taken(lanes, 1, {0: 1e9, 1: 1e9}) == "1"


def test_what_is_put_back_comes_next_and_in_its_order() -> None:
    lanes = Lanes(units(9, 8), 1)
    lanes.put_back(0, units(2, 3))
    assert drained(lanes, 0) == ["2", "3", "9", "8"]


def test_a_new_lane_has_nothing_of_its_own() -> None:
    lanes = Lanes(units(9), 1)
    assert lanes.add_lane() == 1
    assert len(lanes) == 2
    assert taken(lanes, 1, {0: 0.0, 1: 0.0}) is None


def test_lanes_are_empty_when_all_units_are_taken() -> None:
    lanes = Lanes(units(9, 8), 2)
    assert lanes
    lanes.take(0, {})
    assert lanes
    lanes.take(1, {})
    assert not lanes
    assert lanes.take(0, {0: 0.0, 1: 99.0}) is None

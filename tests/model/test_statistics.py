"""Numbers of scipy 1.17.1 (`fisher_exact(…, alternative='greater')`, `false_discovery_control`), and brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.model.statistics import (
    Share,
    benjamini_hochberg,
    chance_to_miss,
    discoveries,
    enough,
    fisher,
    least_p,
    runs_for,
)


def share(bad: int, n: int) -> Share:
    return Share(bad=bad, n=n)


@pytest.mark.parametrize(
    ("more", "less", "chance"),
    [
        ((4, 10), (0, 10), 0.04334365325077399),
        ((5, 30), (0, 30), 0.02609277430865299),
        ((3, 10), (0, 10), 0.10526315789473684),
        ((7, 12), (1, 13), 0.009977116704805491),
        ((3, 3), (0, 5), 0.017857142857142856),
        ((2, 20), (5, 11), 0.9963606286186931),
        ((9, 50), (3, 70), 0.015621108576211651),
    ],
)
def test_fisher_says_what_scipy_says(more: tuple[int, int], less: tuple[int, int], chance: float) -> None:
    assert fisher(share(*more), share(*less)) == pytest.approx(chance, rel=1e-9)


@given(st.integers(0, 6), st.integers(0, 6), st.data())
def test_fisher_counts_all_ways_in_which_the_bad_ones_could_have_fallen(n: int, m: int, data: st.DataObject) -> None:
    bad_n, bad_m = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    ways = [sum(place < n for place in chosen) for chosen in combinations(range(n + m), bad_n + bad_m)]
    wanted = Fraction(sum(way >= bad_n for way in ways), len(ways))
    assert fisher(share(bad_n, n), share(bad_m, m)) == pytest.approx(float(wanted))
    least = Fraction(ways.count(max(ways)), len(ways))
    assert least_p(share(bad_n, n), share(bad_m, m)) == pytest.approx(float(least))


def test_nothing_is_proved_by_no_runs() -> None:
    assert fisher(share(3, 3), share(0, 0)) == 1.0
    assert fisher(share(0, 0), share(0, 5)) == 1.0


def test_benjamini_and_hochberg_say_what_scipy_says() -> None:
    chances = [0.01, 0.04, 0.03, 0.005, 0.8, 0.04, 1.0, 0.0001]
    wanted = [0.0266666667, 0.0533333333, 0.0533333333, 0.02, 0.9142857143, 0.0533333333, 1.0, 0.0008]
    assert benjamini_hochberg(chances) == pytest.approx(wanted)
    assert benjamini_hochberg([]) == ()


def test_tests_with_too_few_failures_to_prove_anything_are_not_among_those_looked_at() -> None:
    worse, once = (share(5, 10), share(0, 10)), (share(1, 10), share(0, 10))
    alone = fisher(*worse)
    assert discoveries([worse]) == pytest.approx((alone,))
    assert discoveries([once, worse, once]) == (None, pytest.approx(alone), None)
    assert discoveries([worse, (share(5, 10), share(5, 10))])[0] == pytest.approx(2 * alone)


def test_how_many_runs_a_promise_takes() -> None:
    """The rule of three, exactly: 59 runs for 5 %, 299 for 1 %."""
    assert [runs_for(bound) for bound in (0.05, 0.01)] == [59, 299]
    assert [round(chance_to_miss(bound, 10), 2) for bound in (0.01, 0.05, 0.10)] == [0.90, 0.60, 0.35]


def test_a_sequential_test_ends_after_two_red_runs_or_thirty_one_green_ones() -> None:
    """Wald: the logarithm of 19 over that of 10, and of 0.99 / 0.9."""
    assert [enough(red, red) for red in (0, 1)] == ["", ""]
    assert enough(2, 2) == "it is red in 10 % of runs rather than in 1 %"
    assert enough(0, 30) == ""
    assert enough(0, 31) == "it is red in 1 % of runs rather than in 10 %"
    assert enough(1, 40) == ""

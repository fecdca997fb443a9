"""A small sample of `python -m tests.torture.stability`, and what it can be expected to say."""

from __future__ import annotations

from math import comb

import pytest

from ci_tools.model.rates import interval, upper_bound

from .stability import KINDS, LEAST_RIGHT, MOST_WRONG, RATES, simulated_classes, simulated_rates, wrong_of


@pytest.mark.parametrize("n", [5, 10, 14, 30, 59, 100])
@pytest.mark.parametrize("rate", RATES)
def test_bounds_contain_the_truth_as_often_as_they_promise(n: int, rate: float) -> None:
    """Exactly, over all that can happen; least often just where none of n gets below the rate: 59 runs for 5 %."""
    within = sum(
        comb(n, k) * rate**k * (1 - rate) ** (n - k)
        for k in range(n + 1)
        if (0.0 if k == 0 else interval(k, n)[0]) <= rate <= (upper_bound(n) if k == 0 else interval(k, n)[1])
    )
    assert within >= LEAST_RIGHT


def test_studies_of_known_rates_contain_them() -> None:
    assert wrong_of(simulated_rates(50, 30, seed=11), 50, "simulated") == []


def test_classes_that_are_called_sure_are_right() -> None:
    told = simulated_classes(4, 24, seed=3)
    sure = {entry: n for entry, n in told.items() if entry[2]}
    false = sum(n for (made, kind, _), n in sure.items() if made != kind)
    assert false <= MOST_WRONG * sum(sure.values())
    assert {made for made, kind, _ in sure if made == kind} == set(KINDS)

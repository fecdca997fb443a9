"""The covering design: what meets when."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.model.trial import Conditions, Order
from ci_tools.stability.design import Coverage, Factors, coverage, design, number_of

LEVELS = ("0", "1", "2", "4", "auto")

factors = st.builds(
    Factors,
    levels=st.lists(st.sampled_from(LEVELS), min_size=1, max_size=4, unique=True).map(tuple),
    orders=st.lists(st.sampled_from(Order), min_size=1, max_size=3, unique=True).map(tuple),
    stress=st.sampled_from([(0,), (0, 2)]),
    seed=st.integers(0, 999),
)


def first(factors: Factors, n: int) -> list[Conditions]:
    return list(islice(design(factors), n))


@settings(max_examples=25)
@given(factors)
def test_each_level_meets_each_order_before_anything_is_repeated(factors: Factors) -> None:
    n = len(factors.levels) * len(factors.orders)
    met = {(conditions.workers, conditions.order) for conditions in first(factors, n)}
    assert met == {(level, order) for level in factors.levels for order in factors.orders}


@settings(max_examples=25)
@given(factors)
def test_any_two_values_have_met_soon_after(factors: Factors) -> None:
    """At best it takes as many runs as the two largest sets have pairs; greed needs a few more."""
    sizes = sorted(map(len, factors.values))
    seen = coverage(first(factors, sizes[-1] * sizes[-2] + 6), factors)
    assert seen.pairs == seen.of_pairs


def test_the_first_run_is_the_first_level_as_it_is_here() -> None:
    (run,) = first(Factors(levels=("2", "0"), seed=3, dist="load"), 1)
    assert run == Conditions(workers="2", dist="load", hash_seed=number_of(3, "hash 0"))


def test_one_seed_always_gives_the_same_runs_and_more_runs_begin_like_fewer() -> None:
    assert first(Factors(seed=5), 40)[:20] == first(Factors(seed=5), 20)
    assert first(Factors(seed=5), 20) != first(Factors(seed=6), 20)


def test_every_random_order_is_another_one() -> None:
    seeds = [run.seed for run in first(Factors(orders=(Order.RANDOM,)), 50)]
    assert len(set(seeds)) == 50
    assert {run.seed for run in first(Factors(orders=(Order.SAME, Order.REVERSE)), 20)} == {0}


def test_one_level_and_one_order_are_a_design_too() -> None:
    only = Factors(levels=("2",), orders=(Order.SAME,), time_zones=("",))
    runs = first(only, 12)
    assert {(run.workers, run.order, run.tz) for run in runs} == {("2", Order.SAME, "")}
    assert {run.hash_seed for run in runs} == set(only.hash_seeds)


def test_coverage_counts_what_has_met() -> None:
    small = Factors(levels=("0", "2"), orders=(Order.SAME,), time_zones=("",), seed=1)
    assert coverage([], small) == Coverage(level_orders=0, of_level_orders=2, pairs=0, of_pairs=24)
    assert coverage(first(small, 1), small) == Coverage(level_orders=1, of_level_orders=2, pairs=10, of_pairs=24)
    assert coverage(first(small, 6), small) == Coverage(level_orders=2, of_level_orders=2, pairs=24, of_pairs=24)


@pytest.mark.parametrize(("name", "number"), [("hash 0", 286_236), ("order 7", 554_181)])
def test_numbers_are_those_of_yesterday(name: str, number: int) -> None:
    """A replay command that was printed by one version holds for the next."""
    assert number_of(4711, name) == number

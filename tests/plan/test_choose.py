"""How many shards `auto` means: by hand-made suites, and as laws over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from samples import COST, RUN_COST
from strategies import durations

from ci_tools.model.cost import Choice, Price, PriceSource, RunCost
from ci_tools.plan.choose import (
    Chosen,
    Terms,
    alternatives,
    best_value,
    fastest_within,
    fewest_for,
    forecast_line,
    forecaster,
    most_shards,
    terms_of,
    workers_of,
)
from ci_tools.plan.make import Work, make_plan, work_of
from ci_tools.plan.predict import predict, sources_of

law = settings(deadline=None, max_examples=60)

PRICE = Price(usd_per_minute=Decimal("0.006"), source=PriceSource.LIST)
TERMS = Terms(overhead_s=60.0, is_assumed=False, price=PRICE)
# An hour of work in 360 files of one test each.
HOUR = {f"test_{index:03}.py::test": 10.0 for index in range(360)}
# One test of 100 s, 300 s of others: more than 4 shards are waste.
BOUND = {"slow.py::test_slow": 100.0, **{f"test_{index:02}.py::test": 10.0 for index in range(30)}}

UNEVEN = {"a.py::test": 70.0, "b.py::test": 50.0}


def work_with(durations_s: Mapping[str, float], workers: int = 1) -> Work:
    return work_of(predict(sources_of(durations_s), durations_s), workers=workers)


def numbers(chosen: Chosen) -> tuple[int, float, int]:
    return chosen.choice.shards, chosen.choice.wall_s, chosen.choice.billed_minutes


def test_a_forecast_is_set_up_and_the_slowest_shard_and_every_jobs_minutes() -> None:
    assert forecaster(work_with(BOUND), TERMS)(3) == Choice(
        shards=3, wall_s=200.0, billed_minutes=12, usd=Decimal("0.072")
    )


def test_each_job_is_rounded_up_by_itself() -> None:
    assert forecaster(work_with(UNEVEN), TERMS)(2) == Choice(
        shards=2, wall_s=130.0, billed_minutes=3 + 2, usd=Decimal("0.03")
    )


def test_the_forecast_is_that_of_the_plan_itself() -> None:
    plan = make_plan(predict(sources_of(BOUND), BOUND), shards=3, workers=1)
    assert plan.certificate is not None
    assert forecaster(work_with(BOUND), TERMS)(3).wall_s == 60 + plan.certificate.predicted_wall_ms / 1000


def test_a_target_takes_the_fewest_shards_that_meet_it() -> None:
    chosen = fewest_for(work_with(HOUR), TERMS, 600)
    assert numbers(chosen) == (7, 580.0, 70)
    assert chosen.why == (
        "7 shards: 9m 40s, 70 billed minutes, $0.42 for the target of 10m 00s; 6 would be 1m 00s over it"
    )


def test_more_workers_take_fewer_shards() -> None:
    assert numbers(fewest_for(work_with(HOUR, workers=4), TERMS, 600)) == (2, 510.0, 18)


def test_a_target_may_be_met_to_the_second() -> None:
    why = "4 shards: 2m 40s, 12 billed minutes, $0.07 for the target of 2m 40s; 3 would be 40.0 s over it"
    assert fewest_for(work_with(BOUND), TERMS, 160).why == why


def test_a_target_that_one_shard_meets_has_no_rival() -> None:
    chosen = fewest_for(work_with(HOUR), replace(TERMS, price=Price()), 3660)
    assert chosen.why == "1 shard: 1h 01m, 61 billed minutes for the target of 1h 01m"


@pytest.mark.parametrize(
    ("durations_s", "target_s", "why"),
    [
        (BOUND, 120, "2m 00s can't be met, 4 shards would take 2m 40s, and more would be no faster"),
        (BOUND, 0, "0.0 s can't be met, 4 shards would take 2m 40s, and more would be no faster"),
        (HOUR, 70, "1m 10s can't be met, 256 shards would take 1m 20s, and a matrix has no room for more"),
    ],
)
def test_a_target_out_of_reach_takes_the_best_value_and_says_so(
    durations_s: Mapping[str, float], target_s: float, why: str
) -> None:
    """Not as many as there can be: a target below the set-up alone would buy 256."""
    terms, work = replace(TERMS, price=Price()), work_with(durations_s)
    chosen, value = fewest_for(work, terms, target_s), best_value(work, terms)
    assert chosen.choice == value.choice
    assert chosen.why == f"the target of {why}; for what they cost, {value.why}"


def test_money_takes_the_most_shards_that_cost_no_more() -> None:
    chosen = fastest_within(work_with(HOUR), TERMS, Decimal("0.50"))
    assert chosen.why == "20 shards: 4m 00s, 80 billed minutes, $0.48, of at most $0.50"


def test_money_is_held_against_the_real_packing() -> None:
    """Two shards would be 4 minutes if they were even; they are 5."""
    assert numbers(fastest_within(work_with(UNEVEN), TERMS, Decimal("0.024"))) == (1, 180.0, 3)
    assert numbers(fastest_within(work_with(UNEVEN), TERMS, Decimal("0.03"))) == (2, 130.0, 5)


def test_money_for_no_run_at_all_takes_the_cheapest_and_says_so() -> None:
    chosen = fastest_within(work_with(HOUR), TERMS, Decimal("0.10"))
    assert chosen.why == "1 shard: 1h 01m, 61 billed minutes, $0.37, more than $0.10: no other number costs less"


def test_what_is_free_is_as_fast_as_can_be() -> None:
    free = replace(TERMS, price=replace(PRICE, is_free=True))
    chosen = fastest_within(work_with(BOUND), free, Decimal("0.01"))
    assert chosen.why == "4 shards: 2m 40s, 12 billed minutes, free, of at most $0.01"


def test_auto_alone_stops_where_time_costs_more_than_it_is_worth() -> None:
    chosen = best_value(work_with(HOUR), TERMS)
    assert numbers(chosen) == (60, 120.0, 120)
    more = "more would raise the bill by more per cent than they shorten the run"
    assert chosen.why == f"60 shards: 2m 00s, 120 billed minutes, $0.72: {more}"


def test_auto_alone_never_passes_what_is_useful() -> None:
    slow = {f"test_{index}.py::test": 6000.0 for index in range(512)}
    lines = [best_value(work_with(durations_s), TERMS).why for durations_s in (BOUND, slow)]
    assert lines == [
        "4 shards: 2m 40s, 12 billed minutes, $0.07: more would be no faster",
        "256 shards: 3h 21m, 51,456 billed minutes, $308.74: a matrix has no room for more",
    ]


def test_auto_alone_is_the_best_of_all_numbers() -> None:
    work = work_with(BOUND)
    every = [forecaster(work, TERMS)(shards) for shards in range(1, most_shards(work) + 1)]
    assert best_value(work, TERMS).choice == min(every, key=lambda choice: choice.wall_s * choice.billed_minutes)


def test_an_assumed_set_up_is_said_to_be_one() -> None:
    assumed = " (1m 00s of set-up assumed)"
    work = work_with(HOUR)
    terms = Terms(price=PRICE)
    lines = [fewest_for(work, terms, 600).why, fewest_for(work, terms, 1).why, best_value(work, terms).why]
    lines += [fastest_within(work, terms, Decimal(usd)).why for usd in ("0.1", "0.5")]
    assert [line.endswith(assumed) for line in [*lines, forecast_line(work, terms, 3)]] == [True] * 6


@pytest.mark.parametrize("durations_s", [{}, {"a.py::t": 0.0}])
def test_nothing_to_run_is_one_shard(durations_s: Mapping[str, float]) -> None:
    work = work_with(durations_s)
    found = [fewest_for(work, TERMS, 600), fastest_within(work, TERMS, Decimal(1)), best_value(work, TERMS)]
    assert [numbers(chosen) for chosen in found] == [(1, 60.0, 1)] * 3


# -- what the last run teaches ---------------------------------------------------------------


def test_the_terms_are_medians_of_the_last_jobs() -> None:
    times = ((40.0, 120.0), (50.0, 122.0), (None, 130.0))
    jobs = tuple(replace(COST, setup_s=setup_s, command_s=command_s) for setup_s, command_s in times)
    # Of set-up 45 s, of the command all but 108.5 s of tests and re-runs: 11.5, 13.5 and 21.5 s.
    assert terms_of(RunCost(jobs=jobs)) == Terms(overhead_s=58.5, is_assumed=False, price=COST.price)


def test_without_a_known_set_up_it_is_assumed() -> None:
    cost = RunCost(jobs=(replace(COST, setup_s=None),))
    assert terms_of(cost) == Terms(overhead_s=60 + 17.0, is_assumed=True, price=COST.price)
    assert terms_of(None) == terms_of(RunCost(jobs=())) == Terms(overhead_s=60.0, is_assumed=True)


def test_a_price_is_learned_only_if_all_jobs_have_it_and_one_given_wins() -> None:
    given_price = Price(usd_per_minute=Decimal("0.1"), source=PriceSource.OPTION)
    assert [terms_of(RUN_COST).price, terms_of(RUN_COST, Decimal("0.1")).price] == [Price(), given_price]


def test_the_workers_are_those_of_most_jobs() -> None:
    jobs = tuple(replace(COST, workers=workers) for workers in (0, 0, 0, 4, 4, 2, 2, 8))
    known = [workers_of(RunCost(jobs=some)) for some in (jobs, jobs[:6], jobs[:3])]
    assert (known, workers_of(None)) == ([2, 4, None], None)


# -- what would have been better -------------------------------------------------------------


def test_better_numbers_of_shards_are_found_on_either_side() -> None:
    work = work_with(HOUR)
    assert [choice.shards for choice in alternatives(work, TERMS, shards=20)] == [20, 30]
    assert [choice.shards for choice in alternatives(work, TERMS, shards=256)] == [256, 60]


def test_nothing_is_advised_where_nothing_is_clearly_better_or_known() -> None:
    work = work_with(HOUR)
    assert alternatives(work, TERMS, shards=60) == ()
    assert alternatives(work, TERMS, shards=62) == ()  # 60 are better by 3 %
    assert alternatives(work, replace(TERMS, is_assumed=True), shards=20) == ()
    assert alternatives(work_with({"a.py::t": 1.0}), TERMS, shards=1) == ()


def test_useless_shards_are_advised_against_and_never_for() -> None:
    choices = alternatives(work_with(BOUND), TERMS, shards=8)
    assert [choice.shards for choice in choices] == [8, 4]


# -- laws ------------------------------------------------------------------------------------

works = st.builds(work_with, durations, st.integers(1, 4))
terms = st.builds(
    lambda overhead_ms, micro: Terms(
        overhead_s=overhead_ms / 1000,
        is_assumed=False,
        price=Price(usd_per_minute=Decimal(micro) / 10**6, source=PriceSource.OPTION),
    ),
    st.integers(0, 200_000),
    st.integers(1, 10**6),
)


@law
@given(works, terms, st.integers(0, 1_000_000))
@example(work_with(HOUR), TERMS, 600_000)
def test_the_chosen_number_meets_the_target_and_one_fewer_does_not(work: Work, terms: Terms, target_ms: int) -> None:
    target_s = target_ms / 1000
    chosen = fewest_for(work, terms, target_s)
    forecast, shards = forecaster(work, terms), chosen.choice.shards
    assert chosen.choice == forecast(shards)
    assert 1 <= shards <= min(256, work.useful_shards)
    if chosen.choice.wall_s <= target_s:
        assert shards == 1 or forecast(shards - 1).wall_s > target_s
    else:
        assert chosen.choice == best_value(work, terms).choice


@law
@given(works, terms, st.integers(0, 10**7))
def test_the_chosen_number_is_within_the_money_or_the_cheapest(work: Work, terms: Terms, micro: int) -> None:
    max_usd = Decimal(micro) / 10**6
    chosen = fastest_within(work, terms, max_usd).choice
    assert 1 <= chosen.shards <= most_shards(work)
    assert chosen.usd is not None
    if chosen.usd > max_usd:
        assume(work.useful_shards <= 8)  # of more, only the most promising are packed
        every = [forecaster(work, terms)(shards) for shards in range(1, most_shards(work) + 1)]
        assert chosen.billed_minutes == min(choice.billed_minutes for choice in every)


@law
@given(works, terms, st.integers(1, 300))
def test_advice_is_better_value_than_what_there_is(work: Work, terms: Terms, shards: int) -> None:
    choices = alternatives(work, terms, shards=shards)
    values = [choice.wall_s * choice.billed_minutes for choice in choices]
    assert all(value <= 0.95 * values[0] for value in values[1:])
    assert [choice.shards for choice in choices[:1]] == [shards] * bool(choices)
    assert all(1 <= choice.shards <= min(2 * shards, most_shards(work)) for choice in choices[1:])


@law
@given(works, terms, st.sampled_from([fewest_for, fastest_within, None]))
def test_the_same_suite_always_gets_the_same_number(
    work: Work, terms: Terms, choose: Callable[..., Chosen] | None
) -> None:
    one, other = (
        choose(work, terms, Decimal(1) if choose is fastest_within else 90.0) if choose else best_value(work, terms)
        for _ in range(2)
    )
    assert one == other

"""What people read about the cost, word for word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from samples import COST

from ci_tools.model.cost import Choice, Price, PriceSource, RunCost, Runner, ShardCost
from ci_tools.report.cost import cost_lines

FREE = Price(usd_per_minute=Decimal("0.006"), is_free=True, source=PriceSource.LIST)

PRICED = "$0.34 in 57 billed minutes (estimate), $0.08 of it set-up, $0.03 lost to rounding"
LISTED = "19 test jobs, each rounded up to whole minutes, at $0.006 a minute, GitHub's list price of 2026-01-01"


def jobs(n: int, **fields: object) -> tuple[ShardCost, ...]:
    return tuple(replace(COST, shard=i, shards=n, **fields) for i in range(1, n + 1))  # type: ignore[arg-type]


def test_a_priced_run() -> None:
    assert cost_lines(RunCost(jobs=jobs(19))) == [
        PRICED,
        LISTED,
    ]


def test_a_public_repository_runs_for_free() -> None:
    assert cost_lines(RunCost(jobs=jobs(19, price=FREE))) == [
        f"free on a public repository, would be {PRICED}",
        LISTED,
    ]


def test_an_unpriced_run_says_why_and_what_helps() -> None:
    cost = RunCost(jobs=jobs(1, price=Price(), runner=Runner(environment="self-hosted")))
    why = "a self-hosted runner is on no price list"
    assert cost_lines(cost) == [
        f"3 billed minutes (estimate), unpriced: {why}; name a price with --price-per-minute",
        "1 test job, each rounded up to whole minutes",
    ]


def test_where_nobody_bills_there_is_nothing_to_say() -> None:
    assert cost_lines(RunCost(jobs=jobs(1, price=Price(), runner=Runner()))) == []


def test_a_price_of_ones_own_is_said_to_be_one() -> None:
    price = Price(usd_per_minute=Decimal("0.1"), source=PriceSource.OPTION)
    assert cost_lines(RunCost(jobs=jobs(1, price=price)))[1] == (
        "1 test job, each rounded up to whole minutes, at $0.1 a minute, as given by --price-per-minute"
    )


def test_jobs_at_several_prices_have_no_common_one() -> None:
    cost = RunCost(jobs=(*jobs(1), *jobs(1, price=FREE)))
    assert cost_lines(cost) == [
        "$0.02 in 6 billed minutes (estimate)",
        "2 test jobs, each rounded up to whole minutes",
    ]


def test_what_is_not_in_it_is_named() -> None:
    cost = RunCost(jobs=jobs(1, setup_s=None), uncounted=tuple((shard, 2) for shard in range(1, 13)))
    names = ", ".join(f"shard {shard} (attempt 2)" for shard in range(1, 11))
    assert cost_lines(cost)[2:] == [
        "the set-up of some jobs is unknown and not in it",
        f"not in it, as nothing is known of their cost: {names} and 2 more",
    ]


@pytest.mark.parametrize(
    ("usd", "minutes", "wall_s", "line"),
    [
        ("0.036", 6, 140.0, "2 shards: $0.02 less, 40.0 s more (predicted)"),
        ("0.066", 11, 70.0, "2 shards: $0.01 more, 30.0 s less (predicted)"),
        (None, 8, 140.0, "2 shards: 1 billed minute less, 40.0 s more (predicted)"),
        ("0.054", 9, 70.0, "2 shards: as many billed minutes, 30.0 s less (predicted)"),
        ("0.036", 6, 100.04, "2 shards: $0.02 less, as fast (predicted)"),
    ],
)
def test_what_would_be_better_is_a_sentence(usd: str | None, minutes: int, wall_s: float, line: str) -> None:
    now = None if usd is None else Decimal("0.054")
    here = Choice(shards=3, wall_s=100.0, billed_minutes=9, usd=now)
    other = Choice(shards=2, wall_s=wall_s, billed_minutes=minutes, usd=None if usd is None else Decimal(usd))
    assert cost_lines(RunCost(jobs=jobs(3), choices=(here, other)))[2:] == [line]


def test_where_nothing_is_charged_minutes_are_compared() -> None:
    here = Choice(shards=3, wall_s=100.0, billed_minutes=9, usd=Decimal(0))
    other = Choice(shards=2, wall_s=120.0, billed_minutes=7, usd=Decimal(0))
    assert cost_lines(RunCost(jobs=jobs(3, price=FREE), choices=(here, other)))[2:] == [
        "2 shards: 2 billed minutes less, 20.0 s more (predicted)"
    ]


def test_without_a_cost_there_is_nothing_to_say() -> None:
    assert cost_lines(RunCost(jobs=(), uncounted=((1, 1),))) == []

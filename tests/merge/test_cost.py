"""What a run cost: every attempt of every shard is billed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

from bundles import bundle, plan_of_files
from samples import COST, SPENDING

from ci_tools.formats import cost_json
from ci_tools.merge.cost import run_cost
from ci_tools.model.bundle import Bundle
from ci_tools.model.cost import Price, PriceSource, RunCost, ShardCost
from ci_tools.model.spending import Book, Entry, Spending, What

PLAN = plan_of_files(["a.py"], ["b.py"])


def job(shard: int, attempt: int = 1, **fields: object) -> ShardCost:
    return replace(COST, shard=shard, shards=2, attempt=attempt, **fields)  # type: ignore[arg-type]


def left(shard: int, attempt: int = 1, cost: ShardCost | None = None) -> Bundle:
    return replace(bundle(PLAN, shard, [], run_attempt=attempt), cost=cost)


def test_every_attempt_of_every_shard_is_billed() -> None:
    bundles = [left(1, 1, job(1)), left(2, 1, job(2)), left(2, 2, job(2, 2, command_s=30.0))]
    cost = run_cost(bundles)
    assert cost == RunCost(jobs=(job(1), job(2), job(2, 2, command_s=30.0)))
    # 41.25 + 125.5 s are 3 minutes, 41.25 + 30 s are 2.
    assert (cost.billed_minutes, cost.usd) == (8, Decimal("0.048"))


def test_the_order_of_the_bundles_changes_nothing() -> None:
    bundles = [left(1, 1, job(1)), left(1, 1, job(1, tests_s=1.0)), left(2, 1), left(2, 2, job(2, 2))]
    assert {cost_json.dumps(run_cost(order)) for order in permutations(bundles)} == {cost_json.dumps(run_cost(bundles))}


def test_a_job_that_left_no_cost_is_named_and_not_counted() -> None:
    assert run_cost([left(1, 1, job(1)), left(2, 1), left(2, 2)]) == RunCost(jobs=(job(1),), uncounted=((2, 1), (2, 2)))


def test_what_announces_an_attempt_is_no_job_of_its_own() -> None:
    assert run_cost([left(1, 2), left(1, 2, job(1, 2))]) == RunCost(jobs=(job(1, 2),))


def test_the_cost_of_another_shard_is_none_of_this_one() -> None:
    assert run_cost([left(1, 1, job(2))]) == RunCost(jobs=(), uncounted=((1, 1),))


def test_set_up_and_rounding_are_parts_of_the_whole() -> None:
    cost = run_cost([left(1, 1, job(1))])
    # 41.25 s of set-up and 13.25 s that nobody used, of 180 s.
    assert (cost.usd, cost.setup_usd, cost.rounding_usd) == (
        Decimal("0.018"),
        Decimal("0.004125"),
        Decimal("0.001325"),
    )


def test_one_job_without_a_price_leaves_the_run_without_one() -> None:
    cost = run_cost([left(1, 1, job(1)), left(2, 1, job(2, price=Price()))])
    assert (cost.billed_minutes, cost.usd, cost.list_usd, cost.setup_usd, cost.rounding_usd) == (
        6,
        None,
        None,
        None,
        None,
    )


def test_a_free_run_costs_nothing_and_says_what_it_would() -> None:
    free = Price(usd_per_minute=Decimal("0.006"), is_free=True, source=PriceSource.LIST)
    cost = run_cost([left(1, 1, job(1, price=free))])
    assert (cost.is_free, cost.usd, cost.list_usd) == (True, Decimal(0), Decimal("0.018"))


def test_nothing_cost_nothing_known() -> None:
    cost = run_cost([])
    assert (cost, cost.usd, cost.is_free, cost.billed_minutes) == (RunCost(jobs=()), None, False, 0)


# -- what tests spent ------------------------------------------------------------------------


def book(process: str, *usd: str) -> Book:
    entries = tuple(
        Entry(what=What.ADD, nodeid="a.py::test", usd=Decimal(each), seq=seq) for seq, each in enumerate(usd, 1)
    )
    return Book(run="0123abcd", worker="gw0", process=process, entries=entries)


def paid(shard: int, attempt: int, *books: Book) -> Bundle:
    return replace(left(shard, attempt, job(shard, attempt)), books=books)


def spent(cost: RunCost) -> dict[tuple[int, int], Decimal]:
    return {place: amounts.usd for place, amounts in cost.spending.by(lambda row: (row.shard, row.attempt))}


def test_every_attempt_has_really_spent_its_money_and_a_bundle_that_comes_twice_has_not() -> None:
    first = paid(1, 1, book("00000001", "0.25", "0.5"), book("00000002", "1"))
    cut_off = paid(1, 1, book("00000001", "0.25"))
    again = paid(1, 2, book("00000001", "0.25"))
    cost = run_cost([first, first, cut_off, again, paid(2, 1)])
    assert spent(cost) == {(1, 1): Decimal("1.75"), (1, 2): Decimal("0.25")}
    assert cost.spending.budget_usd is None
    orders = permutations([first, first, cut_off, again])
    assert {cost_json.dumps(run_cost([*order, paid(2, 1)])) for order in orders} == {cost_json.dumps(cost)}


def test_a_killed_shard_has_spent_what_it_wrote() -> None:
    cost = run_cost([replace(left(1), books=(book("00000001", "2"),)), left(2, 1, job(2))])
    assert (cost.uncounted, spent(cost)) == (((1, 1),), {(1, 1): Decimal(2)})


def test_what_no_shard_can_be_named_for_is_nobodys() -> None:
    stray = replace(left(1), shard=0, shards=0, attempt=0, books=(book("00000001", "2"),))
    assert run_cost([stray]).spending == Spending()


def test_what_a_job_says_itself_that_it_spent_is_not_counted_again() -> None:
    claims = replace(job(1), spending=SPENDING)
    cost = run_cost([left(1, 1, claims)])
    assert (cost.jobs, cost.spending) == ((job(1),), Spending())


def test_the_budget_is_that_of_the_plan() -> None:
    shards = tuple(replace(shard, budget_usd=Decimal("1.25")) for shard in PLAN.shards)
    planned = replace(paid(1, 1, book("00000001", "0.5")), plan=replace(PLAN, shards=shards))
    assert run_cost([planned, replace(left(2), plan=None)]).spending.left_usd == Decimal(2)
    assert run_cost([planned, left(2)]).spending.budget_usd is None  # two plans: nobody knows which one holds

"""What a run cost: every attempt of every shard is a job, and each job is billed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from ci_tools.model.bundle import Bundle
from ci_tools.model.cost import RunCost, ShardCost
from ci_tools.model.money import usd_sum
from ci_tools.model.plan import Plan
from ci_tools.model.spending import Book, Spending, spending_of


def run_cost(bundles: Sequence[Bundle]) -> RunCost:
    """Return the cost of all jobs, those that decide nothing any more included.

    Two bundles of one attempt count once. A bundle whose cost isn't of its own shard counts as
    one without. What its tests spent is known without it.
    """
    jobs: dict[tuple[int, int], list[ShardCost]] = {}
    for bundle in bundles:
        if bundle.shard:
            jobs.setdefault((bundle.shard, bundle.attempt), []).extend(_own_cost(bundle))
    return RunCost(
        jobs=tuple(max(jobs[place], key=repr) for place in sorted(jobs) if jobs[place]),
        uncounted=tuple(place for place in sorted(jobs) if not jobs[place]),
        spending=_spending(bundles),
    )


def _own_cost(bundle: Bundle) -> list[ShardCost]:
    cost = bundle.cost
    is_own = cost and (cost.shard, cost.shards, cost.attempt) == (bundle.shard, bundle.shards, bundle.attempt)
    return [replace(cost, spending=Spending())] if cost and is_own else []


def _spending(bundles: Sequence[Bundle]) -> Spending:
    """Return what all attempts spent: each has been paid for. The plan's budget is for one attempt of each shard."""
    books: dict[tuple[int, int], list[Book]] = {}
    for bundle in bundles:
        if bundle.shard:
            books.setdefault((bundle.shard, bundle.attempt), []).extend(bundle.books)
    plans = {bundle.plan.digest: bundle.plan for bundle in bundles if bundle.plan}
    budgets = [_budget_usd(plan) for plan in plans.values()]
    return spending_of(books, budgets[0] if len(budgets) == 1 else None)


def _budget_usd(plan: Plan) -> Decimal | None:
    parts = [shard.budget_usd for shard in plan.shards if shard.budget_usd is not None]
    return usd_sum(parts) if parts else None

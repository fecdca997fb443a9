"""A run's budget, split over its shards: what a shard may spend is known before any of them starts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ci_tools.model.money import exact_dollars, usd_sum
from ci_tools.model.plan import Plan

_MICRO = Decimal("0.000001")


def with_budget(plan: Plan, budget_usd: Decimal | None) -> Plan:
    """Return the plan with a part of the budget in each shard, by its predicted work; the parts add up exactly.

    In whole millionths of a dollar, what rounding leaves goes to the shards that lost most by it.
    """
    if budget_usd is None:
        return plan
    weights = [1 + sum(atom.expected_ms for atom in shard.atoms) for shard in plan.shards]
    budget = int(budget_usd / _MICRO)
    parts = [budget * weight // sum(weights) for weight in weights]
    lost = [budget * weight % sum(weights) for weight in weights]
    for index in sorted(range(len(parts)), key=lambda index: (-lost[index], index))[: budget - sum(parts)]:
        parts[index] += 1
    shards = (replace(shard, budget_usd=part * _MICRO) for shard, part in zip(plan.shards, parts))
    return replace(plan, shards=tuple(shards))


def budget_line(plan: Plan) -> str:
    """Return how a plan's budget is split, for people."""
    parts = [shard.budget_usd for shard in plan.shards if shard.budget_usd is not None]
    whole, least, most = map(exact_dollars, (usd_sum(parts), min(parts), max(parts)))
    return f"budget: {whole}, by predicted work {least} to {most} a shard"

"""A run's budget over its shards."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ci_tools.formats import plan_json
from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.plan.budget import budget_line, with_budget


def plan_of(*works_ms: int) -> Plan:
    shards = [
        Shard(index=index, expected_ms=ms, atoms=(Atom(file=f"test_{index}.py", expected_ms=ms),))
        for index, ms in enumerate(works_ms, 1)
    ]
    return Plan(workers=1, shards=tuple(shards))


def parts(plan: Plan) -> list[str]:
    return [str(shard.budget_usd) for shard in plan.shards]


def test_a_shard_may_spend_by_its_predicted_work() -> None:
    plan = with_budget(plan_of(2999, 999, 0), Decimal("4.00"))
    assert parts(plan) == ["2.999250", "0.999750", "0.001000"]
    assert budget_line(plan) == "budget: $4.00, by predicted work $0.001 to $2.99925 a shard"


def test_without_a_budget_the_plan_stays_as_it_is() -> None:
    plan = plan_of(1, 2)
    assert with_budget(plan, None) == plan


def test_what_rounding_leaves_goes_to_those_that_lost_most() -> None:
    assert parts(with_budget(plan_of(0, 0, 0), Decimal("0.000005"))) == ["0.000002", "0.000002", "0.000001"]


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40), st.decimals(0, 10**5, places=6))
def test_the_parts_are_the_whole(works_ms: list[int], budget_usd: Decimal) -> None:
    plan = with_budget(plan_of(*works_ms), budget_usd)
    found = [shard.budget_usd for shard in plan.shards]
    assert sum(usd for usd in found if usd is not None) == budget_usd and min(u for u in found if u is not None) >= 0


def test_the_budget_is_in_plan_json_and_in_its_digest() -> None:
    plan = with_budget(plan_of(1, 2), Decimal("10"))
    assert plan_json.loads(plan_json.dumps(plan), source="plan.json") == plan
    assert len({plan.digest, plan_of(1, 2).digest, with_budget(plan_of(1, 2), Decimal("11")).digest}) == 3

"""The laws of cost.json: what is written reads back equal; a wrong value in any field is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import COST, FORMATS, RUN_COST
from strategies import hostile_text

from ci_tools.formats import cost_json
from ci_tools.model.cost import Choice, Price, PriceSource, RunCost, Runner, ShardCost, WorkerTime
from ci_tools.model.errors import FormatError
from ci_tools.model.spending import Amounts, Spending, Spent
from ci_tools.report.cost import cost_lines

law = settings(deadline=None, max_examples=80)

numbers = st.integers(0, 10**9)
positive = st.integers(1, 10**9)
seconds = st.integers(0, 10**13).map(lambda ms: ms / 1000)
rates = st.integers(0, 10**12 - 1).map(lambda micro: Decimal(micro) / 10**6)
words = st.sampled_from(["", "Linux", "macOS", "X64", "github-hosted", "a.b_c-d"])
flags = st.one_of(st.none(), st.booleans())
sums = st.integers(0, 10**30 - 1).map(lambda pico: Decimal(pico).scaleb(-12, Context(prec=60)))
amounts = st.builds(
    Amounts,
    records=numbers,
    unpriced=numbers,
    tokens=st.integers(0, 10**24),
    usd=sums,
    listed_usd=sums,
    over_usd=sums,
    unsettled_usd=sums,
    dead_usd=sums,
)
rows = st.builds(
    Spent,
    shard=numbers,
    attempt=numbers,
    nodeid=hostile_text,
    kind=hostile_text,
    model=hostile_text,
    worker=hostile_text,
    amounts=amounts,
)
spendings = st.builds(
    Spending, rows=st.lists(rows, max_size=3).map(tuple), budget_usd=st.one_of(st.none(), sums), damaged=numbers
)
costs = st.builds(
    lambda shard, more, **rest: ShardCost(shard=shard, shards=shard + more, **rest),
    st.integers(1, 10**8),
    st.integers(0, 300),
    attempt=positive,
    runner=st.builds(Runner, os=words, arch=words, cpus=numbers, environment=words, is_public=flags, is_standard=flags),
    price=st.builds(
        Price, usd_per_minute=st.one_of(st.none(), rates), is_free=st.booleans(), source=st.sampled_from(PriceSource)
    ),
    workers=numbers,
    setup_s=st.one_of(st.none(), seconds),
    command_s=seconds,
    collection_s=seconds,
    tests_s=seconds,
    rerun_s=seconds,
    worker_times=st.lists(st.builds(WorkerTime, worker=hostile_text, busy_s=seconds, idle_s=seconds), max_size=3).map(
        tuple
    ),
)
choices = st.builds(
    Choice,
    shards=positive,
    wall_s=seconds,
    billed_minutes=numbers,
    usd=st.one_of(st.none(), st.integers(0, 10**24 - 1).map(lambda micro: Decimal(micro).scaleb(-6))),
)
run_costs = st.builds(
    RunCost,
    jobs=st.lists(costs, max_size=3).map(tuple),
    uncounted=st.lists(st.tuples(positive, positive), max_size=3).map(tuple),
    choices=st.lists(choices, max_size=3).map(tuple),
    spending=spendings,
)


@law
@given(costs, spendings)
def test_the_cost_of_a_job_reads_back_equal(cost: ShardCost, spending: Spending) -> None:
    cost = replace(cost, spending=spending)
    assert cost_json.loads_shard(cost_json.dumps(cost), source="cost.json") == cost


@law
@given(run_costs)
def test_the_cost_of_a_run_reads_back_equal(cost: RunCost) -> None:
    text = cost_json.dumps(cost)
    read = cost_json.loads_run(text, source="cost.json")
    assert (read, cost_json.dumps(read), text.isascii()) == (cost, text, True)


@law
@given(run_costs)
def test_the_lines_of_any_cost_are_plain_text(cost: RunCost) -> None:
    lines = cost_lines(cost)
    assert [line for line in lines if not (line.isascii() and line.isprintable())] == []
    is_billed = any(job.runner.environment or job.price.usd_per_minute is not None for job in cost.jobs)
    assert bool(lines) == (is_billed or cost.spending.total.records + cost.spending.damaged > 0)


@law
@given(costs)
def test_the_parts_of_a_job_are_its_billed_time(cost: ShardCost) -> None:
    assert cost.billed_minutes * 60 == pytest.approx(cost.job_s + cost.lost_s, abs=0.01)
    assert 0 <= cost.lost_s <= 60
    assert cost.rest_s >= 0


DERIVED = {"billed_minutes", "usd", "list_usd", "setup_usd", "rounding_usd", "is_free", "rest_s", "reported_usd"}
FREE_TEXT = {"worker", "id", "kind", "model"}
WRONG: dict[type, tuple[Any, ...]] = {
    str: (0, True, [], {}, "<b>", "a b", "1\n", "١", "x" * 33),
    bool: (0, "true", []),
    int: (None, "1", True, [], -1, 10**10, 10**400),
    float: (True, "1.5", [], -0.5, 10**400),
    list: (0, "", {}, None, [1]),
    dict: (0, "", [], None),
}


def wrong_values(key: Any, value: Any) -> tuple[Any, ...]:
    if key in FREE_TEXT:
        return (0, True, None, [], {})
    return tuple(wrong for wrong in WRONG.get(type(value), ()) if (key, wrong) != ("tokens", 10**10))


def wrong_documents(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield (place, document) with one wrong value each, in all fields that are read."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if key in DERIVED and not {"wall_s", "source", "dead_usd"} & set(value):
            continue
        for wrong in wrong_values(key, inner):
            yield f"{key}={str(wrong)[:20]}", replaced(value, key, wrong)
        if isinstance(inner, dict | list):
            yield from (
                (f"{key}.{place}", replaced(value, key, document)) for place, document in wrong_documents(inner)
            )


def replaced(value: Any, key: Any, new: object) -> Any:
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = new
    return copy


@pytest.mark.parametrize("file", ["cost.json", "run-cost.json"])
def test_a_wrong_value_is_refused_in_every_field(file: str) -> None:
    format = FORMATS[file]
    accepted, tried = [], 0
    for place, document in wrong_documents(json.loads(format.text)):
        tried += 1
        try:
            format.loads(json.dumps(document), source=file)
        except FormatError:
            continue
        accepted.append(place)
    assert (accepted, tried > 100) == ([], True)


@pytest.mark.parametrize(
    ("wrong", "fact"),
    [
        ({"kind": "run"}, "cost.json: 'kind' is 'run', wanted 'shard'"),
        ({"shard": 4}, "cost.json: 'shard' is 4 of 3"),
        ({"workers": 10**10}, "cost.json: 'workers' is too large"),
        ({"runner": {"os": "<b>"}}, "cost.json: runner: 'os' is '<b>', wanted a plain word"),
        (
            {"price": {"usd_per_minute": ".5"}},
            "cost.json: price: 'usd_per_minute' is '.5', wanted dollars like '0.006'",
        ),
    ],
)
def test_the_message_names_found_and_wanted(wrong: dict[str, Any], fact: str) -> None:
    with pytest.raises(FormatError) as refused:
        cost_json.loads_shard(json.dumps(json.loads(cost_json.dumps(COST)) | wrong), source="cost.json")
    assert refused.value.fact == fact


@pytest.mark.parametrize("usd", ["-1", "1e5", "1.", "0.0000001", "1000000", "NaN", "Infinity", "", "1_0"])
def test_what_is_no_price_is_refused(usd: str) -> None:
    document = json.loads(cost_json.dumps(COST))
    document["price"]["usd_per_minute"] = usd
    with pytest.raises(FormatError):
        cost_json.loads_shard(json.dumps(document), source="cost.json")


def test_the_cost_of_a_run_is_not_that_of_a_job() -> None:
    with pytest.raises(FormatError):
        cost_json.loads_shard(cost_json.dumps(RUN_COST), source="cost.json")
    with pytest.raises(FormatError):
        cost_json.loads_run(cost_json.dumps(COST), source="cost.json")

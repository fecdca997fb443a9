"""`cost.json`: the time, the estimated money and the tests' spending of one job, in its bundle, or of a whole run.

Dollars are texts of exact decimals, null where there is no price.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from ci_tools.formats._document import Fields, check_header, parse, shown
from ci_tools.formats._document import dumps as _dumps
from ci_tools.formats._spending import read_spending, spending_document
from ci_tools.model.cost import Choice, Price, PriceSource, RunCost, Runner, ShardCost, WorkerTime, usd_of, word_of

FORMAT = "xdist-ci/cost"
# 1: the first. 2: what tests spent.
VERSION = 2

MAX_NUMBER = 10**9  # of minutes, CPUs, shards: people read them


def dumps(cost: ShardCost | RunCost) -> str:
    """Return the cost as text; `kind` says of what."""
    kind, document = ("shard", _job(cost)) if isinstance(cost, ShardCost) else ("run", _run(cost))
    return _dumps({"format": FORMAT, "version": VERSION, "kind": kind, **document, **spending_document(cost.spending)})


def loads_shard(text: str, *, source: str) -> ShardCost:
    """Return the cost of one job; FormatError when it is of anything else, or cut off."""
    fields = _fields(text, kind="shard", source=source)
    return replace(_read_job(fields), spending=read_spending(fields))


def loads_run(text: str, *, source: str) -> RunCost:
    """Return the cost of a run; FormatError when it is of anything else, or cut off."""
    return _read_run(_fields(text, kind="run", source=source))


def _fields(text: str, *, kind: str, source: str) -> Fields:
    """Return the fields, sums and other derived ones too, which are never read."""
    document = check_header(parse(text, source=source), format=FORMAT, version=VERSION, source=source)
    fields = Fields(document, source=source)
    if fields.text("kind") != kind:
        raise fields.refuse(f"'kind' is {shown(fields.get('kind'))}, wanted {kind!r}")
    return fields


def _run(cost: RunCost) -> dict[str, Any]:
    return {
        "billed_minutes": cost.billed_minutes,
        "is_free": cost.is_free,
        "usd": _usd(cost.usd),
        "list_usd": _usd(cost.list_usd),
        "setup_usd": _usd(cost.setup_usd),
        "rounding_usd": _usd(cost.rounding_usd),
        "uncounted": [{"shard": shard, "attempt": attempt} for shard, attempt in cost.uncounted],
        "choices": [_choice(choice) for choice in cost.choices],
        "jobs": [_job(job) for job in cost.jobs],
    }


def _read_run(fields: Fields) -> RunCost:
    return RunCost(
        jobs=tuple(_read_job(job) for job in fields.objects("jobs")),
        uncounted=tuple(
            (_number(item, "shard", least=1), _number(item, "attempt", least=1)) for item in fields.objects("uncounted")
        ),
        choices=tuple(_read_choice(choice) for choice in fields.objects("choices")),
        spending=read_spending(fields),
    )


def _job(cost: ShardCost) -> dict[str, Any]:
    return {
        "shard": cost.shard,
        "shards": cost.shards,
        "attempt": cost.attempt,
        "runner": _runner(cost.runner),
        "price": _price(cost.price),
        "workers": cost.workers,
        "setup_s": cost.setup_s,
        "command_s": cost.command_s,
        "collection_s": cost.collection_s,
        "tests_s": cost.tests_s,
        "rerun_s": cost.rerun_s,
        "rest_s": cost.rest_s,
        "billed_minutes": cost.billed_minutes,
        "usd": _usd(cost.usd),
        "worker_times": [{"worker": w.worker, "busy_s": w.busy_s, "idle_s": w.idle_s} for w in cost.worker_times],
    }


def _read_job(fields: Fields) -> ShardCost:
    shard, shards = _number(fields, "shard", least=1), _number(fields, "shards", least=1)
    if shard > shards:
        raise fields.refuse(f"'shard' is {shard} of {shards}")
    return ShardCost(
        shard=shard,
        shards=shards,
        attempt=_number(fields, "attempt", least=1),
        runner=_read_runner(fields.object("runner")),
        price=_read_price(fields.object("price")),
        workers=_number(fields, "workers"),
        setup_s=None if fields.get("setup_s") is None else fields.seconds("setup_s"),
        command_s=fields.seconds("command_s"),
        collection_s=fields.seconds("collection_s"),
        tests_s=fields.seconds("tests_s"),
        rerun_s=fields.seconds("rerun_s"),
        worker_times=tuple(
            WorkerTime(worker=w.text("worker"), busy_s=w.seconds("busy_s"), idle_s=w.seconds("idle_s"))
            for w in fields.objects("worker_times")
        ),
    )


def _runner(runner: Runner) -> dict[str, Any]:
    return {
        "os": runner.os,
        "arch": runner.arch,
        "cpus": runner.cpus,
        "environment": runner.environment,
        "is_public": runner.is_public,
        "is_standard": runner.is_standard,
    }


def _read_runner(fields: Fields) -> Runner:
    return Runner(
        os=_word(fields, "os"),
        arch=_word(fields, "arch"),
        cpus=_number(fields, "cpus"),
        environment=_word(fields, "environment"),
        is_public=None if fields.get("is_public") is None else fields.flag("is_public"),
        is_standard=None if fields.get("is_standard") is None else fields.flag("is_standard"),
    )


def _price(price: Price) -> dict[str, Any]:
    return {
        "usd_per_minute": _usd(price.usd_per_minute),
        "is_free": price.is_free,
        "source": price.source.value,
    }


def _read_price(fields: Fields) -> Price:
    usd = _read_usd(fields, "usd_per_minute")
    return Price(usd_per_minute=usd, is_free=fields.flag("is_free"), source=fields.choice("source", PriceSource))


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "shards": choice.shards,
        "wall_s": choice.wall_s,
        "billed_minutes": choice.billed_minutes,
        "usd": _usd(choice.usd),
    }


def _read_choice(fields: Fields) -> Choice:
    return Choice(
        shards=_number(fields, "shards", least=1),
        wall_s=fields.seconds("wall_s"),
        billed_minutes=_number(fields, "billed_minutes"),
        usd=_read_usd(fields, "usd", digits=18),
    )


def _number(fields: Fields, key: str, *, least: int = 0) -> int:
    number = fields.integer(key, least=least)
    if number > MAX_NUMBER:
        raise fields.refuse(f"{key!r} is too large")
    return number


def _usd(usd: Decimal | None) -> str | None:
    return None if usd is None else f"{usd.normalize():f}"


def _read_usd(fields: Fields, key: str, *, digits: int = 6) -> Decimal | None:
    if fields.get(key) is None:
        return None
    usd = usd_of(fields.text(key), digits=digits)
    if usd is None:
        raise fields.refuse(f"{key!r} is {shown(fields.get(key))}, wanted dollars like '0.006'")
    return usd


def _word(fields: Fields, key: str) -> str:
    text = fields.text(key)
    if word_of(text) != text:
        raise fields.refuse(f"{key!r} is {shown(text)}, wanted a plain word")
    return text

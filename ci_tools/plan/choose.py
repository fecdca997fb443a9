"""How many shards: enough for a target, no more than the money allows, or as many as pay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from statistics import median

from ci_tools.formats.plan_json import MAX_SHARDS
from ci_tools.model.cost import Choice, Price, PriceSource, RunCost, billed_minutes, dollars
from ci_tools.model.words import count, duration
from ci_tools.plan.make import Work

ASSUMED_SETUP_S = 60.0
# What is predicted is right to a few per cent: a smaller gain is none.
LEAST_GAIN = 0.05
# Packing takes a hundred times as long as estimating: only the best by the estimate are packed.
PACKED = 8
ADVISED = 1  # a line of advice is not worth a merge that takes seconds

Forecast = Callable[[int], Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What each job takes beside its tests, seconds of set-up and of pytest's start, and at what price."""

    overhead_s: float = ASSUMED_SETUP_S
    is_assumed: bool = True
    price: Price = field(default_factory=Price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The choice, and one line that says why."""

    choice: Choice
    why: str


def terms_of(last: RunCost | None, usd_per_minute: Decimal | None = None) -> Terms:
    """Return the terms of the last run's jobs: medians, and their price where they all have the same."""
    jobs = last.jobs if last else ()
    prices = {job.price for job in jobs}
    price = prices.pop() if len(prices) == 1 else Price()
    if usd_per_minute is not None:
        price = Price(usd_per_minute=usd_per_minute, source=PriceSource.OPTION)
    setups_s = [job.setup_s for job in jobs if job.setup_s is not None]
    starts_s = [job.collection_s + job.rest_s for job in jobs]
    overhead_s = (median(setups_s) if setups_s else ASSUMED_SETUP_S) + (median(starts_s) if starts_s else 0.0)
    return Terms(overhead_s=round(overhead_s, 3), is_assumed=not setups_s, price=price)


def workers_of(last: RunCost | None) -> int | None:
    """Return how many workers most jobs of the last run had, None when that is unknown."""
    found = Counter(job.workers for job in last.jobs if job.workers) if last else Counter()
    return min(found, key=lambda workers: (-found[workers], workers)) if found else None


def most_shards(work: Work) -> int:
    """Return the number of shards beyond which there is nothing to gain, or no matrix has room."""
    return min(work.useful_shards, MAX_SHARDS)


def forecaster(work: Work, terms: Terms) -> Forecast:
    """Return what predicts a run on so many shards, and remembers it."""

    @cache
    def forecast(shards: int) -> Choice:
        walls_s = [terms.overhead_s + ms / 1000 for ms in work.walls_ms(shards)]
        return _choice(shards, max(walls_s), sum(map(billed_minutes, walls_s)), terms.price)

    return forecast


def forecast_line(work: Work, terms: Terms, shards: int) -> str:
    """Return what a run on so many shards is predicted to take, for people."""
    return f"{_said(forecaster(work, terms)(shards))}{_assumed(terms)}"


def fewest_for(work: Work, terms: Terms, target_s: float) -> Chosen:
    """Return the fewest shards that meet the target, set-up included; the best value when none do."""
    forecast, most = forecaster(work, terms), most_shards(work)
    target = f"the target of {duration(target_s)}"
    best = forecast(most)
    if best.wall_s > target_s:
        why = f"{target} can't be met, {count(most, 'shard')} would take {duration(best.wall_s)}, and {_limit(most)}"
        value = best_value(work, terms)
        return Chosen(choice=value.choice, why=f"{why}; for what they cost, {value.why}")
    room_ms = max(1, int((target_s - terms.overhead_s) * 1000))
    # No fewer can do it: their workers have too little time for all tests.
    fails, meets = min(most, max(1, -(-work.total_ms // (work.workers * room_ms)))) - 1, most
    tried = fails + 1
    while fails + 1 < meets:
        if forecast(tried).wall_s <= target_s:
            meets = tried
        else:
            fails = tried
        tried = (fails + meets) // 2
    best = forecast(meets)
    over = f"; {meets - 1} would be {duration(forecast(meets - 1).wall_s - target_s)} over it" if meets > 1 else ""
    return Chosen(choice=best, why=f"{_said(best)} for {target}{over}{_assumed(terms)}")


def fastest_within(work: Work, terms: Terms, max_usd: Decimal) -> Chosen:
    """Return the most useful shards for no more than this money; the cheapest ones when all cost more.

    The terms must have a price.
    """
    forecast, most = forecaster(work, terms), most_shards(work)
    for shards in range(most, 0, -1):
        if _usd(_estimate(work, terms, shards)) <= max_usd and _usd(forecast(shards)) <= max_usd:
            best = forecast(shards)
            return Chosen(choice=best, why=f"{_said(best)}, of at most {dollars(max_usd)}{_assumed(terms)}")
    best = _best(work, terms, range(1, most + 1), _cheapness)
    why = f"{_said(best)}, more than {dollars(max_usd)}: no other number costs less{_assumed(terms)}"
    return Chosen(choice=best, why=why)


def best_value(work: Work, terms: Terms) -> Chosen:
    """Return the shards of the least wall × billed minutes.

    From there on, more shards raise the bill by more per cent than they shorten the wall. With
    minutes that weren't rounded, a job then is set-up and tests in equal parts.
    """
    most = most_shards(work)
    best = _best(work, terms, range(1, most + 1), _product)
    more = "more would raise the bill by more per cent than they shorten the run"
    why = f"{_said(best)}: {_limit(most) if best.shards == most else more}{_assumed(terms)}"
    return Chosen(choice=best, why=why)


def alternatives(work: Work, terms: Terms, *, shards: int) -> tuple[Choice, ...]:
    """Return this number of shards and what is clearly better value, fewer first; nothing when it is best.

    Looks at up to twice as many. Nothing either when set-up is only assumed.
    """
    most = min(2 * shards, most_shards(work))
    here = forecaster(work, terms)(shards)
    found = [
        _best(work, terms, numbers, _product, packed=ADVISED)
        for numbers in (range(1, min(shards - 1, most) + 1), range(shards + 1, most + 1))
        if numbers
    ]
    good = (1 - LEAST_GAIN) * here.wall_s * here.billed_minutes
    better = [choice for choice in found if choice.wall_s * choice.billed_minutes <= good]
    return (here, *better) if better and not terms.is_assumed else ()


def _best(
    work: Work, terms: Terms, numbers: Iterable[int], worth: Callable[[Choice], tuple[float, ...]], packed: int = PACKED
) -> Choice:
    """Return the choice of the least `worth`, of equal ones that with the fewest shards.

    Only the `packed` best by the estimate are really packed.
    """

    def rank(choice: Choice) -> tuple[float, ...]:
        return (*worth(choice), choice.shards)

    estimates = sorted((_estimate(work, terms, shards) for shards in numbers), key=rank)
    forecast = forecaster(work, terms)
    return min((forecast(estimate.shards) for estimate in estimates[:packed]), key=rank)


def _estimate(work: Work, terms: Terms, shards: int) -> Choice:
    """Return the forecast for a perfect packing, which takes no packing."""
    even_s = terms.overhead_s + work.total_ms / (1000 * shards * work.workers)
    wall_s = terms.overhead_s + work.lower_bound_ms(shards) / 1000
    return _choice(shards, wall_s, shards * billed_minutes(even_s), terms.price)


def _choice(shards: int, wall_s: float, minutes: int, price: Price) -> Choice:
    usd = None if price.usd_per_minute is None else price.usd_per_minute * minutes
    return Choice(
        shards=shards, wall_s=round(wall_s, 3), billed_minutes=minutes, usd=Decimal(0) if price.is_free else usd
    )


def _product(choice: Choice) -> tuple[float, ...]:
    return (choice.wall_s * choice.billed_minutes,)


def _cheapness(choice: Choice) -> tuple[float, ...]:
    return choice.billed_minutes, choice.wall_s


def _usd(choice: Choice) -> Decimal:
    assert choice.usd is not None
    return choice.usd


def _limit(most: int) -> str:
    return "a matrix has no room for more" if most == MAX_SHARDS else "more would be no faster"


def _said(choice: Choice) -> str:
    money = "" if choice.usd is None else f", {dollars(choice.usd) if choice.usd else 'free'}"
    minutes = count(choice.billed_minutes, "billed minute")
    return f"{count(choice.shards, 'shard')}: {duration(choice.wall_s)}, {minutes}{money}"


def _assumed(terms: Terms) -> str:
    return f" ({duration(ASSUMED_SETUP_S)} of set-up assumed)" if terms.is_assumed else ""

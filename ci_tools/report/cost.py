"""What a run cost and its tests spent, in lines for a terminal and for Markdown: nothing in them needs escaping."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ci_tools.model.cost import Choice, PriceSource, RunCost, dollars
from ci_tools.model.prices import LISTED, why_unpriced
from ci_tools.model.words import count, duration
from ci_tools.report.spending import spending_lines

LISTED_JOBS = 10


def cost_lines(cost: RunCost) -> list[str]:
    """Return what the run cost, where that is from, and what would be better value, then what its tests spent.

    Nothing of the former where nobody bills, nothing of the latter where they spent nothing.
    """
    is_billed = any(job.runner.environment or job.price.usd_per_minute is not None for job in cost.jobs)
    return [*(_lines(cost) if is_billed else ()), *spending_lines(cost.spending)]


def _lines(cost: RunCost) -> Iterator[str]:
    minutes = f"{count(cost.billed_minutes, 'billed minute')} (estimate)"
    usd, list_usd = cost.usd, cost.list_usd
    if usd is None or list_usd is None:
        yield f"{minutes}, unpriced: {_why_unpriced(cost)}; name a price with --price-per-minute"
    elif cost.is_free:
        yield f"free on a public repository, would be {dollars(list_usd)} in {minutes}{_parts(cost)}"
    else:
        yield f"{dollars(usd)} in {minutes}{_parts(cost)}"
    jobs = f"{count(len(cost.jobs), 'test job')}, each rounded up to whole minutes"
    yield f"{jobs}{_rate(cost)}"
    if not cost.knows_setup:
        yield "the set-up of some jobs is unknown and not in it"
    if cost.uncounted:
        names = ", ".join(f"shard {shard} (attempt {attempt})" for shard, attempt in cost.uncounted[:LISTED_JOBS])
        more = len(cost.uncounted) - LISTED_JOBS
        yield f"not in it, as nothing is known of their cost: {names}{f' and {more:,} more' if more > 0 else ''}"
    yield from _advice(cost.choices)


def _parts(cost: RunCost) -> str:
    if not cost.is_free and cost.usd != cost.list_usd:
        return ""  # they are parts of the list price, which some of the jobs paid
    setup_usd, rounding_usd = cost.setup_usd, cost.rounding_usd
    parts = [f", {dollars(setup_usd)} of it set-up"] if setup_usd else []
    parts += [f", {dollars(rounding_usd)} lost to rounding"] if rounding_usd else []
    return "".join(parts)


def _rate(cost: RunCost) -> str:
    """Return what a minute costs by whom, where all jobs cost the same."""
    price = cost.jobs[0].price
    if price.usd_per_minute is None or any(job.price != price for job in cost.jobs):
        return ""
    of_list = f"GitHub's list price of {LISTED}"
    whose = of_list if price.source is PriceSource.LIST else "as given by --price-per-minute"
    return f", at ${price.usd_per_minute:f} a minute, {whose}"


def _why_unpriced(cost: RunCost) -> str:
    reasons = sorted({why_unpriced(job.runner) for job in cost.jobs if job.price.usd_per_minute is None} - {""})
    return reasons[0] if reasons else "its runners have no price"


def _advice(choices: tuple[Choice, ...]) -> Iterator[str]:
    for choice in choices[1:]:
        yield f"{count(choice.shards, 'shard')}: {_difference(choice, choices[0])} (predicted)"


def _difference(choice: Choice, here: Choice) -> str:
    """Return `$0.02 less, 40.0 s more`; in minutes where no money is charged."""
    seconds, minutes = choice.wall_s - here.wall_s, choice.billed_minutes - here.billed_minutes
    usd = (choice.usd or Decimal(0)) - (here.usd or Decimal(0))
    if usd:
        money = f"{dollars(abs(usd))} {_way(usd)}"
    else:
        money = f"{count(abs(minutes), 'billed minute')} {_way(minutes)}" if minutes else "as many billed minutes"
    return f"{money}, {duration(abs(seconds))} {_way(seconds)}" if round(seconds, 1) else f"{money}, as fast"


def _way(difference: Decimal | float) -> str:
    return "more" if difference > 0 else "less"

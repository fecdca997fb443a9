"""What a run's tests spent: lines for a terminal, tables for Markdown and for report.html."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ci_tools.model.money import exact_dollars
from ci_tools.model.spending import Amounts, Spending, Spent, spending_line
from ci_tools.model.words import count
from ci_tools.report.inert import code, visible
from ci_tools.report.sections import titled

NAME_CHARS = 120
OTHERS = "(other tests)"
NAMELESS = "-"
HEADER = ("records:", "unpriced:", "tokens:", "spent:")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentTable:
    """Sums by one property of what was spent, the dearest first; of `total` the first ones.

    A row is (name, cells under HEADER); all text is visible, the name may be hostile.
    """

    title: str
    column: str
    total: int
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def spending_lines(spending: Spending) -> list[str]:
    """Return the sum, the budget, and what is behind the sum; nothing when nothing was spent. Plain text of ours."""
    return list(_lines(spending)) if spending_line(spending) else []


def _lines(spending: Spending) -> Iterator[str]:
    total = spending.total
    yield spending_line(spending)
    if total.listed_usd:
        yield f"{exact_dollars(total.listed_usd)} of it by the price list of genai-prices (estimate)"
    if total.over_usd:
        yield f"{exact_dollars(total.over_usd)} of it is more than was reserved for it"
    if total.unsettled_usd:
        yield f"{exact_dollars(total.unsettled_usd)} of it are maxima of reservations that were not settled"
    attempts = {row.attempt for row in spending.rows}
    if len(attempts) > 1:
        yield f"spent in {count(len(attempts), 'attempt')} of the run, each with the budget of its shards"


def spending_tables(spending: Spending, limit: int) -> list[SpentTable]:
    """Return who spent it, on what and where; no table of what nobody named."""
    by: tuple[tuple[str, str, Callable[[Spent], str]], ...] = (
        ("Dearest tests", "test", lambda row: row.nodeid or OTHERS),
        ("Spent by kind", "kind", lambda row: row.kind),
        ("Spent by model", "model", lambda row: row.model),
        ("Spent by shard", "shard", _shard),
        ("Spent by worker", "worker", lambda row: f"{_shard(row)} {row.worker}".strip()),
    )
    tables = (_table(title, column, spending.by(key), limit) for title, column, key in by)
    return [table for table in tables if table]


def _table(title: str, column: str, sums: list[tuple[str, Amounts]], limit: int) -> SpentTable | None:
    if not any(name for name, _ in sums) or (column in ("shard", "worker") and len(sums) < 2):
        return None
    rows = tuple((visible(name, NAME_CHARS) or NAMELESS, _cells(amounts)) for name, amounts in sums[:limit])
    return SpentTable(title=title, column=column, total=len(sums), rows=rows)


def _shard(row: Spent) -> str:
    again = f" (attempt {row.attempt})" if row.attempt > 1 else ""
    return f"{row.shard}{again}" if row.shard else ""


def _cells(amounts: Amounts) -> tuple[str, ...]:
    unpriced, tokens = (f"{number:,}" if number else NAMELESS for number in (amounts.unpriced, amounts.tokens))
    return f"{amounts.records:,}", unpriced, tokens, exact_dollars(amounts.usd)


def spending_markdown(spending: Spending, limit: int) -> list[str]:
    """Return the tables as Markdown; names are code, where nothing happens."""
    return [
        titled(
            table.title, table.rows, (table.column, *HEADER), _markdown_row, limit, total=table.total, file="cost.json"
        )
        for table in spending_tables(spending, limit)
    ]


def _markdown_row(row: tuple[str, tuple[str, ...]]) -> list[str]:
    name, cells = row
    # Two dollars in a line would be a formula: https://docs.github.com/get-started/writing-on-github
    return [NAMELESS if name == NAMELESS else code(name), *(cell.replace("$", "<span>$</span>") for cell in cells)]

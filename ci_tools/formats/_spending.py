"""What tests spent, as a part of `cost.json`: a row per test, kind, model and worker, and the budget."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ci_tools.formats._document import Fields, shown
from ci_tools.model.money import sum_of_text, usd_text
from ci_tools.model.spending import MAX_ROWS, Amounts, Spending, Spent

_COUNTS = ("records", "unpriced", "tokens")
_SUMS = ("usd", "listed_usd", "over_usd", "unsettled_usd", "dead_usd")
_MAX_COUNT, _MAX_TOKENS = 10**9, 10**24


def spending_document(spending: Spending) -> dict[str, Any]:
    """Return the fields; `reported_usd` is the sum of the rows, for people."""
    return {
        "budget_usd": None if spending.budget_usd is None else usd_text(spending.budget_usd),
        "reported_usd": usd_text(spending.total.usd),
        "reported": [_row(row) for row in spending.rows],
        "damaged_lines": spending.damaged,
    }


def read_spending(fields: Fields) -> Spending:
    """Return what the fields say; FormatError when it is anything else."""
    rows = tuple(_read_row(row) for row in fields.objects("reported"))
    if len(rows) > 2 * MAX_ROWS:
        raise fields.refuse(f"'reported' has {len(rows):,} rows, the limit is {2 * MAX_ROWS:,}")
    return Spending(
        rows=rows,
        budget_usd=None if fields.get("budget_usd") is None else _usd(fields, "budget_usd"),
        damaged=_count(fields, "damaged_lines"),
    )


def _row(row: Spent) -> dict[str, Any]:
    amounts = row.amounts
    return {
        "shard": row.shard,
        "attempt": row.attempt,
        "id": row.nodeid,
        "kind": row.kind,
        "model": row.model,
        "worker": row.worker,
        **{key: getattr(amounts, key) for key in _COUNTS},
        **{key: usd_text(getattr(amounts, key)) for key in _SUMS},
    }


def _read_row(fields: Fields) -> Spent:
    amounts: dict[str, Any] = {key: _count(fields, key) for key in _COUNTS}
    amounts.update((key, _usd(fields, key)) for key in _SUMS)
    return Spent(
        shard=_count(fields, "shard"),
        attempt=_count(fields, "attempt"),
        nodeid=fields.text("id"),
        kind=fields.text("kind"),
        model=fields.text("model"),
        worker=fields.text("worker"),
        amounts=Amounts(**amounts),
    )


def _count(fields: Fields, key: str) -> int:
    number = fields.integer(key)
    if number > (_MAX_TOKENS if key == "tokens" else _MAX_COUNT):
        raise fields.refuse(f"{key!r} is too large")
    return number


def _usd(fields: Fields, key: str) -> Decimal:
    usd = sum_of_text(fields.text(key))
    if usd is None:
        raise fields.refuse(f"{key!r} is {shown(fields.get(key))}, wanted dollars like '0.006'")
    return usd

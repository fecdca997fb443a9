"""The fixture `cost`: what a test spends on others' services, recorded, and held to a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal, localcontext
from importlib import import_module
from pathlib import Path

import pytest

from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.money import EXACT, amount_of, rounded_usd
from ci_tools.model.spending import (
    MAX_NAME_CHARS,
    MAX_TOKENS,
    Entry,
    What,
    spending_line,
    spending_of,
)
from ci_tools.plugin.nodeids import cleaner
from ci_tools.plugin.run import RUN
from ci_tools.store.ledger import DIRECTORY, Ledger, read_books

_LEDGER: pytest.StashKey[Ledger] = pytest.StashKey()

Usd = str | int | float | Decimal
Tokens = int | Mapping[str, int] | None
KINDS = ("input", "output", "cache_read", "cache_write")  # of tokens, as genai-prices has them


def cost_of(config: pytest.Config, nodeid: str) -> Cost:
    """Return the fixture for one test. The process's ledger is opened with the first."""
    ledger = config.stash.get(_LEDGER, None)
    if ledger is None:
        run, directory = config.stash[RUN], _directory(config)
        if directory.parent == run.root:
            run.open()
        ledger = config.stash[_LEDGER] = Ledger(
            directory, run=run.id, worker=run.worker, shard=run.shard, budget_usd=_budget_usd(config)
        )
    return Cost(ledger, cleaner(config)(nodeid))


class Cost:
    """What one test spends. Dollars are texts, like "0.0123", or numbers; `kind` and `model` are any words."""

    def __init__(self, ledger: Ledger, nodeid: str) -> None:
        self._ledger = ledger
        self._nodeid = nodeid

    def add(self, usd: Usd | None = None, *, kind: str = "", model: str = "", tokens: Tokens = None) -> None:
        """Record what has been spent.

        `tokens` is how many, or {"input": 900, "output": 100}. Without `usd` the `genai-prices`
        package is asked for the price of a model's tokens, if it is installed; what it doesn't
        know is recorded as unpriced. Raises BudgetExceededError when that was more than the
        budget: recorded it is all the same.
        """
        self._ledger.record(_priced(self._entry(What.ADD, usd, kind, model, tokens), tokens))

    @contextmanager
    def reserve(self, max_usd: Usd, *, kind: str = "", model: str = "") -> Iterator[Reservation]:
        """Hold `max_usd` of the budget for what the block spends; BudgetExceededError when it isn't there.

        Other workers can't spend it meanwhile. A block that doesn't say what it was by `settle`,
        or whose process dies, is charged the maximum.
        """
        entry = self._entry(What.RESERVE, max_usd, kind, model, None)
        reservation = Reservation(self._ledger, replace(entry, of=self._ledger.record(entry)))
        try:
            yield reservation
        finally:
            reservation.leave()

    def _entry(self, what: What, usd: Usd | None, kind: str, model: str, tokens: Tokens) -> Entry:
        for name in (kind, model):
            if not isinstance(name, str) or len(name) > MAX_NAME_CHARS:
                raise UsageError(
                    f"{str(name)[:40]!r} names no kind or model", hint=f"{MAX_NAME_CHARS} characters at most"
                )
        return Entry(
            what=what,
            nodeid=self._nodeid,
            usd=None if usd is None else amount_of(usd),
            kind=kind,
            model=model,
            tokens=_n_tokens(tokens),
        )


class Reservation:
    """Part of the budget, held until it is settled or its block is left."""

    def __init__(self, ledger: Ledger, entry: Entry) -> None:
        self._ledger = ledger
        self._entry = entry
        self._is_over = False

    def settle(self, usd: Usd, *, tokens: Tokens = None) -> None:
        """Say what has really been spent. More than was reserved is recorded too, and shown as such.

        Raises BudgetExceededError when that was more than the budget, UsageError the second time.
        """
        if self._is_over:
            raise UsageError("this reservation is settled already", hint="record what comes on top with cost.add")
        entry = replace(self._entry, what=What.SETTLE, usd=amount_of(usd), tokens=_n_tokens(tokens))
        self._is_over = True
        self._ledger.record(entry)

    def leave(self) -> None:
        """Charge the maximum, unless it was settled."""
        if not self._is_over:
            self._is_over = True
            self._ledger.record(replace(self._entry, what=What.LEAVE))


def line_of_run(config: pytest.Config) -> str:
    """Return what the run's tests have spent, for the end of its output; "" when nothing is recorded, or can be."""
    try:
        books = read_books(_directory(config))
        return spending_line(spending_of({(0, 0): books}, _budget_usd(config))) if books else ""
    except CiToolsError:
        return ""


def _directory(config: pytest.Config) -> Path:
    """Return where the ledger is: in a shard in its bundle, where its re-runs find it, else with the run."""
    from ci_tools.plugin import SETTINGS

    settings = config.stash.get(SETTINGS, None)
    return (settings.out if settings else config.stash[RUN].root) / DIRECTORY


def _budget_usd(config: pytest.Config) -> Decimal | None:
    """Return what may be spent: by the shard as its plan says, else by the run as the project says.

    A plan that was made without the project's file knows of no budget: then all shards have the same part.
    """
    from ci_tools.plugin import SETTINGS
    from ci_tools.store.project import read_project

    settings = config.stash.get(SETTINGS, None)
    part_usd = settings.plan.shards[settings.shard - 1].budget_usd if settings else None
    if part_usd is not None:
        return part_usd
    budget_usd = read_project(config.rootpath).budget_usd
    if settings is None or budget_usd is None:
        return budget_usd
    return EXACT.scaleb(EXACT.divide_int(EXACT.scaleb(budget_usd, 6), len(settings.plan.shards)), -6)


def _n_tokens(tokens: Tokens) -> int:
    """Return how many there are: input and output, in which cached ones are contained."""
    parts = dict(tokens) if isinstance(tokens, Mapping) else {"input": tokens or 0}
    for key, number in parts.items():
        if key not in KINDS or type(number) is not int or not 0 <= number <= MAX_TOKENS:
            raise UsageError(
                f"{str({key: number})[:60]} are no tokens", hint=f"say how many, or how many of {', '.join(KINDS)}"
            )
    return parts.get("input", 0) + parts.get("output", 0)


def _priced(entry: Entry, tokens: Tokens) -> Entry:
    """Return the entry with the price of its tokens by the `genai-prices` package, where that knows it.

    Source: https://github.com/pydantic/genai-prices. Input and output cost different prices: a mere
    number of tokens has none.
    """
    if entry.usd is not None or not (entry.model and entry.tokens and isinstance(tokens, Mapping)):
        return entry
    try:
        prices = import_module("genai_prices")
    except ImportError:
        return entry
    usage = prices.Usage(**{f"{key}_tokens": number for key, number in tokens.items()})
    try:
        with localcontext(EXACT):
            usd = rounded_usd(prices.calc_price(usage, model_ref=entry.model).total_price)
    except (LookupError, ValueError):
        return entry
    return entry if usd is None else replace(entry, usd=usd, is_listed=True)

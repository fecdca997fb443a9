"""What tests say that they spent: entries of a ledger, and their sums. Money is exact."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import Enum
from itertools import accumulate
from typing import Any, TypeVar

from ci_tools.model.errors import CiToolsError
from ci_tools.model.money import EXACT, exact_dollars, usd_sum
from ci_tools.model.words import count

MAX_NAME_CHARS = 100  # of a kind or a model
MAX_TOKENS = 10**15
MAX_NODEID_CHARS = 10_000
MAX_ROWS = 50_000  # of a run: what many more tests spent is one row for each job
MAX_ROWS_CHARS = 6_000_000  # of their names: each takes up to 12 bytes of a file that is read up to 100 MB

_ZERO = Decimal(0)

K = TypeVar("K", bound=Hashable)


class BudgetExceededError(CiToolsError):
    """The budget doesn't allow it, or it has been spent already."""

    def __str__(self) -> str:  # where a test fails of it, pytest shows nothing else
        return f"{self.fact} ({self.hint})"


class What(str, Enum):
    """What an entry says."""

    ADD = "add"  # it has been spent
    RESERVE = "reserve"  # at most that much will be
    SETTLE = "settle"  # that much it was
    LEAVE = "leave"  # nobody said how much it was: the maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ledger. `usd` None is unpriced; `of` is the `seq` of the reservation that this one ends.

    `is_listed` when a price list said what it cost, and not the test.
    """

    what: What
    nodeid: str
    usd: Decimal | None
    kind: str = ""
    model: str = ""
    tokens: int = 0
    is_listed: bool = False
    of: int = 0
    seq: int = 0
    at_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What one process wrote: its run, its worker, 8 hex digits of its own. `damaged` lines are left out."""

    run: str
    worker: str
    process: str
    entries: tuple[Entry, ...] = ()
    damaged: int = 0


class Balance:
    """What is spent and reserved, entry by entry. A reservation counts until it is ended, be its owner alive or not."""

    def __init__(self) -> None:
        self.spent_usd = _ZERO
        self._reserved: dict[tuple[str, int], Decimal] = {}
        self._reserved_usd = _ZERO

    @property
    def reserved_usd(self) -> Decimal:
        return self._reserved_usd

    @property
    def usd(self) -> Decimal:
        """Both together: what a budget must cover."""
        return EXACT.add(self.spent_usd, self._reserved_usd)

    def take(self, book: str, entry: Entry) -> None:
        """Count an entry of a book once more; entries of one book come in their order."""
        usd = entry.usd or _ZERO
        if entry.what is What.RESERVE:
            self._reserved[book, entry.seq] = usd
            self._reserved_usd = EXACT.add(self._reserved_usd, usd)
            return
        ended = self._reserved.pop((book, entry.of), _ZERO)
        self._reserved_usd = EXACT.subtract(self._reserved_usd, ended)
        self.spent_usd = EXACT.add(self.spent_usd, usd)

    def left_of(self, budget_usd: Decimal) -> Decimal:
        """Return what can still be spent; negative when it is already too much."""
        return EXACT.subtract(budget_usd, self.usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Sums. Of `usd` are: `listed_usd` by a price list; `over_usd` more than was reserved for it;
    `unsettled_usd` maxima of reservations that nobody settled; `dead_usd` those of processes that died.

    `unpriced` of the `records` have no price, and are not in `usd`.
    """

    records: int = 0
    unpriced: int = 0
    tokens: int = 0
    usd: Decimal = _ZERO
    listed_usd: Decimal = _ZERO
    over_usd: Decimal = _ZERO
    unsettled_usd: Decimal = _ZERO
    dead_usd: Decimal = _ZERO

    @staticmethod
    def sum(parts: Iterable[Amounts]) -> Amounts:
        rows = list(parts)
        columns = ([getattr(row, name) for row in rows] for name in _NAMES)
        sums: list[Any] = [
            usd_sum(column) if name.endswith("usd") else sum(column) for name, column in zip(_NAMES, columns)
        ]
        return Amounts(**dict(zip(_NAMES, sums)))


_NAMES = tuple(field.name for field in fields(Amounts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one test spent on one kind and model, in one worker of one attempt of a shard.

    `shard` and `attempt` are 0 outside of a shard. A row without `nodeid` is of all other tests.
    """

    shard: int
    attempt: int
    nodeid: str
    kind: str
    model: str
    worker: str
    amounts: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What tests spent, in a job or in all attempts of all jobs. `rows` are sorted; `damaged` lines are in none."""

    rows: tuple[Spent, ...] = ()
    budget_usd: Decimal | None = None
    damaged: int = 0

    @property
    def total(self) -> Amounts:
        return Amounts.sum(row.amounts for row in self.rows)

    @property
    def left_usd(self) -> Decimal | None:
        """What is left of the budget, negative when more was spent; None without one."""
        return None if self.budget_usd is None else EXACT.subtract(self.budget_usd, self.total.usd)

    def by(self, key: Callable[[Spent], K]) -> list[tuple[K, Amounts]]:
        """Return the sums of the rows of each key, the dearest first; keys of equal sums in their order."""
        groups: dict[K, list[Amounts]] = {}
        for row in self.rows:
            groups.setdefault(key(row), []).append(row.amounts)
        sums = [(name, Amounts.sum(parts)) for name, parts in groups.items()]
        return sorted(sums, key=lambda item: (-item[1].usd, -item[1].records, item[0]))


def spending_of(jobs: Mapping[tuple[int, int], Sequence[Book]], budget_usd: Decimal | None = None) -> Spending:
    """Return what the processes of these jobs, (shard, attempt), wrote. An entry that comes twice counts once."""
    parts: dict[tuple[int, int, str, str, str, str], list[Amounts]] = {}
    damaged = 0
    for (shard, attempt), books in jobs.items():
        for book in _merged(books):
            damaged += book.damaged
            for entry, amounts in _charges(book.entries):
                place = (shard, attempt, entry.nodeid, entry.kind, entry.model, book.worker)
                parts.setdefault(place, []).append(amounts)
    rows = [_row(place, Amounts.sum(amounts)) for place, amounts in parts.items()]
    return Spending(rows=tuple(_fewer(rows)), budget_usd=budget_usd, damaged=damaged)


def _merged(books: Iterable[Book]) -> Iterator[Book]:
    """Yield each process's book once, in any order of the same ones with the same entries."""
    entries: dict[tuple[str, str, str], dict[int, Entry]] = {}
    damaged: dict[tuple[str, str, str], int] = {}
    for book in books:
        name = (book.run, book.worker, book.process)
        damaged[name] = max(damaged.get(name, 0), book.damaged)
        known = entries.setdefault(name, {})
        for entry in book.entries:
            known[entry.seq] = max(known[entry.seq], entry, key=repr) if entry.seq in known else entry
    for name, known in entries.items():
        run, worker, process = name
        ordered = tuple(known[seq] for seq in sorted(known))
        yield Book(run=run, worker=worker, process=process, entries=ordered, damaged=damaged[name])


def _charges(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Amounts]]:
    """Yield what each entry costs; a reservation only when nothing ended it: its process has died."""
    reserved = {entry.seq: entry for entry in entries if entry.what is What.RESERVE}
    for entry in entries:
        if entry.what is What.RESERVE:
            continue
        reservation = reserved.pop(entry.of, None)
        most = reservation.usd if reservation else None
        amounts = Amounts(records=1, unpriced=int(entry.usd is None), tokens=entry.tokens, usd=entry.usd or _ZERO)
        amounts = replace(
            amounts,
            listed_usd=amounts.usd if entry.is_listed else _ZERO,
            over_usd=_ZERO if most is None else max(_ZERO, EXACT.subtract(amounts.usd, most)),
            unsettled_usd=amounts.usd if entry.what is What.LEAVE else _ZERO,
        )
        yield entry, amounts
    for entry in reserved.values():
        usd = entry.usd or _ZERO
        yield entry, Amounts(records=1, usd=usd, dead_usd=usd)


def _row(place: tuple[int, int, str, str, str, str], amounts: Amounts) -> Spent:
    shard, attempt, nodeid, kind, model, worker = place
    return Spent(shard=shard, attempt=attempt, nodeid=nodeid, kind=kind, model=model, worker=worker, amounts=amounts)


def _fewer(rows: list[Spent]) -> list[Spent]:
    """Return the rows sorted; of too many the dearest, and one of all others for each job."""
    dear = sorted(sorted(rows, key=_place), key=lambda row: row.amounts.usd, reverse=True)
    chars = accumulate(len(row.nodeid) + len(row.kind) + len(row.model) + len(row.worker) for row in dear)
    kept = min(MAX_ROWS, sum(1 for n in chars if n <= MAX_ROWS_CHARS))
    others: dict[tuple[int, int], list[Amounts]] = {}
    for row in dear[kept:]:
        others.setdefault((row.shard, row.attempt), []).append(row.amounts)
    rest = [_row((*job, "", "", "", ""), Amounts.sum(parts)) for job, parts in others.items()]
    return sorted([*dear[:kept], *rest], key=_place)


def _place(row: Spent) -> tuple[int, int, str, str, str, str]:
    return row.shard, row.attempt, row.nodeid, row.kind, row.model, row.worker


def spending_line(spending: Spending) -> str:
    """Return `tests spent $0.0123 in 14 records, 2 unpriced; budget $5.00, $4.9877 left`; "" where nothing is."""
    total, left_usd = spending.total, spending.left_usd
    if not (total.records or spending.damaged):
        return ""
    parts = [f"tests spent {exact_dollars(total.usd)} in {count(total.records, 'record')}"]
    parts += [f"{total.unpriced:,} unpriced"] if total.unpriced else []
    parts += [f"{exact_dollars(total.dead_usd)} of it reserved by workers that died"] if total.dead_usd else []
    parts += [f"{count(spending.damaged, 'line')} unreadable"] if spending.damaged else []
    line = ", ".join(parts)
    if spending.budget_usd is None or left_usd is None:
        return line
    end = f"{exact_dollars(left_usd)} left" if left_usd >= 0 else f"exceeded by {exact_dollars(EXACT.abs(left_usd))}"
    return f"{line}; budget {exact_dollars(spending.budget_usd)}, {end}"

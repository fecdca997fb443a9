"""What the tests of many processes spend, and a budget that they can't spend past together.

Each process appends to a file of its own in the ledger's directory. The files are the whole truth:
a decision reads, under a lock, what the others have written since, and a kill between any two
instructions leaves nothing to repair. A reservation counts until its end is written, so the one of
a process that died needs no reaping: it stays charged at its maximum.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from time import time  # by name: tests replace time.time

from ci_tools.formats import spending_jsonl
from ci_tools.model.errors import CiToolsError
from ci_tools.model.money import exact_dollars
from ci_tools.model.spending import MAX_NODEID_CHARS, Balance, Book, BudgetExceededError, Entry, What
from ci_tools.store.files import read_text
from ci_tools.store.lines import Lines
from ci_tools.store.locks import Lock

DIRECTORY = "spending"  # within a bundle, or a run's directory
LOCK = "budget.lock"

# Of what is read back, which tests may have tampered with.
MAX_BOOKS = 10_000
MAX_TOTAL_BYTES = 100_000_000

_FREE = "what tests spend must be on record: see to the disk and its permissions"
_HINT = "let tests spend less, or raise budget_usd in [tool.ci-tools.cost]; its shards share it"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """The file of one process, open for more."""

    pid: int
    lines: Lines
    numbers: Iterator[int]


class Ledger:
    """A ledger as one process sees it. Its threads and forked children may use it too."""

    def __init__(self, directory: Path, *, run: str, worker: str, shard: int = 0, budget_usd: Decimal | None) -> None:
        self._directory = directory
        self._whose = Book(run=run, worker=worker, process="")
        self._shard = shard
        self._budget_usd = budget_usd
        self._balance = Balance()
        self._ends: dict[str, int] = {}  # how far each file is in the balance
        self._page = self._opened(itertools.count(1))

    def record(self, entry: Entry) -> int:
        """Append an entry; return its `seq`, by which a reservation is ended.

        Raises BudgetExceededError: for a reservation that doesn't fit, which is not recorded; for
        what has been spent, which is, when that was more than the budget. CiToolsError when it
        can't be written, or the budget is locked for too long.
        """
        budget_usd = self._budget_usd
        if budget_usd is None:
            return self._append(entry)
        with Lock(self._directory / LOCK):
            self._catch_up()
            if entry.what is What.RESERVE and entry.usd and entry.usd > self._balance.left_of(budget_usd):
                raise self._exceeded(f"asked for {exact_dollars(entry.usd)}", budget_usd)
            before_usd = self._balance.usd
            seq = self._append(entry)
            self._catch_up()
            if self._balance.usd > before_usd and self._balance.left_of(budget_usd) < 0:
                raise self._exceeded(f"spent {exact_dollars(entry.usd or Decimal(0))}", budget_usd)
        return seq

    def _exceeded(self, what: str, budget_usd: Decimal) -> BudgetExceededError:
        spent, reserved = exact_dollars(self._balance.spent_usd), exact_dollars(self._balance.reserved_usd)
        state = f"{spent} are spent now and {reserved} reserved"
        return BudgetExceededError(f"{what} of a budget of {exact_dollars(budget_usd)}: {state}", hint=_HINT)

    def _append(self, entry: Entry) -> int:
        page = self._page
        if page.pid != os.getpid():  # a forked child: its entries are its own
            page = self._page = self._opened(page.numbers)  # on from there: it has its parent's reservations too
        seq = next(page.numbers)
        # What can't be read back counts for nobody. Prompts make long ids; tests set the clock before 1970.
        entry = replace(entry, seq=seq, at_s=max(0.0, time()), nodeid=entry.nodeid[:MAX_NODEID_CHARS])
        if not page.lines.problem:  # else a line may be torn, and nothing after it could be read
            page.lines.write(spending_jsonl.entry_line(entry))
        if page.lines.problem:
            raise CiToolsError(page.lines.problem, hint=_FREE)
        return seq

    def _opened(self, numbers: Iterator[int]) -> _Page:
        book = replace(self._whose, process=secrets.token_hex(4))
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lines = Lines(self._directory / f"{book.run}-{book.worker}-{book.process}.jsonl")
        except OSError as error:
            raise CiToolsError(f"{self._directory}: can't be made: {error.strerror}", hint=_FREE) from None
        lines.write(spending_jsonl.header_line(book, shard=self._shard))
        return _Page(pid=os.getpid(), lines=lines, numbers=numbers)

    def _catch_up(self) -> None:
        """Take into the balance what all processes have written since the last time."""
        balance, ends = self._balance, self._ends
        self._balance, self._ends = Balance(), {}  # a timeout may interrupt this: then all is read anew
        for path in _books(self._directory):
            end = ends.get(path.name, 0)
            if path.stat().st_size <= end:
                continue
            with path.open("rb") as file:
                file.seek(end)
                data = file.read()
            whole, newline, _ = data.rpartition(b"\n")
            ends[path.name] = end + len(whole) + len(newline)
            for line in whole.decode("utf-8", "replace").split("\n"):
                entry = spending_jsonl.entry_of(line, source=path.name)
                if entry is not None:
                    balance.take(path.name, entry)
        self._balance, self._ends = balance, ends


def read_books(directory: Path) -> tuple[Book, ...]:
    """Return what all processes wrote into a ledger, as far as it can be read; nothing where there is none.

    Never raises for what is in it: a file that is no ledger's, or too much, counts as damaged.
    """
    books: list[Book] = []
    room_bytes = MAX_TOTAL_BYTES
    for path in itertools.islice(_books(directory), MAX_BOOKS):
        try:
            text = read_text(path, max_bytes=room_bytes)
            room_bytes -= len(text)
            if "\n" in text:  # else it was killed before it wrote a line
                books.append(spending_jsonl.loads(text, source=path.name))
        except (CiToolsError, OSError):
            books.append(Book(run="", worker="", process=path.name, damaged=1))
    return tuple(books)


def _books(directory: Path) -> Iterator[Path]:
    """Yield the ledger's files by name. No links, no pipes: a test may have put them there."""
    if directory.is_symlink():
        return
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        names = (entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        yield from (directory / name for name in sorted(names) if name.endswith(".jsonl"))

"""The picture of a study: tests × runs, what each test did in each run of the design, level by level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ci_tools.model.run import Outcome
from ci_tools.model.trial import Order
from ci_tools.stability.judge import Report
from ci_tools.stability.record import RAN, Run, conditions_words, ran_in

MAX_ROWS = 300
MAX_COLUMNS = 500

# Told apart by letters; colours only help.
_LETTERS = {
    Outcome.PASSED: "·",
    Outcome.XFAILED: "·",
    Outcome.XPASSED: "·",
    Outcome.FAILED: "F",
    Outcome.ERROR: "E",
    Outcome.CRASHED: "C",
    Outcome.SKIPPED: "s",
    Outcome.UNKNOWN: "?",
}
ARROWS = {Order.SAME: "→", Order.REVERSE: "←", Order.RANDOM: "⇄"}
LEGEND = (("·", "passed"), ("F", "failed"), ("E", "error"), ("C", "crashed"), ("s", "skipped"), ("–", "not run"))
ORDERS = tuple((arrow, f"{order.value} order") for order, arrow in ARROWS.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A run: its number, level, and an arrow for its order, and all that was particular about it."""

    number: int
    level: str
    arrow: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a test did in a run: a letter of LEGEND, and its word."""

    letter: str
    word: str

    @property
    def is_bad(self) -> bool:
        return self.letter in "FEC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A test, and a cell per column."""

    nodeid: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Rows of the bad tests, the worst first; `others` says of the rest, run by run, how many ran.

    Of more than MAX_ROWS tests and MAX_COLUMNS runs there are the first; `n_rows` and `n_columns` are of all.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    n_others: int
    others: tuple[int, ...]
    n_rows: int
    n_columns: int

    @property
    def levels(self) -> tuple[tuple[str, int], ...]:
        """(level, number of columns), in their order."""
        return tuple((level, len(list(group))) for level, group in groupby(column.level for column in self.columns))


def heat(report: Report) -> Heat:
    """Return the picture; within a level the runs of one order stand together, then as they were made."""
    factors, counted = report.study.factors, report.study.counted
    levels, orders = list(factors.levels), list(factors.orders)
    runs = sorted(
        counted[:MAX_COLUMNS],
        key=lambda run: (levels.index(run.conditions.workers), orders.index(run.conditions.order), run.number),
    )
    bad = {test.nodeid for test in report.bad}
    others = [nodeid for nodeid in ran_in(counted) if nodeid not in bad]
    return Heat(
        columns=tuple(map(_column, runs)),
        rows=tuple(_row(test.nodeid, runs) for test in report.bad[:MAX_ROWS]),
        n_others=len(others),
        others=tuple(_n_ran(run, others) for run in runs),
        n_rows=len(report.bad),
        n_columns=len(counted),
    )


def strip(row: Row, columns: Sequence[Column]) -> str:
    """Return a row as text, by level and order: `-n 0 →·· ←F· ⇄··  -n 2 →FF ←F ⇄F`."""
    groups = groupby(zip(columns, row.cells), key=lambda entry: entry[0].level)
    return "  ".join(f"-n {level} {_by_order(list(entries))}" for level, entries in groups)


def _by_order(entries: Sequence[tuple[Column, Cell]]) -> str:
    groups = groupby(entries, key=lambda entry: entry[0].arrow)
    return " ".join(f"{arrow}{''.join(cell.letter for _, cell in group)}" for arrow, group in groups)


def _column(run: Run) -> Column:
    conditions = run.conditions
    return Column(
        number=run.number,
        level=conditions.workers,
        arrow=ARROWS[conditions.order],
        words=conditions_words(conditions),
    )


def _row(nodeid: str, runs: Iterable[Run]) -> Row:
    return Row(nodeid=nodeid, cells=tuple(_cell(run.outcomes.get(nodeid)) for run in runs))


def _cell(outcome: Outcome | None) -> Cell:
    return Cell(letter=_LETTERS[outcome], word=outcome.value) if outcome else Cell(letter="–", word="not run")


def _n_ran(run: Run, others: Sequence[str]) -> int:
    return sum(run.outcomes.get(nodeid) in RAN for nodeid in others)

"""Serial and parallel runs compared, as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_tools.model.words import count
from ci_tools.parallelize.compare import Difference, Hang
from ci_tools.parallelize.gates import State
from ci_tools.parallelize.go import Page
from ci_tools.parallelize.speed import Category
from ci_tools.parallelize.words import (
    CATEGORY_HEADER,
    TITLES,
    category_row,
    facts,
    hang_words,
    headline,
    next_step,
    own_frames,
    rates,
)
from ci_tools.report.inert import block
from ci_tools.report.terminal import first_line, shown

LISTED = 20
LINE_CHARS = 1_000
STACK_CHARS = 2_000

_STATES = {State.PASSED: "ok", State.FAILED: "FAILED", State.UNKNOWN: "?"}


def as_text(page: Page) -> str:
    """Return the answer, the gates, what differs, what hung, and how much faster it is."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield shown(headline(page), LINE_CHARS)
    yield from (f"  {words} {shown(name, LINE_CHARS)}".rstrip() for words, name in facts(page))
    if page.gates:
        rows = [(gate.what, gate.value_text, gate.limit_text, _STATES[gate.state]) for gate in page.gates]
        yield "\nGATES"
        yield from _table(rows, right=(1,))
    for kind, (title, hint) in TITLES.items():
        yield from _differences(f"{title.upper()}: {hint}", page.comparison.of(kind), page)
    yield from _hangs(page.comparison.hangs)
    if page.speed:
        yield from _categories("BY DIRECTORY", page.speed.directories, page.speed.total)
        yield from _categories("BY MARK", page.speed.marks)


def _differences(title: str, differences: Sequence[Difference], page: Page) -> Iterator[str]:
    if not differences:
        return
    yield f"\n{title} ({len(differences):,})"
    for difference in differences[:LISTED]:
        yield f"  {shown(difference.nodeid)}: {rates(difference)}"
        if difference.message:
            yield f"      {shown(first_line(difference.message))}"
        command = next_step(difference, page)
        if command:
            yield f"      {shown(command, LINE_CHARS)}"
    yield from _more(len(differences))


def _hangs(hangs: Sequence[Hang]) -> Iterator[str]:
    if not hangs:
        return
    yield f"\nDID NOT END ({len(hangs):,})"
    for hang in hangs[:LISTED]:
        name, what, runs = hang_words(hang)
        yield f"  {shown(': '.join(filter(None, (name, what))), LINE_CHARS)} ({runs})"
        if hang.text:
            yield from (f"      {line}" for line in block(own_frames(hang.text), STACK_CHARS).splitlines())
        yield from (f"      no result: {shown(nodeid)}" for nodeid in hang.unreported[:LISTED])
        if len(hang.unreported) > LISTED:
            yield f"      and {count(len(hang.unreported) - LISTED, 'more test', 'more tests')}, in report.json"
    yield from _more(len(hangs))


def _categories(title: str, categories: Sequence[Category], *total: Category) -> Iterator[str]:
    if not categories:
        return
    yield f"\n{title}"
    listed = (*categories[:LISTED], *total)
    rows = [CATEGORY_HEADER, *((shown(row[0], 60), *row[1:]) for row in map(category_row, listed))]
    yield from _table(rows, right=(1, 2, 3, 4, 5))
    yield from _more(len(categories))


def _more(n: int) -> Iterator[str]:
    if n > LISTED:
        yield f"  and {n - LISTED:,} more, in report.json"


def _table(rows: Sequence[Sequence[str]], *, right: Sequence[int]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = (c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths)))
        yield f"  {'  '.join(cells)}".rstrip()

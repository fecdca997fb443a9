"""Serial and parallel runs compared, as `report.md`. Names and messages are hostile: see `report.inert`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_tools.parallelize.compare import Difference, Hang
from ci_tools.parallelize.gates import State
from ci_tools.parallelize.go import Answer, Page
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
from ci_tools.report.inert import block, code, fence, plain
from ci_tools.report.ladder import Section, pages
from ci_tools.report.terminal import first_line

# Of a job's summary: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
MAX_BYTES = 1_000_000
ROWS = 100
LINE_CHARS = 1_000
TEXT_CHARS = 4_000

_FACES = {Answer.GO: "✅", Answer.NO_GO: "❌", Answer.UNJUDGED: "⚠️"}
_STATES = {State.PASSED: "✅", State.FAILED: "❌", State.UNKNOWN: "⚠️ not measured"}


def as_markdown(page: Page) -> str:
    """Return the page, of at most MAX_BYTES of UTF-8."""
    words = headline(page)
    lines = [
        f"## {_FACES[page.answer]} {plain(words, LINE_CHARS) if page.answer is Answer.UNJUDGED else words}",
        "",
        *(f"- {words} {code(name, LINE_CHARS)}".rstrip() for words, name in facts(page)),
    ]
    head = "\n".join(lines)
    return next(text for text in pages(head, list(_sections(page))) if len(text.encode()) <= MAX_BYTES)


def _sections(page: Page) -> Iterator[Section]:
    if page.gates:
        rows = [(g.what, g.value_text, g.limit_text, _STATES[g.state]) for g in page.gates]
        table = _table(("gate", "measured", "wanted", ""), rows, right=(1,))
        yield Section(name="table of gates", worth=9, text=f"### Gates\n\n{table}")
    for kind, (title, hint) in TITLES.items():
        found = page.comparison.of(kind)
        if found:
            items = "\n".join(_item(difference, page) for difference in found[:ROWS])
            text = f"### {title} ({len(found):,})\n\n{hint.capitalize()}.\n\n{items}{_more(len(found))}"
            yield Section(name="list of differences", worth=8, text=text)
    for hang in page.comparison.hangs[:ROWS]:
        yield Section(name="hang", worth=6, text=_hang(hang))
    if page.speed:
        yield from _categories("directory", page.speed.directories, page.speed.total)
        yield from _categories("mark", page.speed.marks)


def _item(difference: Difference, page: Page) -> str:
    message = f": {code(first_line(difference.message))}" if difference.message else ""
    command = next_step(difference, page)
    more = f"\n{_indented(fence(command, LINE_CHARS, 'console'))}" if command else ""
    return f"- {code(difference.nodeid)} {rates(difference)}{message}{more}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _hang(hang: Hang) -> str:
    missing = "".join(f"\n- no result: {code(nodeid)}" for nodeid in hang.unreported[:ROWS])
    text = f"\n\n{fence(block(own_frames(hang.text), TEXT_CHARS))}" if hang.text else ""
    name, what, runs = hang_words(hang)
    return f"### Did not end\n\n{code(name)} {plain(what, LINE_CHARS)} ({runs}){text}{missing}".rstrip()


def _categories(what: str, categories: Sequence[Category], *total: Category) -> Iterator[Section]:
    if categories:
        rows = [(code(row[0]), *row[1:]) for row in map(category_row, (*categories[:ROWS], *total))]
        table = _table((what, *CATEGORY_HEADER[1:]), rows, right=(1, 2, 3, 4, 5))
        yield Section(name="table of times", worth=7, text=f"### By {what}\n\n{table}{_more(len(categories))}")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int]) -> str:
    rule = ["---:" if place in right else "---" for place in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def _more(n: int) -> str:
    return f"\n\nand {n - ROWS:,} more, in `report.json`" if n > ROWS else ""

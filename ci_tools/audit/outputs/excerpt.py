"""A line of somebody's source as one line of a terminal, with a part of it marked."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from ci_tools.audit.finding import Span
from ci_tools.report.inert import visible

WIDTH = 100
_BEFORE = 40  # characters kept in front of the marked part of a longer line


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A line without anything that a terminal would obey; the mark begins behind `before` cells and is `width` wide."""

    text: str
    before: int
    width: int


def excerpt(line: str, span: Span) -> Excerpt:
    """Return the first line of a span, as much of it as fits around its mark; tabs are four spaces."""
    first = max(0, min(span.column - 1, len(line)))
    last = span.end_column - 1 if span.end_line == span.line else len(line)
    last = max(first, min(last, len(line)))
    start = max(0, first - _BEFORE) if len(line) > WIDTH else 0
    end = start + WIDTH
    head, marked, tail = (_shown(part) for part in (line[start:first], line[first:last][:WIDTH], line[last:end]))
    left, right = "…" if start else "", "…" if end < len(line.rstrip()) else ""
    return Excerpt(
        text=f"{left}{head}{marked}{tail}{right}".rstrip(),
        before=cell_len(left + head),
        width=max(1, cell_len(marked.rstrip())),
    )


def _shown(text: str) -> str:
    text = text.rstrip("\r\n").replace("\t", "    ")
    return visible(text, limit=12 * WIDTH)

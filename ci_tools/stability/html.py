"""A study as one page that needs nothing else: the picture of tests × runs, and what is known of each bad test.

No script; names and messages are escaped by Jinja.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ci_tools.report.inert import visible
from ci_tools.report.pages import asset, filled, policy_hash
from ci_tools.report.parts import name_of
from ci_tools.stability.heat import LEGEND, ORDERS, Cell, Column, Heat, heat
from ci_tools.stability.judge import Report
from ci_tools.stability.tell import (
    bisect_command,
    broken_words,
    difference_words,
    facts,
    headline,
    kind_words,
    rate_words,
    replay_command,
    run_words,
    test_lines,
)

_PACKAGE = "ci_tools.stability"
DETAILED = 300
LINE_CHARS = 1_000


def as_html(report: Report) -> str:
    """Return the page."""
    picture = heat(report)
    style = asset(_PACKAGE, "report.css") + asset(_PACKAGE, "tests.css") + asset(_PACKAGE, "stability.css")
    return filled(
        _PACKAGE,
        "stability.html.j2",
        headline=headline(report),
        facts=[visible(fact, LINE_CHARS) for fact in facts(report)],
        picture=picture,
        edges=set(_edges(picture)),
        rows=[{"name": name_of(row.nodeid), "cells": list(_cells(row.cells, picture.columns))} for row in picture.rows],
        legend=LEGEND,
        orders=ORDERS,
        n_bad=len(report.bad),
        tests=list(_tests(report)),
        lists=_lists(report),
        runs=[run_words(run) for run in report.study.design],
        style=style,
        style_hash=policy_hash(style),
    )


def _tests(report: Report) -> Iterator[dict[str, Any]]:
    for test in report.bad[:DETAILED]:
        yield {
            "name": name_of(test.nodeid),
            "kind": kind_words(test),
            "rate": rate_words(test),
            "lines": [visible(line, LINE_CHARS) for line in test_lines(test)],
            "message": visible(test.message, LINE_CHARS),
            "replay": test.replay,
            "command": visible(replay_command(report.study, test.replay), 4 * LINE_CHARS),
            "bisect": visible(bisect_command(report.study, test), 4 * LINE_CHARS),
        }


def _lists(report: Report) -> list[tuple[str, list[str]]]:
    return [
        ("Not the same tests", [visible(difference_words(one), LINE_CHARS) for one in report.differences]),
        ("Not counted", [visible(broken_words(run), LINE_CHARS) for run in report.broken]),
    ]


def _edges(picture: Heat) -> Iterator[int]:
    """Yield the columns that a level begins with."""
    place = 0
    for _, n in picture.levels:
        yield place
        place += n


def _cells(cells: tuple[Cell, ...], columns: tuple[Column, ...]) -> Iterator[Any]:
    """Yield cells as HTML, most of them tiny: three hundred tests in a hundred runs are thirty thousand."""
    return (_cell(cell, column) for cell, column in zip(cells, columns))


@lru_cache(maxsize=10_000)
def _cell(cell: Cell, column: Column) -> Any:
    from markupsafe import Markup

    if cell.letter == "·":
        return Markup("<td>·</td>")
    kind = cell.letter if cell.letter.isalpha() else "not-run"
    title = f"run {column.number}, {column.words}: {cell.word}"
    return Markup('<td class="{}" title="{}">{}</td>').format(kind, title, cell.letter)

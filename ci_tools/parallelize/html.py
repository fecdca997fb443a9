"""Serial and parallel runs compared, as one page that needs nothing else: no script, no network, no other file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ci_tools.parallelize.compare import Difference, Hang
from ci_tools.parallelize.gates import State
from ci_tools.parallelize.go import Answer, Page
from ci_tools.parallelize.speed import Category, Speed
from ci_tools.parallelize.words import TITLES, category_row, facts, hang_words, headline, next_step, own_frames, rates
from ci_tools.report.inert import block, visible
from ci_tools.report.pages import asset, filled, policy_hash
from ci_tools.report.parts import name_of
from ci_tools.report.terminal import first_line

_PACKAGE = "ci_tools.parallelize"
LISTED = 200
BARS = 30
LINE_CHARS = 1_000
TEXT_CHARS = 10_000

_FACES = {Answer.GO: "passed", Answer.NO_GO: "failed", Answer.UNJUDGED: "flaky"}
_STATES = {State.PASSED: "passed", State.FAILED: "failed", State.UNKNOWN: "unknown"}


def as_html(page: Page) -> str:
    """Return the page."""
    style = asset(_PACKAGE, "report.css") + asset(_PACKAGE, "go.css")
    return filled(
        _PACKAGE,
        "go.html.j2",
        headline=visible(headline(page), LINE_CHARS),
        face=_FACES[page.answer],
        facts=[(words.replace("`", ""), visible(name, LINE_CHARS)) for words, name in facts(page)],
        gates=[(g.what, g.value_text, g.limit_text, _STATES[g.state]) for g in page.gates],
        lists=list(_lists(page)),
        hangs=[_hang(hang) for hang in page.comparison.hangs[:LISTED]],
        n_hangs=len(page.comparison.hangs),
        pictures=list(_pictures(page.speed)) if page.speed else [],
        runs=page.runs,
        style=style,
        style_hash=policy_hash(style),
    )


def _lists(page: Page) -> Iterator[dict[str, Any]]:
    for kind, (title, hint) in TITLES.items():
        found = page.comparison.of(kind)
        if found:
            rows = [_row(difference, page) for difference in found[:LISTED]]
            yield {"title": title, "hint": hint, "total": len(found), "rows": rows}


def _row(difference: Difference, page: Page) -> dict[str, Any]:
    return {
        "name": name_of(difference.nodeid),
        "rates": rates(difference),
        "message": visible(first_line(difference.message), LINE_CHARS) or rates(difference),
        "text": block(difference.text, TEXT_CHARS),
        "command": next_step(difference, page),
    }


def _hang(hang: Hang) -> dict[str, Any]:
    name, what, runs = hang_words(hang)
    return {
        "name": name_of(name),
        "words": f"{visible(what, LINE_CHARS)} ({runs})",
        "text": block(own_frames(hang.text), TEXT_CHARS),
        "unreported": [name_of(nodeid) for nodeid in hang.unreported[:LISTED]],
        "n_unreported": len(hang.unreported),
    }


def _pictures(speed: Speed) -> Iterator[dict[str, Any]]:
    """Yield the bars of the whole suite, of its directories and marks, all on one scale of each."""
    for title, categories, total in (("directory", speed.directories, [speed.total]), ("mark", speed.marks, [])):
        if categories:
            yield {
                "title": title,
                "total": len(categories),
                "rows": _bars([*categories[:BARS], *total]),
                "n": len(categories[:BARS]),
            }


def _bars(categories: Sequence[Category]) -> list[dict[str, Any]]:
    most_s = max(max(category.serial_s, category.parallel_s) for category in categories) or 1.0
    return [
        {
            "cells": tuple(visible(cell, LINE_CHARS) for cell in category_row(category)),
            "serial": round(100 * category.serial_s / most_s, 2),
            "parallel": round(100 * category.parallel_s / most_s, 2),
            "is_slower": category.is_slower,
        }
        for category in categories
    ]

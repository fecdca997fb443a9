"""A study as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.report.terminal import shown
from ci_tools.stability.heat import LEGEND, ORDERS, heat, strip
from ci_tools.stability.judge import BadTest, Report
from ci_tools.stability.tell import (
    bisect_command,
    broken_words,
    difference_words,
    facts,
    headline,
    kind_words,
    rate_words,
    replay_command,
    test_lines,
)

LISTED = 30
STRIP_CHARS = 160
LINE_CHARS = 1_000


def as_text(report: Report) -> str:
    """Return the verdict, the facts, and each bad test with what is known of it."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield headline(report)
    yield from (f"  {fact}" for fact in facts(report))
    strips = _strips(report)
    for test in report.bad[:LISTED]:
        yield ""
        yield from _test(test, strips.get(test.nodeid, ""))
        yield f"    replay of run {test.replay}: {shown(replay_command(report.study, test.replay), 4 * LINE_CHARS)}"
        if command := bisect_command(report.study, test):
            yield f"    to find the test: {shown(command, 4 * LINE_CHARS)}"
    if len(report.bad) > LISTED:
        yield f"\nand {len(report.bad) - LISTED:,} more bad tests, in report.json"
    if strips:
        yield "\n" + "  ".join(f"{letter} {word}" for letter, word in (*LEGEND, *ORDERS))
    for title, lines in (
        ("NOT THE SAME TESTS", [difference_words(one) for one in report.differences]),
        ("NOT COUNTED", [broken_words(run) for run in report.broken]),
    ):
        if lines:
            yield f"\n{title}"
            yield from (f"  {shown(line, LINE_CHARS)}" for line in lines[:LISTED])
            yield from [f"  and {len(lines) - LISTED:,} more"] if len(lines) > LISTED else []


def _strips(report: Report) -> dict[str, str]:
    """Return each bad test's row of the picture, where it fits on a line."""
    picture = heat(report)
    if len(picture.columns) + 8 * len(picture.levels) > STRIP_CHARS:
        return {}
    return {row.nodeid: strip(row, picture.columns) for row in picture.rows}


def _test(test: BadTest, strip: str) -> Iterator[str]:
    yield f"{shown(test.nodeid)}: {kind_words(test)}, {rate_words(test)}"
    if test.message:
        yield f"    {shown(test.message)}"
    if strip:
        yield f"    {strip}"
    yield from (f"    {line}" for line in test_lines(test))

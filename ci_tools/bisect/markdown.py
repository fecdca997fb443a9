"""A bisection as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.bisect.bisection import Bisection
from ci_tools.bisect.words import commands, cost_words, culprit_words, fact_words, headline, rest_words
from ci_tools.report.inert import code, fence, plain
from ci_tools.report.terminal import first_line

LISTED = 50


def as_markdown(found: Bisection) -> str:
    """Return the same as `as_text`, inert."""
    return "\n".join(_blocks(found))


def _blocks(found: Bisection) -> Iterator[str]:
    yield f"# {code(found.test)}\n"
    yield f"**{headline(found)}**\n"
    for culprit in found.culprits:
        yield f"{culprit_words(culprit, found)}:\n"
        more = len(culprit.tests) - LISTED
        yield from (f"1. {code(test)}" for test in culprit.tests[:LISTED])
        yield f"\nand {more:,} more\n" if more > 0 else ""
        rest = rest_words(culprit)
        yield from [f"{rest}\n"] if rest else []
    yield "| with | failed in |\n| --- | --- |"
    yield from (f"| {where} | {rate} |" for where, rate in map(fact_words, found.facts))
    yield ""
    if found.message:
        yield f"Last failure: {code(first_line(found.message))}\n"
    yield from (f"- {plain(change)}" for change in found.changes)
    yield from [""] if found.changes else []
    for what, command in commands(found):
        yield f"{what[0].upper()}{what[1:]}:\n\n{fence(command, 20_000, 'sh')}"
    yield f"{cost_words(found)}\n"

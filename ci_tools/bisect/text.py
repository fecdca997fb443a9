"""A bisection as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.bisect.bisection import Bisection
from ci_tools.bisect.words import commands, cost_words, culprit_words, fact_words, headline, rest_words
from ci_tools.report.terminal import first_line, shown

LISTED = 20


def as_text(found: Bisection) -> str:
    """Return the answer, the tests, how often it happened, what they change, and how to see it again."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Bisection) -> Iterator[str]:
    yield shown(found.test)
    yield f"  {headline(found)}"
    for culprit in found.culprits:
        yield ""
        yield f"{culprit_words(culprit, found)}:"
        yield from (f"  {shown(test)}" for test in culprit.tests[:LISTED])
        if len(culprit.tests) > LISTED:
            yield f"  and {len(culprit.tests) - LISTED:,} more"
        rest = rest_words(culprit)
        yield from [rest] if rest else []
    yield ""
    yield from (": ".join(fact_words(fact)) for fact in found.facts)
    if found.message:
        yield f"last failure: {shown(first_line(found.message))}"
    if found.changes:
        yield ""
        yield from map(shown, found.changes)
    for what, command in commands(found):
        yield ""
        yield f"{what}:"
        yield f"  {command}"
    yield ""
    yield cost_words(found)
    if found.scene.source:
        yield f"it began with {shown(found.scene.source)}, on {shown(found.scene.worker)}"

"""A study as Markdown, names made inert."""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.dynamic.conflicts import Conflict
from ci_tools.audit.dynamic.sentences import (
    conflict_sentence,
    gaps,
    leak_sentence,
    more_words,
    outcome_sentences,
    servers_of,
)
from ci_tools.audit.dynamic.study import Study
from ci_tools.audit.dynamic.text import MAX_CONFLICTS, MAX_LEAKS, leaks_to_tell, summary
from ci_tools.model.words import count
from ci_tools.report.inert import code

_SECTIONS = (
    ("Tests that meet", False),
    ("Tests that meet only where those of one file are spread over workers", True),
)


def as_markdown(study: Study) -> str:
    """Return a page: the summary, conflicts with their replays, what was left changed, what can't be seen."""
    parts = ["# What the tests do to each other\n", f"{summary(study)}.\n", *_conflicts(study), *_leaks(study)]
    notes = [*gaps(study, code)]
    notes += [f"{code(name)} is used by tests of {n:,} files" for name, n in servers_of(study).items()]
    if notes:
        parts += ["## What this can't tell\n", "".join(f"- {note}\n" for note in notes)]
    return "\n".join(parts)


def _conflicts(study: Study) -> Iterator[str]:
    for title, within_file in _SECTIONS:
        found = [conflict for conflict in study.conflicts if conflict.within_file is within_file]
        if found:
            yield f"## {title}\n"
            yield "".join(_item(study, conflict) for conflict in found[:MAX_CONFLICTS])
        if len(found) > MAX_CONFLICTS:
            yield f"{count(len(found) - MAX_CONFLICTS, 'more conflict')} in the JSON.\n"


def _item(study: Study, conflict: Conflict) -> str:
    lines = [f"- **{conflict.severity.value}**: {conflict_sentence(conflict, code)}"]
    more = more_words(conflict)
    if more:
        lines.append(f"  - {more}")
    outcome = study.outcome(conflict)
    if outcome:
        lines += [f"  - replayed: {sentence}" for sentence in outcome_sentences(outcome, code)]
    return "\n".join(lines) + "\n"


def _leaks(study: Study) -> Iterator[str]:
    leaks = leaks_to_tell(study)
    if leaks:
        yield "## Left changed, for the tests that come after them in their worker\n"
        shown = leaks[:MAX_LEAKS]
        yield "".join(f"- {leak.severity.value}: {leak_sentence(leak, code)}\n" for leak in shown)
    if len(leaks) > MAX_LEAKS:
        yield f"{len(leaks) - MAX_LEAKS:,} more in the JSON.\n"

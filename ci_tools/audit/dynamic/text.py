"""A study as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ci_tools.audit.dynamic.conflicts import Conflict
from ci_tools.audit.dynamic.leaks import Leak
from ci_tools.audit.dynamic.sentences import (
    conflict_sentence,
    gaps,
    leak_sentence,
    more_words,
    outcome_sentences,
    runs_sentence,
    servers_of,
)
from ci_tools.audit.dynamic.study import Study
from ci_tools.audit.finding import Severity
from ci_tools.model.words import count
from ci_tools.report.terminal import shown

MAX_CONFLICTS = 50
MAX_LEAKS = 30
MAX_RESOURCES = 5


def as_text(study: Study) -> str:
    """Return conflicts, worst first, then what was left changed, what can't be seen, and how many there are."""
    return "\n".join((*_conflicts(study), *_within_files(study), *_leaks(study), *_gaps(study), summary(study))) + "\n"


def _conflicts(study: Study) -> Iterator[str]:
    across = [conflict for conflict in study.conflicts if not conflict.within_file]
    for conflict in across[:MAX_CONFLICTS]:
        yield f"{conflict.severity.value}: {conflict_sentence(conflict, shown)}"
        for resource in conflict.resources[1:MAX_RESOURCES]:
            yield f"    also: {shown(resource)}"
        more = more_words(conflict, MAX_RESOURCES)
        if more:
            yield f"    {more}"
        outcome = study.outcome(conflict)
        if outcome:
            yield from (f"    replayed: {sentence}" for sentence in outcome_sentences(outcome, shown))
        yield ""
    if len(across) > MAX_CONFLICTS:
        yield f"{count(len(across) - MAX_CONFLICTS, 'more conflict')}: see --format json\n"


def _within_files(study: Study) -> Iterator[str]:
    within = [conflict for conflict in study.conflicts if conflict.within_file]
    if within:
        yield "only where tests of one file are spread over workers (--dist load, worksteal):"
        yield from (f"  {c.severity.value}: {conflict_sentence(c, shown)}" for c in within[:MAX_CONFLICTS])
        if len(within) > MAX_CONFLICTS:
            yield f"  {count(len(within) - MAX_CONFLICTS, 'more conflict')}: see --format json"
        yield ""


def _leaks(study: Study) -> Iterator[str]:
    leaks = leaks_to_tell(study)
    if leaks:
        yield "left changed, for the tests that come after them in their worker:"
        yield from (f"  {leak.severity.value}: {leak_sentence(leak, shown)}" for leak in leaks[:MAX_LEAKS])
        yield from _more_leaks(leaks[MAX_LEAKS:])
        yield ""


def leaks_to_tell(study: Study) -> list[Leak]:
    """Return those that may matter."""
    return [leak for leak in study.leaks if leak.severity is not Severity.NOTE]


def _more_leaks(leaks: Sequence[Leak]) -> Iterator[str]:
    if leaks:
        by_kind = Counter(leak.what for leak in leaks)
        kinds = ", ".join(f"{n:,} × {what}" for what, n in by_kind.most_common())
        yield f"  {len(leaks):,} more: {kinds}; see --format json"


def _gaps(study: Study) -> Iterator[str]:
    found = [*gaps(study, shown)]
    found += [
        f"{shown(name)} is used by tests of {n:,} files: what they do there isn't seen"
        for name, n in servers_of(study).items()
    ]
    yield from (f"note: {gap}" for gap in found)
    if found:
        yield ""


def summary(study: Study) -> str:
    """Return how many there are of what."""
    across: Sequence[Conflict] = [conflict for conflict in study.conflicts if not conflict.within_file]
    by_severity = Counter(conflict.severity for conflict in across)
    severities = ", ".join(f"{by_severity[s]:,} {s.value}" for s in Severity if by_severity[s])
    conflicts = f"{count(len(across), 'conflict')}{f' ({severities})' if severities else ''}"
    n_confirmed = sum(outcome.verdict.value == "confirmed" for outcome in study.outcomes)
    confirmed = (
        f", {n_confirmed:,} of {count(len(study.outcomes), 'replayed pair')} confirmed" if study.outcomes else ""
    )
    n_leaks = len(leaks_to_tell(study))
    return f"{runs_sentence(study)}: {conflicts}{confirmed}; {count(n_leaks, 'state')} left changed"

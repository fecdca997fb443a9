"""What tests leave changed in their process, for all tests that come after them in that worker."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ci_tools.audit.dynamic.deeds import Actor, Seen
from ci_tools.audit.finding import Severity
from ci_tools.model.evidence import Kind

# Descriptors go when their objects are collected, which is nobody's plan; caches fill, which is their job.
_NUMBER = re.compile(r"\d+")  # of a thread, another in each run
_SEVERITY = {
    "environ": Severity.MEDIUM,
    "cwd": Severity.MEDIUM,
    "umask": Severity.MEDIUM,
    "locale": Severity.MEDIUM,
    "signal": Severity.MEDIUM,
    "setting": Severity.MEDIUM,
    "global": Severity.LOW,
    "descriptor": Severity.NOTE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """State that is otherwise after a test than before it. `among` as in `Change`, the smallest that was seen."""

    severity: Severity
    actor: Actor
    what: str
    name: str
    how: str
    n_runs: int
    among: int = 1


def leaks_in(seen: Seen) -> tuple[Leak, ...]:
    """Return what tests left, worst first. What a fixture puts back when it is torn down is none."""
    found: dict[tuple[Actor, str, str], list[tuple[str, int, frozenset[int]]]] = {}
    for (actor, change), runs in seen.left.items():
        name = _NUMBER.sub("N", change.name) if change.what == "thread" else change.name
        found.setdefault((actor, change.what, name), []).append((change.how, change.among, runs))
    leaks = []
    for (actor, what, name), changes in found.items():
        hows = {how for how, _, _ in changes}
        if actor.kind is Kind.FIXTURE and (len(hows) > 1 or hows == {"changed"}):
            continue  # it was set and removed, or changed there and back
        how, among, _ = min(changes, key=lambda change: (change[1], change[0]))
        n_runs = len(frozenset().union(*(runs for _, _, runs in changes)))
        severity = _SEVERITY.get(what, Severity.LOW)
        leaks.append(Leak(severity=severity, actor=actor, what=what, name=name, how=how, n_runs=n_runs, among=among))
    rank = list(Severity).index
    return tuple(sorted(leaks, key=lambda leak: (rank(leak.severity), leak.what, leak.name, leak.actor)))

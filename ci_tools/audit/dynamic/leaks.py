"""What tests leave changed in their process, for all tests that come after them in that worker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ci_tools.audit.dynamic.deeds import Actor, Process, Seen
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
# The end of the former goes untold, and the latter aren't looked at each time: a fixture may well put them back.
_UNSEEN = ("thread", "process", "descriptor", "global")


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
    found: dict[tuple[Actor, str, str], list[tuple[str, int, tuple[Process, ...]]]] = {}
    for (actor, change), processes in seen.left.items():
        name = _NUMBER.sub("N", change.name) if change.what == "thread" else change.name
        found.setdefault((actor, change.what, name), []).append((change.how, change.among, processes))
    leaks = []
    for (actor, what, name), changes in found.items():
        if actor.kind is Kind.FIXTURE and (what in _UNSEEN or _is_put_back((how, at) for how, _, at in changes)):
            continue
        how, among, _ = min(changes, key=lambda change: (change[1], change[0]))
        n_runs = len({run for _, _, processes in changes for run, _ in processes})
        severity = _SEVERITY.get(what, Severity.LOW)
        leaks.append(Leak(severity=severity, actor=actor, what=what, name=name, how=how, n_runs=n_runs, among=among))
    rank = list(Severity).index
    return tuple(sorted(leaks, key=lambda leak: (rank(leak.severity), leak.what, leak.name, leak.actor)))


def _is_put_back(changes: Iterable[tuple[str, tuple[Process, ...]]]) -> bool:
    """Return whether in each process as much was removed as was set, and all that was changed was changed twice."""
    n = Counter((process, how) for how, processes in changes for process in processes)
    return all(n[at, "set"] == n[at, "removed"] and n[at, "changed"] % 2 == 0 for at, _ in n)

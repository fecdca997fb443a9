"""What the tests that were found leave changed, or touch that the failing one touches too: sentences on evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ci_tools.bisect.bisection import Culprit
from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record, Touch, one_name

MAX_SENTENCES = 12

_DEEDS = {
    Access.CONNECT: "connects to",
    Access.BIND: "binds",
    Access.DATABASE: "opens",
    Access.LIST: "lists",
    Access.READ: "reads",
    Access.MAKE: "makes",
    Access.WRITE: "writes",
    Access.APPEND: "appends to",
    Access.CHANGE: "changes",
    Access.DELETE: "deletes",
    Access.TREE: "deletes all of",
}
# What makes a difference to others, as far as it can be told.
_ACTIVE = frozenset({Access.WRITE, Access.APPEND, Access.DELETE, Access.TREE, Access.MAKE, Access.CHANGE, Access.BIND})
_VERBS = {"set": "sets", "changed": "changes", "removed": "removes"}
_NOUNS = {
    "environ": "the environment variable",
    "cwd": "the working directory",
    "umask": "the umask",
    "locale": "the locale",
    "signal": "the handler of",
    "sys.path": "in sys.path",
    "logging": "the logger",
    "warnings": "the filters of warnings",
    "setting": "the setting",
}
_BEHIND = {"thread": "a thread", "process": "a process", "descriptor": "an open file"}


def changes(evidence: Sequence[Evidence], culprit: Culprit, test: str) -> tuple[str, ...]:
    """Return what each of the tests does that may matter to the failing one; names in quotes, no full stops.

    State of the process matters only in the same one. Of files, ports and databases those are told that both touch;
    where none is seen, all that the found tests change, since not all looks can be seen.
    """
    records = [record for process in evidence for record in process.records]
    told = [] if culprit.way.is_concurrent else list(_left(records, culprit.tests))
    shared = list(_shared(records, culprit.tests, test))
    told += shared or _alone(records, culprit.tests)
    return tuple(dict.fromkeys(told))[:MAX_SENTENCES]


def _of(record: Record, test: str) -> bool:
    """Whether a record is the test's: its own, or of a fixture that was set up or torn down for it."""
    return test in ((record.id,) if record.kind is Kind.TEST else (record.under,))


def _left(records: Iterable[Record], tests: Sequence[str]) -> Iterator[str]:
    for record in records:
        for test in tests:
            if _of(record, test):
                yield from (f"{test!r} {_change(change)}" for change in record.changed if change.what != "descriptor")


def _change(change: Change) -> str:
    name = f" {change.name!r}" if change.name else ""
    if change.what in _BEHIND:
        return f"leaves {_BEHIND[change.what]}{name} behind"
    if change.what == "global":
        return f"{_VERBS[change.how]} {change.name.replace(':', '.', 1)!r}"
    return f"{_VERBS[change.how]} {_NOUNS.get(change.what, change.what)}{name}"


def _shared(records: Sequence[Record], tests: Sequence[str], test: str) -> Iterator[str]:
    own = list(_touches(records, test))
    for other in tests:
        for resource, touches in _by_resource(_touches(records, other)):
            met = [mine for mine in own if any(_matter(touch, mine) for touch in touches)]
            if met:
                yield f"{other!r} {_deeds(touches)} {resource!r}, which {test!r} {_deeds(met)}"


def _alone(records: Sequence[Record], tests: Sequence[str]) -> list[str]:
    found = [(test, *each) for test in tests for each in _by_resource(_touches(records, test))]
    return [
        f"{test!r} {_deeds(touches)} {resource!r}"
        for test, resource, touches in found
        if any(touch.access in _ACTIVE for touch in touches)
    ]


def _by_resource(touches: Iterable[Touch]) -> list[tuple[str, list[Touch]]]:
    found: dict[str, list[Touch]] = {}
    for touch in touches:
        found.setdefault(touch.resource, []).append(touch)
    return sorted(found.items())


def _deeds(touches: Iterable[Touch]) -> str:
    """Return what is done, in the order in which it mostly is."""
    accesses = {touch.access for touch in touches}
    return " and ".join(verb for access, verb in _DEEDS.items() if access in accesses)


def _matter(touch: Touch, other: Touch) -> bool:
    return _meet(touch, other) and bool(_ACTIVE & {touch.access, other.access})


def _touches(records: Iterable[Record], test: str) -> Iterator[Touch]:
    for record in records:
        if _of(record, test):
            yield from (touch for touch in record.touched if touch.access in _DEEDS)


def _meet(touch: Touch, other: Touch) -> bool:
    a, b = one_name(touch.resource), one_name(other.resource)
    if a == b:
        return True
    return (touch.access is Access.TREE and b.startswith(f"{a}/")) or (
        other.access is Access.TREE and a.startswith(f"{b}/")
    )

"""Who did what to what, over all runs that were watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record, one_name
from ci_tools.model.nodeid import file_of


@dataclass(frozen=True, slots=True, order=True)
class Actor:
    """A test, a fixture of wider scope, the collection or the end of a worker. `id` is "" of the latter two."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One actor's access to one resource, in `runs`, by number; `phase` is the first one of a test that it was seen in.

    `root` is the directory that was deleted with all below it, "" for any other access.
    """

    actor: Actor
    access: Access
    runs: frozenset[int]
    phase: str = ""
    root: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that was seen in so many runs.

    `deeds` are by resource, and by actor and access within. `tests` are those during which an actor did something: a
    test itself, those that a fixture was set up or torn down for; `files` are theirs. `left` are the changes that an
    actor left, with the runs in which it did. `omitted` accesses and `damaged` lines are missing.
    """

    n_runs: int
    deeds: Mapping[str, tuple[Deed, ...]]
    tests: Mapping[Actor, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[Actor, frozenset[str]] = field(default_factory=dict)
    left: Mapping[tuple[Actor, Change], frozenset[int]] = field(default_factory=dict)
    omitted: int = 0
    damaged: int = 0


def seen_in(runs: Sequence[Sequence[Evidence]]) -> Seen:
    """Return what the processes of several runs saw, put together."""
    found: dict[str, dict[tuple[Actor, Access], Deed]] = {}
    tests: dict[Actor, dict[str, None]] = {}
    left: dict[tuple[Actor, Change], frozenset[int]] = {}
    for number, record in _records(runs):
        actor = Actor(record.kind, record.id)
        during = record.id if record.kind is Kind.TEST else record.under
        if during:
            tests.setdefault(actor, {})[during] = None
        for touch in record.touched:
            deeds = found.setdefault(one_name(touch.resource), {})
            before = deeds.get((actor, touch.access))
            deeds[actor, touch.access] = Deed(
                actor=actor,
                access=touch.access,
                runs=(before.runs if before else frozenset()) | {number},
                phase=min(before.phase, touch.phase, key=_place) if before else touch.phase,
            )
        for change in record.changed:
            left[actor, change] = left.get((actor, change), frozenset()) | {number}
    processes = list(chain.from_iterable(runs))
    return Seen(
        n_runs=len(runs),
        deeds={resource: tuple(deeds.values()) for resource, deeds in sorted(found.items())},
        tests={actor: tuple(names) for actor, names in tests.items()},
        files={actor: frozenset(map(file_of, names)) for actor, names in tests.items()},
        left=left,
        omitted=sum(record.omitted for process in processes for record in process.records),
        damaged=sum(process.damaged for process in processes),
    )


def _records(runs: Sequence[Sequence[Evidence]]) -> Iterator[tuple[int, Record]]:
    for number, processes in enumerate(runs):
        for process in processes:
            for record in process.records:
                yield number, record


def _place(phase: str) -> int:
    return ("setup", "call", "teardown", "").index(phase)

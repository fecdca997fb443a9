"""Who did what to what, over all runs that were watched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import accumulate, chain

from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record, one_name
from ci_tools.model.nodeid import file_of

Process = tuple[int, str]  # a run, by number, and one of its workers
_WORKER = re.compile(r"gw\d+")


@dataclass(frozen=True, slots=True, order=True)
class Actor:
    """A test, a fixture of wider scope, the collection or the end of a worker. `id` is "" of the latter two."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One actor's access to one resource, in processes; `phase` is the first one of a test that it was seen in.

    `root` is what it was to where that isn't the resource itself: a directory above it that was deleted with all below,
    an entry of it that was changed where somebody lists it; "" otherwise.
    """

    actor: Actor
    access: Access
    at: frozenset[Process]
    phase: str = ""
    root: str = ""

    @property
    def runs(self) -> frozenset[int]:
        """The runs that it was seen in, by number."""
        return frozenset(number for number, _ in self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that was seen in so many runs.

    `deeds` are by resource, and by actor and access within. `own` resources have another name in each process. `tests`
    are those that an actor did something for: a test itself, those that a fixture was set up for; `files` are theirs.
    `left` are the changes that an actor left, with the process of each time that it did. `omitted` accesses and
    `damaged` lines are missing.
    """

    n_runs: int
    deeds: Mapping[str, tuple[Deed, ...]]
    own: frozenset[str] = frozenset()
    tests: Mapping[Actor, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[Actor, frozenset[str]] = field(default_factory=dict)
    left: Mapping[tuple[Actor, Change], tuple[Process, ...]] = field(default_factory=dict)
    omitted: int = 0
    damaged: int = 0


def seen_in(runs: Sequence[Sequence[Evidence]]) -> Seen:
    """Return what the processes of several runs saw, put together."""
    found: dict[str, dict[tuple[Actor, Access], Deed]] = {}
    left: dict[tuple[Actor, Change], tuple[Process, ...]] = {}
    for number, record in _records(runs):
        actor, process = Actor(record.kind, record.id), (number, record.worker)
        for touch in record.touched:
            deeds = found.setdefault(one_name(touch.resource), {})
            before = deeds.get((actor, touch.access))
            deeds[actor, touch.access] = Deed(
                actor=actor,
                access=touch.access,
                at=(before.at if before else frozenset()) | {process},
                phase=min(before.phase, touch.phase, key=_place) if before else touch.phase,
            )
        for change in record.changed:
            left[actor, change] = (*left.get((actor, change), ()), process)
    processes = list(chain.from_iterable(runs))
    by_resource = {resource: tuple(deeds.values()) for resource, deeds in sorted(found.items())}
    tests = _tests(runs)
    return Seen(
        n_runs=len(runs),
        deeds=by_resource,
        own=_own(by_resource, len(runs)),
        tests=tests,
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


def _tests(runs: Sequence[Sequence[Evidence]]) -> dict[Actor, tuple[str, ...]]:
    """Return who did something for which tests.

    A fixture is torn down during the last test of its scope, which needn't have asked for it: that counts only where
    nothing else is known of it.
    """
    found: dict[Actor, dict[str, None]] = {}
    torn_down: dict[Actor, dict[str, None]] = {}
    for _, record in _records(runs):
        is_fixture = record.kind is Kind.FIXTURE
        is_end = is_fixture and all(touch.phase == "teardown" for touch in record.touched)
        test = record.under if is_fixture else record.id
        if test:
            (torn_down if is_end else found).setdefault(Actor(record.kind, record.id), {})[test] = None
    return {actor: tuple(names) for actor, names in {**torn_down, **found}.items()}


def _own(deeds: Mapping[str, Sequence[Deed]], n_runs: int) -> frozenset[str]:
    """Return the resources that have another name in each process, as far as nobody finds them by listing.

    It holds the name of the worker, the only one to use it, or was chosen at run time: by a single process of several
    runs, while what tests share they come back to.
    """
    used = {name: {at for d in found if d.access is not Access.LIST for at in d.at} for name, found in deeds.items()}
    for resource, processes in list(used.items()):
        for above in accumulate(resource.split("/")[:-1], "{}/{}".format):
            if above in used:
                used[above] |= processes
    own = {resource for resource, processes in used.items() if _is_of_one(resource, processes, n_runs)}
    own |= _numbered(deeds)
    listed = {name for name, found in deeds.items() if any(map(_is_looked_into, found))} - own
    return frozenset(resource for resource in own if parent_of(resource) not in listed)


def _is_looked_into(deed: Deed) -> bool:
    """Return whether somebody lists a directory; pytest lists all that it collects from."""
    return deed.access is Access.LIST and deed.actor.kind is not Kind.COLLECTION


def _is_of_one(resource: str, processes: Set[Process], n_runs: int) -> bool:
    workers = {worker for _, worker in processes}
    return (n_runs > 1 and len(processes) == 1) or (len(workers) == 1 and workers <= {*_WORKER.findall(resource)})


def _numbered(deeds: Mapping[str, Sequence[Deed]]) -> set[str]:
    """Return the ports that are counted by worker: who binds one in a single worker binds others in other workers."""
    bound = {name: [deed for deed in found if deed.access is Access.BIND] for name, found in deeds.items()}
    workers: dict[Actor, set[str]] = {}
    for deed in chain.from_iterable(bound.values()):
        workers.setdefault(deed.actor, set()).update(worker for _, worker in deed.at)
    return {
        port
        for port, found in bound.items()
        if len({worker for deed in found for _, worker in deed.at}) == 1
        and any(len(workers[deed.actor]) > 1 for deed in found)
    }


def parent_of(resource: str) -> str:
    """Return the name of the directory that a path lies in."""
    return resource.rpartition("/")[0] or "."


def _place(phase: str) -> int:
    return ("setup", "call", "teardown", "").index(phase)

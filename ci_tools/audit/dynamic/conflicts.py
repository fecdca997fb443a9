"""Which actors meet in a resource, so that one of them may find there what it didn't put there.

Two meet when pytest-xdist may run them at the same time: tests of different files under `--dist loadfile`, any two
under `--dist load`. A fixture of wider scope is set up in every worker that needs it, so it meets itself too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from ci_tools.audit.dynamic.deeds import Actor, Deed, Seen, parent_of
from ci_tools.audit.finding import Severity
from ci_tools.model.evidence import Access, Kind
from ci_tools.model.nodeid import function_of

_RANK = {severity: place for place, severity in enumerate(Severity)}  # worst first

# How bad it is that two meet, by what they do; what isn't here is harmless.
_DELETES, _CHANGES = (Access.DELETE, Access.TREE), (Access.DATABASE, Access.CHANGE)
_TABLE: dict[frozenset[Access], Severity] = {
    **{frozenset((d, a)): Severity.HIGH for d in _DELETES for a in (Access.READ, Access.WRITE, Access.APPEND)},
    **{frozenset((d, a)): Severity.HIGH for d in _DELETES for a in (*_CHANGES, Access.BIND)},
    **{frozenset((d, a)): Severity.MEDIUM for d in _DELETES for a in (*_DELETES, Access.MAKE)},
    **{frozenset((d, Access.LIST)): Severity.LOW for d in _DELETES},
    **{frozenset((a, b)): Severity.HIGH for a in _CHANGES for b in _CHANGES},
    **{frozenset((Access.WRITE, a)): Severity.HIGH for a in _CHANGES},
    **{frozenset((a, Access.READ)): Severity.MEDIUM for a in _CHANGES},
    frozenset((Access.WRITE,)): Severity.HIGH,
    frozenset((Access.WRITE, Access.READ)): Severity.MEDIUM,
    frozenset((Access.WRITE, Access.APPEND)): Severity.MEDIUM,
    frozenset((Access.APPEND, Access.READ)): Severity.LOW,
    frozenset((Access.APPEND,)): Severity.NOTE,
    frozenset((Access.BIND,)): Severity.HIGH,
    frozenset((Access.BIND, Access.CONNECT)): Severity.MEDIUM,
}
# Who is told first of a pair: he who does the most harm.
_HARM = (Access.TREE, Access.DELETE, Access.CHANGE, Access.WRITE, Access.BIND, Access.DATABASE, Access.APPEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two actors that meet in a resource, one of them to change it.

    `first` is who does more harm. `resources` are all in which the same two meet, be it with other parameters, sorted.
    `deeds` are those of everybody to the first one that was found. `within_file`: they meet only where tests of one
    file are spread over workers, `--dist load` and `worksteal`.
    """

    severity: Severity
    resources: tuple[str, ...]
    first: Deed
    second: Deed
    deeds: tuple[Deed, ...]
    within_file: bool = False

    @property
    def actors(self) -> tuple[Actor, ...]:
        """All who have to do with it."""
        return tuple(sorted({deed.actor for deed in self.deeds}))


def conflicts_in(seen: Seen) -> tuple[Conflict, ...]:
    """Return the conflicts, worst first, those across files before the others."""
    grouped: dict[object, Conflict] = {}
    told: dict[object, set[str]] = {}
    found = (*_of_resources(seen), *_of_directories(seen))
    for conflict in sorted(found, key=_order):  # the worst thing is said of two who meet in a resource
        key, names = _key(conflict), told.setdefault(_pair(conflict), set())
        if key in grouped:
            resources = {*grouped[key].resources, *conflict.resources}
            grouped[key] = replace(grouped[key], resources=tuple(sorted(resources)))
        elif not names.issuperset(conflict.resources):
            grouped[key] = conflict
        names.update(conflict.resources)
    return tuple(sorted(grouped.values(), key=_order))


def _order(conflict: Conflict) -> tuple[object, ...]:
    return conflict.within_file, _RANK[conflict.severity], conflict.resources, conflict.first.actor


def _key(conflict: Conflict) -> object:
    """Return what conflicts share that are told as one."""
    return conflict.severity, conflict.within_file, _pair(conflict)


def _pair(conflict: Conflict) -> object:
    """Return the two functions, whatever their parameters."""
    return frozenset((deed.actor.kind, function_of(deed.actor.id)) for deed in (conflict.first, conflict.second))


def _of_resources(seen: Seen) -> Iterator[Conflict]:
    trees = _trees(seen)
    for resource, found in _with_trees(seen, trees):
        if resource in seen.own and all(deed.root in seen.own for deed in found if deed.root):
            continue
        deeds = _told_apart(found, resource, seen)
        pair = _worst(deeds, seen, within_file=False) or _worst(deeds, seen, within_file=True)
        if pair:
            severity, first, second = pair
            yield Conflict(
                severity=severity,
                resources=(first.root or second.root or resource,),
                first=first,
                second=second,
                deeds=deeds,
                within_file=not _meet(first.actor, second.actor, seen),
            )


# -- what was deleted with all below it -----------------------------------------------------------


def _trees(seen: Seen) -> dict[str, tuple[Deed, ...]]:
    found = {root: tuple(d for d in deeds if d.access is Access.TREE) for root, deeds in seen.deeds.items()}
    return {root: tuple(replace(deed, root=root) for deed in deeds) for root, deeds in found.items() if deeds}


def _with_trees(seen: Seen, trees: Mapping[str, Sequence[Deed]]) -> Iterator[tuple[str, tuple[Deed, ...]]]:
    """Yield each resource with the deeds to it, those to a directory above it among them."""
    names = sorted(seen.deeds)
    below: dict[str, tuple[Deed, ...]] = {}
    for root, deeds in trees.items():
        start = bisect_left(names, f"{root}/")
        for name in takewhile(lambda name, root=root: name.startswith(f"{root}/"), names[start:]):  # type: ignore[misc]
            below[name] = (*below.get(name, ()), *deeds)
    for name in names:
        own = tuple(replace(deed, root=name) if deed.access is Access.TREE else deed for deed in seen.deeds[name])
        yield name, (*own, *below.get(name, ()))


# -- who meets whom -------------------------------------------------------------------------------


def _meet(one: Actor, other: Actor, seen: Seen, *, within_file: bool = False) -> bool:
    """Return whether two actors, or one with itself in another worker, may be at it at the same time."""
    kinds = {one.kind, other.kind}
    if Kind.COLLECTION in kinds:  # no worker runs a test before all have collected
        return kinds == {Kind.COLLECTION}
    if Kind.END in kinds:
        return True
    if within_file:
        return one != other or one.kind is Kind.FIXTURE
    return len(seen.files.get(one, frozenset()) | seen.files.get(other, frozenset())) > 1


def _told_apart(deeds: Sequence[Deed], resource: str, seen: Seen) -> tuple[Deed, ...]:
    """Leave out what only looks like a conflict.

    A database that nobody was seen to change is read. Whoever runs while it changes needn't be who did it: another
    worker may have, so only those count who open it. A port that nobody bound in two runs was chosen at run time.
    """
    opened = {deed.actor for deed in deeds if deed.access is Access.DATABASE}
    if opened and not any(deed.access is Access.CHANGE for deed in deeds):
        return tuple(d if d.access is not Access.DATABASE else replace(d, access=Access.READ) for d in deeds)
    if opened:
        return tuple(deed for deed in deeds if deed.access is not Access.CHANGE or deed.actor in opened)
    if resource.startswith(("tcp:", "udp:")) and seen.n_runs > 1:
        bound = [deed for deed in deeds if deed.access is Access.BIND]
        return tuple(deeds) if any(len(deed.runs) > 1 for deed in bound) else ()
    return tuple(deeds)


def _worst(deeds: Sequence[Deed], seen: Seen, *, within_file: bool) -> tuple[Severity, Deed, Deed] | None:
    """Return the worst pair that may meet; of equals the one with the smallest names."""
    if not any(deed.access in _HARM for deed in deeds):
        return None
    some = _representatives(deeds, seen, within_file=within_file)
    worst: tuple[tuple[object, ...], Severity, Deed, Deed] | None = None
    for index, one in enumerate(some):
        for other in some[index:]:
            severity = _TABLE.get(frozenset((one.access, other.access)))
            if severity is None or not _meet(one.actor, other.actor, seen, within_file=within_file):
                continue
            first, second = sorted((one, other), key=_harm)
            rank = _RANK[severity], one.actor == other.actor, _harm(first), _harm(second)
            if worst is None or rank < worst[0]:
                worst = rank, severity, first, second
    return worst[1:] if worst else None


def _representatives(deeds: Iterable[Deed], seen: Seen, *, within_file: bool) -> list[Deed]:
    """Return deeds among which are the worst that may meet, of each kind as few as do: thousands may read one file.

    Of tests across files those of two files are enough, whatever file the other one is of; within files two of each.
    """
    found: dict[tuple[Access, Kind], dict[object, list[Deed]]] = {}
    for deed in sorted(deeds, key=lambda deed: (deed.actor, deed.access.value)):
        is_test = deed.actor.kind is Kind.TEST
        places = found.setdefault((deed.access, deed.actor.kind), {})
        place = seen.files.get(deed.actor) if is_test else deed.actor
        if place in places or within_file or not is_test or len(places) < 2:
            places.setdefault(place, []).append(deed)
    return [deed for places in found.values() for same in places.values() for deed in same[: 2 if within_file else 1]]


def _harm(deed: Deed) -> tuple[int, Actor]:
    return _HARM.index(deed.access) if deed.access in _HARM else len(_HARM), deed.actor


# -- directories that are listed ------------------------------------------------------------------


def _of_directories(seen: Seen) -> Iterator[Conflict]:
    """Yield directories that one actor lists, while another puts something in or takes it out: that may not matter."""
    changing = (Access.WRITE, Access.DELETE, Access.TREE, Access.MAKE)
    entries: dict[str, list[Deed]] = {}
    for resource, deeds in seen.deeds.items():
        directory = parent_of(resource)
        if ":" not in resource.partition("/")[0]:
            found = (replace(deed, root=resource) for deed in deeds if deed.access in changing)
            entries.setdefault(directory, []).extend(found)
    for directory, changed in sorted(entries.items()):
        if directory in seen.own:
            continue
        listed = [deed for deed in seen.deeds.get(directory, ()) if deed.access is Access.LIST]
        some = _representatives(changed, seen, within_file=False) if listed else []
        for reader in _representatives(listed, seen, within_file=False):
            met = (deed for deed in some if deed.actor != reader.actor and _meet(deed.actor, reader.actor, seen))
            writer = min(met, key=_harm, default=None)
            if writer:
                yield Conflict(
                    severity=Severity.LOW,
                    resources=(directory,),
                    first=writer,
                    second=reader,
                    deeds=(*changed, *listed),
                )
                break

"""The marks of tests that must not run beside others: what they mean, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

import pytest

from ci_tools.model.errors import CiToolsError

SERIAL = {
    "serial(*, reason=''): no other test of this pytest run runs at the same time",
    "no_parallel(*, reason=''): the same as serial",
}
SHARED = (
    "shared_resource(*names, mode='write', limit=None, scope='run'): runs beside no other test that uses one "
    "of these resources; beside those that also say mode='read'; beside limit - 1 others; scope: 'run', "
    "'host' (all runs on this machine), 'global' (all shards)"
)
_SERIAL_NAMES = ("serial", "no_parallel")
_NAMES = frozenset({*_SERIAL_NAMES, "shared_resource"})
_OPTIONS = ("mode", "limit", "scope")
MAX_LIMIT = 1_000_000


class Scope(str, Enum):
    """Whom a test shares a resource with."""

    RUN = "run"
    HOST = "host"
    GLOBAL = "global"  # the plan has all its tests in one shard; there it is as HOST


@dataclass(frozen=True, slots=True)
class Use:
    """What one test does with one resource: it is `alone` there, or one of `limit`, or (0) of any number."""

    resource: str
    alone: bool = True
    limit: int = 0
    scope: Scope = Scope.RUN


@dataclass(frozen=True, slots=True)
class Marked:
    """The tests of a collection that have marks; those with `errors` are in nothing else but `serial`."""

    serial: frozenset[pytest.Item]
    uses: dict[pytest.Item, tuple[Use, ...]] = field(default_factory=dict)
    errors: dict[pytest.Item, CiToolsError] = field(default_factory=dict)


def register(config: pytest.Config) -> None:
    """Make the marks known, for --strict-markers."""
    for line in (*sorted(SERIAL, reverse=True), SHARED):
        config.addinivalue_line("markers", line)


def is_serial(item: pytest.Item) -> bool:
    """Return whether the test, its class or its module is marked serial; a project may have its own arguments."""
    return any(item.get_closest_marker(name) is not None for name in _SERIAL_NAMES)


def marked(items: Iterable[pytest.Item]) -> Marked:
    """Return which tests are marked how; uses are sorted by resource, the order in which all tests take them.

    A resource has one scope and one limit: of tests that disagree, the first one collected is right.
    """
    serial: set[pytest.Item] = set()
    result = Marked(serial=frozenset())
    known: dict[str, Use] = {}
    for item in with_marks(items):
        if is_serial(item):
            serial.add(item)
        try:
            uses = uses_of(item)
            for use in uses:
                _check_agreement(use, known.setdefault(use.resource, use))
                if use.limit and not known[use.resource].limit:
                    known[use.resource] = use
        except CiToolsError as error:
            result.errors[item] = error
        else:
            if uses:
                result.uses[item] = uses
    return Marked(frozenset(serial), result.uses, result.errors)


def with_marks(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the tests that have one of the marks; a class or a module is looked at once, not per test."""
    seen: dict[pytest.Collector, bool] = {}

    def has(node: pytest.Collector | None) -> bool:
        if node is None:
            return False
        if node not in seen:
            seen[node] = _is_marked(node) or has(node.parent)
        return seen[node]

    return (item for item in items if _is_marked(item) or has(item.parent))


def _is_marked(node: pytest.Item | pytest.Collector) -> bool:
    return any(mark.name in _NAMES for mark in node.own_markers)


def uses_of(item: pytest.Item) -> tuple[Use, ...]:
    """Return what the marks of a test, its class and its module ask for together, sorted by resource.

    Of two modes for one resource the stricter holds. CiToolsError says which argument is wrong.
    """
    uses: dict[str, Use] = {}
    for mark in item.iter_markers("shared_resource"):
        for use in _uses(mark):
            before = uses.setdefault(use.resource, use)
            _check_agreement(use, before)
            alone = use.alone or before.alone
            uses[use.resource] = Use(use.resource, alone, 0 if alone else use.limit or before.limit, use.scope)
    return tuple(uses[name] for name in sorted(uses))


def _uses(mark: pytest.Mark) -> Iterator[Use]:
    if not mark.args or not all(isinstance(name, str) and name for name in mark.args):
        raise _wrong(f"its names are {mark.args!r}", "name at least one resource, as text")
    unknown = sorted(mark.kwargs.keys() - set(_OPTIONS))
    if unknown:
        raise _wrong(f"there is no {unknown[0]!r}", f"it takes names, {', '.join(_OPTIONS)}")
    mode, limit = mark.kwargs.get("mode"), mark.kwargs.get("limit")
    if mode not in (None, "read", "write"):
        raise _wrong(f"mode is {mode!r}", "'write' is alone, 'read' is beside other readers")
    if limit is not None and not (type(limit) is int and 1 <= limit <= MAX_LIMIT):
        raise _wrong(f"limit is {limit!r}", f"a whole number of tests, from 1 to {MAX_LIMIT:,}")
    if mode is not None and limit is not None:
        raise _wrong(f"mode is {mode!r} and limit is {limit}", "say one of them")
    scope = _scope(mark.kwargs.get("scope", "run"))
    for name in mark.args:
        yield Use(name, alone=limit is None and mode != "read", limit=limit or 0, scope=scope)


def _scope(value: object) -> Scope:
    try:
        return Scope(value)
    except ValueError:
        raise _wrong(f"scope is {value!r}", "'run', 'host' or 'global'") from None


def _check_agreement(use: Use, before: Use) -> None:
    if use.scope is not before.scope:
        what = f"scope {use.scope.value!r} for {use.resource!r}"
        raise _wrong(f"{what}, which another mark uses with {before.scope.value!r}", "a resource has one scope")
    if use.limit and before.limit and use.limit != before.limit:
        what = f"limit {use.limit} for {use.resource!r}"
        raise _wrong(f"{what}, which another mark uses with {before.limit}", "a resource has one limit")


def _wrong(fact: str, hint: str) -> CiToolsError:
    return CiToolsError(f"@pytest.mark.shared_resource: {fact}", hint=hint)

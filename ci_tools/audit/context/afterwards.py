"""What becomes of a state that a step changes: who puts it back, and whether for sure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import Enum

from ci_tools.audit.context.around import calls_with_fixtures, is_elsewhere, is_same_for_all
from ci_tools.audit.context.changed import is_first_value
from ci_tools.audit.flow.restored import name_of, touched
from ci_tools.audit.steps import Call, Kind, Step, Store, Unit, UnitKind, Value
from ci_tools.audit.suite import Suite

Kept = Mapping[str, tuple[str, ...]]  # state → what the paths of the files begin with, in which a fixture puts it back

_TAKES_AWAY = ("clear", "discard", "pop", "popitem", "popleft", "remove")


class End(Enum):
    """How a step's change ends."""

    STAYS = "stays"
    PUT_BACK_IF_PASSED = "put back by a later statement, which a failure skips"
    PUT_BACK = "put back whatever happens"
    SAID = "the same state was changed before, in the same unit"


def kept_by_fixtures(suite: Suite) -> Kept:
    """Return the state that autouse fixtures put back after each test."""
    found: dict[str, tuple[str, ...]] = {}
    for unit in suite.units:
        is_for_all = unit.is_autouse and unit.scope == "function" and "." not in unit.name  # a class's serves its own
        if unit.kind is UnitKind.FIXTURE and is_for_all:
            for key in _put_back(suite, unit):
                found[key] = (*found.get(key, ()), _served(unit))
    return found


def is_kept(step: Step, state: str, kept: Kept) -> bool:
    """Return whether an autouse fixture puts a state back after the step's test."""
    return any(step.unit.module.path.startswith(place) for place in kept.get(state, ()))


def _served(fixture: Unit) -> str:
    """Return what the paths of the files begin with that a fixture serves."""
    path = fixture.module.path
    return path[: -len("conftest.py")] if fixture.module.is_conftest else path


def _put_back(suite: Suite, unit: Unit) -> Iterator[str]:
    for step in suite.steps[unit]:
        if isinstance(step, Call) and step.name == "contextlib.chdir":
            yield "os.chdir"
        elif step.is_teardown or step.is_restored:
            yield touched(step)


def end_of(suite: Suite, step: Step, kept: Kept) -> End:
    """Return how the change of a step ends, as far as the source tells."""
    if (
        step.is_restored
        or step.is_teardown
        or is_same_for_all(step.unit)
        or _is_before_each(step)
        or is_elsewhere(step)
    ):
        return End.PUT_BACK
    key = touched(step)
    if is_kept(step, key, kept) or is_kept(step, key.partition("[")[0], kept) or _is_set_back(suite, step, key):
        return End.PUT_BACK
    same = [other for other in suite.steps[step.unit] if key and touched(other) == key]
    if len({id(other.node) for other in same}) < 2:
        return End.PUT_BACK if _is_itself(step, key) else End.STAYS
    if step is not same[0]:
        return End.SAID
    is_as_before = _ends_as_before(same[0], same[-1]) or is_first_value(same[-1])
    return End.PUT_BACK_IF_PASSED if is_as_before else End.STAYS


def _is_before_each(step: Step) -> bool:
    """Return whether a conftest's autouse fixture sets something, which all of its tests find the same, then."""
    if step.unit.kind is not UnitKind.FIXTURE or not step.unit.is_autouse or not step.unit.module.is_conftest:
        return False
    if isinstance(step, Call):
        return step.name.rpartition(".")[2].startswith("set")
    return not isinstance(step.node, ast.AugAssign)


def _is_set_back(suite: Suite, step: Step, key: str) -> bool:
    """Return whether another call does: `self.addCleanup(setattr, module, "name", before)`, `reload(module)`."""
    for call in calls_with_fixtures(suite, step.unit):
        if call.name == "setattr" and len(call.args) > 1 and f"{name_of(call.args[0])}.{call.args[1].data}" == key:
            return True
        if call.name == "importlib.reload" and key.startswith(f"{name_of(call.argument(0))}."):
            return True
    return _is_said_again(suite, step)


def _is_said_again(suite: Suite, step: Step) -> bool:
    """Return whether a `tearDown` sets what is written the same: `self.cls.config`, whichever class that is."""
    said = _own_target(step)
    undoing = (s for fixture in step.unit.fixtures for s in suite.steps.get(fixture, ()) if s.is_teardown)
    return said != "" and any(_own_target(other) == said for other in undoing)


def _own_target(step: Step) -> str:
    """Return what a step stores into as it is written, if that begins at the test's own object; "" for others."""
    node = step.node.targets[0] if isinstance(step.node, ast.Assign) else step.node
    text = ast.unparse(node) if isinstance(step, Store) and isinstance(node, ast.Attribute) else ""
    return text if text.startswith(("self.", "cls.")) else ""


def _is_itself(step: Step, key: str) -> bool:
    """Return whether it is `os.environ = before`, where `before = os.environ`."""
    return isinstance(step, Store) and step.value.kind is Kind.OUTSIDE and step.value.data == key


def _ends_as_before(first: Step, last: Step) -> bool:
    """Return whether the last change takes something away, or sets what isn't written out: the value from before."""
    if isinstance(last, Store):
        is_switched = isinstance(first, Store) and isinstance(last.value.data, bool) and last.value != first.value
        return last.is_delete or is_switched or _is_from_before(last.value)
    if isinstance(last, Call):
        return last.name.rpartition(".")[2] in _TAKES_AWAY or any(map(_is_from_before, last.args[-1:]))
    return False


def _is_from_before(value: Value) -> bool:
    if value.kind is Kind.MADE:
        return value.data in ("os.getcwd", "pathlib.Path.cwd")
    is_cwd = value.kind is Kind.PATH and value.data == "."
    return is_cwd or value.kind in (Kind.UNKNOWN, Kind.OUTSIDE)

"""What stands around a step: the statements it is in, what else its unit does."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice, takewhile

from ci_tools.audit.steps import Call, Kind, Step, Unit, UnitKind, Value
from ci_tools.audit.suite import Suite

_SETS_UP_WORKER = ("session", "package")


def ancestors(tree: ast.AST, node: ast.AST) -> tuple[ast.AST, ...]:
    """Return the nodes from `tree` down to the parent of `node`; nothing if it isn't in there."""
    if tree is node:
        return ()
    for child in _children(tree, getattr(node, "lineno", 0)):
        if child is node:
            return (tree,)
        found = ancestors(child, node)
        if found:
            return (tree, *found)
    return ()


def _children(outer: ast.AST, line: int) -> Iterator[ast.AST]:
    """Iterate over the children that may hold what stands in a line; of a body's statements no other is looked at:
    there may be thousands."""
    for _, held in ast.iter_fields(outer):
        if isinstance(held, list) and held and isinstance(held[0], ast.stmt):
            first = bisect_left(held, line, key=_last_line)
            yield from takewhile(lambda child: _first_line(child) <= line, islice(held, first, None))
        elif isinstance(held, list | ast.AST):
            children = held if isinstance(held, list) else [held]
            yield from (child for child in children if isinstance(child, ast.AST) and _may_hold(child, line))


def _may_hold(outer: ast.AST, line: int) -> bool:
    return not hasattr(outer, "lineno") or _first_line(outer) <= line <= _last_line(outer)


def _first_line(node: ast.AST) -> int:
    """Return where a node begins; the decorators of a function stand before it."""
    lines: list[int] = [n.lineno for n in (node, *getattr(node, "decorator_list", ())) if hasattr(n, "lineno")]
    return min(lines, default=0)


def _last_line(node: ast.AST) -> int:
    start: int = getattr(node, "lineno", 0)
    end: int | None = getattr(node, "end_lineno", None)
    return end or start


def steps_with_fixtures(suite: Suite, unit: Unit) -> Iterator[Step]:
    """Iterate over the steps of the fixtures that a unit requests, then over its own."""
    for fixture in unit.fixtures:
        yield from suite.steps.get(fixture, ())
    yield from suite.steps[unit]


def calls_with_fixtures(suite: Suite, unit: Unit) -> Iterator[Call]:
    """Iterate over the calls among these."""
    return (step for step in steps_with_fixtures(suite, unit) if isinstance(step, Call))


def place_in_unit(step: Step) -> ast.expr | ast.stmt:
    """Return where in its unit's own code a step happens: the call that leads to it, or itself."""
    return step.frames[0].call if step.frames else step.node


def is_elsewhere(step: Step, callers: tuple[str, ...] = ("Process",)) -> bool:
    """Return whether what does it is handed to a call that ends so, as the target of a process or by `create_task`."""
    calls = [call for frame in step.frames for call in (*ancestors(frame.module.tree, frame.call), frame.call)]
    return any(isinstance(call, ast.Call) and ast.unparse(call.func).endswith(callers) for call in calls)


def is_same_for_all(unit: Unit) -> bool:
    """Return whether each worker does this before its first test, whatever the tests' order: what a conftest says when
    it is imported, pytest's own hooks, session fixtures that nobody has to ask for."""
    if unit.kind is UnitKind.MODULE:
        return unit.module.is_conftest or not unit.module.is_test_file
    if unit.kind is UnitKind.HOOK:
        return unit.name.rpartition(".")[2].startswith("pytest_")
    return unit.kind is UnitKind.FIXTURE and unit.is_autouse and unit.scope in _SETS_UP_WORKER


def is_undoing(step: Step) -> bool:
    """Return whether a step stands in a `finally`, or runs after its test."""
    above = ancestors(step.module.tree, step.node)
    inner = (*above[1:], step.node)
    return step.is_teardown or any(isinstance(o, ast.Try) and i in o.finalbody for o, i in zip(above, inner))


def is_of_tests(step: Step) -> bool:
    """Return whether a step stands in a test file, a conftest or a helper beside them, not in the application."""
    directory = step.unit.module.path.rpartition("/")[0]
    return step.module.is_test_file or step.module.path.startswith(f"{directory}/")


def source_of(unit: Unit) -> str:
    """Return the source of a test, fixture or hook, "" of a file."""
    if isinstance(unit.node, ast.Module):
        return ""
    return "\n".join(unit.module.lines[unit.node.lineno - 1 : unit.node.end_lineno])


def is_unittest(unit: Unit) -> bool:
    """Return whether a test may be a `unittest.TestCase`'s method: its class has a base that may be one."""
    above = ancestors(unit.module.tree, unit.node)
    return any(isinstance(node, ast.ClassDef) and node.bases for node in above)


def is_environ(value: Value | None) -> bool:
    """Return whether a value is `os.environ`."""
    return value is not None and value.kind is Kind.OUTSIDE and value.data == "os.environ"


def texts_in(value: Value) -> Iterator[str]:
    """Iterate over the texts that are known of a value and of what it holds."""
    if value.kind in (Kind.CONST, Kind.PATH) and isinstance(value.data, str | int):
        yield str(value.data)
    for item in value.items:
        yield from texts_in(item)

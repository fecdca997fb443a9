"""Marks of tests: on the function, its class, and the file's `pytestmark`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from ci_tools.audit.project import dotted_name


def marks_of(node: ast.AST) -> Iterator[str]:
    """Iterate over the names of the marks that a function, class or file has."""
    for mark in _marks(node):
        name = dotted_name(mark.func if isinstance(mark, ast.Call) else mark)
        head, _, last = name.rpartition(".")
        if head == "mark" or head.endswith(".mark"):
            yield last


def fixtures_used_by(node: ast.AST) -> Iterator[str]:
    """Iterate over the fixtures that `usefixtures` of a function, class or file names."""
    for mark in _marks(node):
        if isinstance(mark, ast.Call) and dotted_name(mark.func).endswith("mark.usefixtures"):
            yield from (a.value for a in mark.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def directly_given(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the parameters that `parametrize` gives a test itself, whatever fixtures have their names."""
    found: set[str] = set()
    for mark in (mark for node in nodes for mark in _marks(node)):
        if isinstance(mark, ast.Call) and dotted_name(mark.func).endswith("mark.parametrize") and mark.args:
            is_indirect = any(keyword.arg == "indirect" for keyword in mark.keywords)
            found.update(() if is_indirect else _names_in(mark.args[0]))
    return found


def _names_in(node: ast.expr) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield from (name.strip() for name in inner.value.split(","))


def _marks(node: ast.AST) -> list[ast.expr]:
    marks = list(getattr(node, "decorator_list", []))
    for statement in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
        if isinstance(statement, ast.Assign) and any(dotted_name(t) == "pytestmark" for t in statement.targets):
            value = statement.value
            marks += value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    return marks

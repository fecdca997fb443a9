"""Marks of tests: on the function, its class, and the file's `pytestmark`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ci_tools.audit.project import dotted_name


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks by name; the fixtures that `usefixtures` asks for; the parameters that `parametrize` gives a test itself,
    whatever fixtures have their names."""

    names: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()

    def __add__(self, other: Marks) -> Marks:
        return Marks(self.names + other.names, self.used + other.used, self.given | other.given)


def marks_of(*nodes: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> Marks:
    """Return the marks of functions, classes and files."""
    marks = [(name, mark) for node in nodes for mark in _marks(node) if (name := _name_of(mark))]
    calls = [(name, mark) for name, mark in marks if isinstance(mark, ast.Call)]
    return Marks(
        names=tuple(name for name, _ in marks),
        used=tuple(text for name, call in calls if name == "usefixtures" for text in _texts(call.args)),
        given=frozenset(name for mark, call in calls if mark == "parametrize" for name in _given(call)),
    )


def _name_of(mark: ast.expr) -> str:
    head, _, last = dotted_name(mark.func if isinstance(mark, ast.Call) else mark).rpartition(".")
    return last if head == "mark" or head.endswith(".mark") else ""


def _given(call: ast.Call) -> Iterator[str]:
    if not any(keyword.arg == "indirect" for keyword in call.keywords):
        for text in _texts(call.args[:1]):
            yield from (name.strip() for name in text.split(","))


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for inner in (inner for node in nodes for inner in ast.walk(node)):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _marks(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> Iterator[ast.expr]:
    yield from getattr(node, "decorator_list", [])
    for statement in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
        if isinstance(statement, ast.Assign) and any(dotted_name(t) == "pytestmark" for t in statement.targets):
            value = statement.value
            yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]

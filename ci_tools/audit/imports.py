"""What a module's imports bind, and what it defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Import(NamedTuple):
    """`name` is bound to what `target` is, dotted; "" when everything is taken. `is_top`: at module level."""

    name: str
    target: str
    is_top: bool = True


def imports_of(tree: ast.Module, package: str) -> Sequence[Import]:
    """Return all imports of a module, those within functions too; `package` is what relative ones begin at."""
    top = [i for node in top_level(tree.body) for i in bound_by(node, package)]
    inner = [i._replace(is_top=False) for node in _within_functions(tree) for i in bound_by(node, package)]
    return [*top, *(i for i in inner if i.name)]


def bound_by(node: ast.stmt, package: str) -> Iterator[Import]:
    """Iterate over what one statement binds; nothing if it is no import."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield Import(alias.asname, alias.name) if alias.asname else Import(top, top)
            if not alias.asname and "." in alias.name:
                yield Import(f".{alias.name}", alias.name)  # binds no name of its own, yet the file is imported
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(node.module or "", node.level, package)
        for alias in node.names:
            if alias.name == "*":
                yield Import("", base)
            else:
                yield Import(alias.asname or alias.name, f"{base}.{alias.name}" if base else alias.name)


def _absolute(name: str, level: int, package: str) -> str:
    if not level:
        return name
    parts = package.split(".") if package else []
    return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])


def top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Iterate over the statements that run on import, into `if`, `try`, `with` and loops."""
    todo = list(reversed(body))  # no recursion: each `elif` is one level deeper
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            after = [*getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            handled = [statement for handler in getattr(node, "handlers", []) for statement in handler.body]
            todo += reversed([*node.body, *after, *handled])


def definitions_of(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Return a module's functions and classes; of several with one name the last."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name: node for node in top_level(tree.body) if isinstance(node, kinds)}


def _within_functions(tree: ast.Module) -> Iterator[ast.stmt]:
    todo: list[ast.stmt] = [node for node in top_level(tree.body) if hasattr(node, "body")]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = list(top_level(node.body))
            todo += inner
            yield from inner

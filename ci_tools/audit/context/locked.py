"""Blocks of code that run under a lock which other processes respect."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ci_tools.audit.source import Module

_LOCK = re.compile(r"(?<![bc])(?<!un)lock|mutex|semaphore", re.IGNORECASE)  # no block, no clock
_OF_THREADS = re.compile(r"(?:threading|asyncio|trio|anyio)\.(?:R?Lock|Condition|Semaphore|BoundedSemaphore)")


class Locked(NamedTuple):
    """The statements under a lock; `line` is where it is taken."""

    line: int
    body: Sequence[ast.stmt]


def locked_blocks(
    module: Module, owner: ast.ClassDef | None, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[Locked]:
    """Iterate over a function's blocks below `with lock:`, and those between `lock.acquire()` and the `finally` that
    releases it. Locks that are seen to be of threads or tasks are left out."""
    for node in ast.walk(function):
        items = node.items if isinstance(node, ast.With | ast.AsyncWith) else []
        if isinstance(node, ast.With | ast.AsyncWith) and any(_is_lock(module, owner, i.context_expr) for i in items):
            yield Locked(node.lineno, node.body)
        for body in _bodies(node):
            yield from _acquired(module, owner, body)


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list) and body:
            yield body


def _acquired(module: Module, owner: ast.ClassDef | None, body: list[ast.stmt]) -> Iterator[Locked]:
    for statement, after in pairwise(body):
        match statement, after:
            case (
                ast.Expr(value=ast.Call(func=ast.Attribute(value=lock, attr="acquire"))),
                ast.Try(body=held),
            ) if _is_lock(module, owner, lock):
                yield Locked(statement.lineno, held)


def _is_lock(module: Module, owner: ast.ClassDef | None, expression: ast.expr) -> bool:
    """Return whether it is called a lock, and nothing says that it is one of threads."""
    function = expression.func if isinstance(expression, ast.Call) else expression
    text = ast.unparse(function)
    return _LOCK.search(text) is not None and not any(map(_OF_THREADS.search, [text, *_made_by(module, owner, text)]))


def _made_by(module: Module, owner: ast.ClassDef | None, name: str) -> Iterator[str]:
    """Iterate over what is assigned to a name in the class, or at module level, imports spelt out."""
    scope: ast.AST = owner if owner is not None and name.startswith(("self.", "cls.")) else module.tree
    short = name.removeprefix("self.").removeprefix("cls.")
    for node in ast.walk(scope):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(ast.unparse(target) in (name, short) for target in targets):
            yield _spelt_out(module, ast.unparse(node.value))


def _spelt_out(module: Module, text: str) -> str:
    head, dot, rest = re.match(r"(\w*)(\W?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr] # matches anything
    return f"{module.names.get(head, head)}{dot}{rest}"

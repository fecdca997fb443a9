"""Who has undone the isolation: the line that sets a variable or an attribute, looked for when it is needed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SETTERS = frozenset(("__setitem__", "delattr", "delenv", "pop", "putenv", "setattr", "setdefault", "setenv", "update"))


def told(entry: str, name: str, rootdir: Path) -> str:
    """Return what is to be said of a variable or an attribute that isn't ours any more."""
    line = line_that_sets(name, rootdir)
    return f"isolation of {entry} is lost: {f'{line} sets it' if line else 'it was set again'}"


def line_that_sets(name: str, rootdir: Path) -> str:
    """Return `conftest.py:12`, of the conftests and then the other modules below `rootdir`; "" when none is seen."""
    for path in _imported_files(rootdir):
        try:
            text = path.read_text(encoding="utf-8")
            lines = list(lines_that_set(name, text)) if name in text else []
        except (OSError, ValueError, SyntaxError):
            continue
        if lines:
            return f"{path.relative_to(rootdir).as_posix()}:{lines[0]}"
    return ""


def lines_that_set(name: str, source: str) -> Iterator[int]:
    """Yield the lines where a program sets `x["name"]` or `x.name`, or calls a setter with that name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            if isinstance(node.slice, ast.Constant) and node.slice.value == name:
                yield node.lineno
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            if node.attr == name:
                yield node.lineno
        elif isinstance(node, ast.Call) and _called(node.func) in SETTERS and _mentions(node, name):
            yield node.lineno


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _mentions(call: ast.Call, name: str) -> bool:
    constants = (n.value for argument in call.args for n in ast.walk(argument) if isinstance(n, ast.Constant))
    return name in constants or any(keyword.arg == name for keyword in call.keywords)


def _imported_files(rootdir: Path) -> list[Path]:
    paths = {Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
    ours = [path for path in paths if rootdir in path.parents and "site-packages" not in path.parts]
    return sorted(ours, key=lambda path: (path.name != "conftest.py", len(path.parts), path))

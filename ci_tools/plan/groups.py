"""Which `xdist_group`s a file's tests belong to, read from its syntax tree."""

from __future__ import annotations

import ast

DEFAULT = "default"  # pytest-xdist's name for a group without one


def xdist_groups(text: str) -> tuple[str, ...]:
    """Return the names given to `pytest.mark.xdist_group`, sorted; empty for a broken file.

    The name is the first argument or `name=`, pytest-xdist's own rule; one that isn't written
    out as text can't be known without importing, and is left out.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_mark(node.func)]
    called = {id(call.func) for call in calls}
    bare = any(_is_mark(node) and id(node) not in called for node in ast.walk(tree))
    names = {_group_name(call) for call in calls} | ({DEFAULT} if bare else set())
    return tuple(sorted(name for name in names if name is not None))


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "xdist_group"


def _group_name(call: ast.Call) -> str | None:
    arguments = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "name")]
    if not arguments:
        return DEFAULT
    first = arguments[0]
    return str(first.value) if isinstance(first, ast.Constant) else None

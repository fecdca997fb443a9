"""Which `xdist_group`s a file's tests belong to, read from its syntax tree."""

from __future__ import annotations

import ast


def xdist_groups(text: str) -> tuple[str, ...]:
    """Return the names given to `pytest.mark.xdist_group`, sorted; empty for a broken file.

    The name is the first argument or `name=`, pytest-xdist's own rule; one that isn't written
    out as text can't be known without importing, and is left out.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    names = {_group_name(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return tuple(sorted(name for name in names if name is not None))


def _group_name(call: ast.Call) -> str | None:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "xdist_group"):
        return None
    arguments = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "name")]
    if not arguments:
        return "default"
    first = arguments[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None

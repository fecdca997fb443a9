"""What ties a file's tests to those of other files, read from its syntax tree: they must share a shard."""

from __future__ import annotations

import ast
from collections.abc import Iterator

DEFAULT = "default"  # pytest-xdist's name for a group without one
WORDS = ("xdist_group", "shared_resource")  # a text with neither of them has no ties


def ties_of(text: str) -> tuple[str, ...]:
    """Return the ties of a module's tests, sorted, each once; empty for a broken file.

    `xdist_group:NAME` for each group: the name is the first argument or `name=`, pytest-xdist's own
    rule. `shared_resource:NAME` for each resource with `scope="global"`: no two shards may use it at
    a time. What isn't written out as text can't be known without importing, and is left out.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    called = {id(call.func) for call in calls}
    bare = any(_is_mark(node, "xdist_group") and id(node) not in called for node in nodes)
    groups = {name for call in calls if _is_mark(call.func, "xdist_group") for name in _group(call)}
    resources = {name for call in calls if _is_mark(call.func, "shared_resource") for name in _global_resources(call)}
    ties = [f"xdist_group:{name}" for name in (groups | {DEFAULT} if bare else groups)]
    return tuple(sorted(ties + [f"shared_resource:{name}" for name in resources]))


def _is_mark(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name


def _group(call: ast.Call) -> Iterator[str]:
    arguments = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "name")]
    if not arguments:
        yield DEFAULT
    elif isinstance(arguments[0], ast.Constant):
        yield str(arguments[0].value)


def _global_resources(call: ast.Call) -> Iterator[str]:
    scopes = [keyword.value for keyword in call.keywords if keyword.arg == "scope"]
    if any(isinstance(scope, ast.Constant) and scope.value == "global" for scope in scopes):
        yield from (str(name.value) for name in call.args if isinstance(name, ast.Constant))

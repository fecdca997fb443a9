"""Whether what a function draws at random has a part in what it asserts, by the names that it goes through."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ci_tools.audit.context.around import ancestors
from ci_tools.audit.steps import Call

Function = ast.FunctionDef | ast.AsyncFunctionDef

_IN_PLACE = ("shuffle", "seed")
_CHECKS = ("assert", "check", "expect", "verify", "fail")
_DECIDING = ast.Assert | ast.Compare | ast.Return | ast.Yield | ast.YieldFrom
_BRANCHES = ast.If | ast.While | ast.IfExp | ast.Match


def has_part(draw: Call) -> bool:
    """Return whether an assertion, a comparison, a branch or what the function gives back has a part of what is drawn.

    Followed are assignments, loops, `with`, and objects whose methods are given it: `numbers.append(drawn)`. What
    isn't drawn in a function, or is kept in an object's attribute, may end anywhere.
    """
    above = ancestors(draw.module.tree, draw.node)
    functions = [node for node in above if isinstance(node, Function)]
    if not functions:
        return True
    function = functions[-1]
    tainted = _in_place(draw.node)
    n_before = -1
    while n_before < len(tainted):
        n_before = len(tainted)
        for node in ast.walk(function):
            tainted |= _passed_on(node, draw, tainted)
    return any(_decides(node, draw, tainted) for node in ast.walk(function))


def _in_place(node: ast.AST) -> set[str]:
    """Return the names of what a draw changes itself: `random.shuffle(numbers)`."""
    is_call = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(_IN_PLACE)
    return set(_roots(node.args)) if is_call and isinstance(node, ast.Call) else set()


def _passed_on(node: ast.AST, draw: Call, tainted: set[str]) -> set[str]:
    match node:
        case ast.Assign(targets=targets, value=value):
            return _reached(targets, value, draw, tainted)
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            return _reached([target], value, draw, tainted)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            return _reached([target], value, draw, tainted)
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            return _reached([target], value, draw, tainted)
        case ast.comprehension(target=target, iter=value):
            return _reached([target], value, draw, tainted)
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            return _reached([target], value, draw, tainted)
        case ast.Call(func=ast.Attribute(value=owner)) if not _is_module(owner, draw):
            return _reached([owner], node, draw, tainted)
    return set()


def _reached(targets: list[ast.expr], value: ast.AST, draw: Call, tainted: set[str]) -> set[str]:
    return set(_roots(targets)) if _holds(value, draw, tainted) else set()


def _roots(targets: list[ast.expr]) -> Iterator[str]:
    """Iterate over the names that targets begin with: `self` of `self.numbers[0]`."""
    for target in targets:
        yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _is_module(owner: ast.expr, draw: Call) -> bool:
    first = next(_roots([owner]), "")
    return first in draw.module.names


def _holds(node: ast.AST, draw: Call, tainted: set[str]) -> bool:
    return any(n is draw.node or (isinstance(n, ast.Name) and n.id in tainted) for n in ast.walk(node))


def _decides(node: ast.AST, draw: Call, tainted: set[str]) -> bool:
    if isinstance(node, _BRANCHES):
        return _holds(node.subject if isinstance(node, ast.Match) else node.test, draw, tainted)
    is_check = isinstance(node, ast.Call) and _name_of(node.func).lstrip("_").startswith(_CHECKS)
    return (is_check or isinstance(node, _DECIDING)) and _holds(node, draw, tainted)


def _name_of(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""

"""The clean-up of a temporary directory, which pytest does from now on."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from ci_tools.audit.fixes.source import Edit, Function, Source, dotted, nodes_in


def cleanups(source: Source, function: Function, name: str) -> dict[cst.CSTNode, Edit]:
    """Return the edits that take `shutil.rmtree(name)` out, where it is the last thing that the test does or stands in
    a `finally`; elsewhere it may be what is tested, and does no harm."""
    body = function.body.body if isinstance(function.body, cst.IndentedBlock) else ()
    edits: dict[cst.CSTNode, Edit] = {}
    if len(body) > 1 and _is_cleanup(source, body[-1], name):
        edits[body[-1]] = lambda node: cst.RemoveFromParent()
    for statement in body:
        if isinstance(statement, cst.Try) and statement.finalbody is not None:
            edits |= _of_finally(source, statement, statement.finalbody, name)
    return edits


def has_comment(*nodes: cst.CSTNode) -> bool:
    """Return whether there is a comment in any of the nodes, which would go with them."""
    return any(isinstance(inner, cst.Comment) for node in nodes for inner in nodes_in(node))


def _of_finally(source: Source, block: cst.Try, final: cst.Finally, name: str) -> dict[cst.CSTNode, Edit]:
    if not isinstance(final.body, cst.IndentedBlock):
        return {}
    lines = final.body.body
    found = [line for line in lines if _is_cleanup(source, line, name)]
    if len(found) < len(lines):
        return {line: (lambda node: cst.RemoveFromParent()) for line in found}
    if block.handlers:
        return {} if has_comment(final) else {block: _without_finally}
    is_plain = isinstance(block.body, cst.IndentedBlock) and not has_comment(
        final, block.body.header, *block.body.footer
    )
    return {block: _body_alone} if is_plain else {}


def _body_alone(node: cst.CSTNode) -> cst.FlattenSentinel[cst.BaseStatement]:
    assert isinstance(node, cst.Try)
    body: Sequence[cst.BaseStatement] = [s for s in node.body.body if isinstance(s, cst.BaseStatement)]
    first = body[0].with_changes(leading_lines=(*node.leading_lines, *getattr(body[0], "leading_lines", ())))
    return cst.FlattenSentinel([first, *body[1:]])


def _without_finally(node: cst.CSTNode) -> cst.CSTNode:
    return node.with_changes(finalbody=None)


def _is_cleanup(source: Source, statement: cst.CSTNode, name: str) -> bool:
    """`shutil.rmtree(name)`, with `ignore_errors` or without; a comment beside it is kept, and the line with it."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) > 1 or has_comment(statement):
        return False
    small = statement.body[0]
    call = small.value if isinstance(small, cst.Expr) else None
    if not isinstance(call, cst.Call) or source.meaning(call.func) != "shutil.rmtree" or not call.args:
        return False
    rest = [arg.keyword.value if arg.keyword is not None else "" for arg in call.args[1:]]
    return dotted(call.args[0].value) == name and all(keyword == "ignore_errors" for keyword in rest)

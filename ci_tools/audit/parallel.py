"""Conditions that ask whether this is a worker of pytest-xdist."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_VARIABLE = "PYTEST_XDIST_WORKER"
_IDS = re.compile(r"worker_?id\b|get_xdist_worker_id")
_ASKS = re.compile(rf"{_VARIABLE}|workerinput|numprocesses|is_xdist_worker|is_parallel\(|xdist_worker")
_CONTROLLER = re.compile(r"is_xdist_(?:controller|master)")


@dataclass(frozen=True, slots=True)
class Parallel:
    """What names stand for: `flags` are true in a worker (1) or outside of one (-1), `ids` hold its id or "master"."""

    flags: Mapping[str, int] = field(default_factory=dict)
    ids: frozenset[str] = frozenset({"worker_id"})

    def sign(self, node: ast.expr) -> int:
        """Return 1 if a condition holds in a worker, -1 if outside of one, 0 if it asks something else."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return -self.sign(node.operand)
        if isinstance(node, ast.BoolOp):
            return next((sign for sign in map(self.sign, node.values) if sign), 0)
        if isinstance(node, ast.Name):
            return self.flags.get(node.id, 0)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node, node.ops[0], node.comparators[0])
        text = ast.unparse(node)
        if _CONTROLLER.search(text):
            return -1
        return 1 if _ASKS.search(text) or (self.holds_id(node) and "startswith" in text) else 0

    def _compared(self, node: ast.Compare, operator: ast.cmpop, right: ast.expr) -> int:
        is_positive = isinstance(operator, ast.NotEq | ast.IsNot | ast.In | ast.Gt | ast.GtE)
        other = right.value if isinstance(right, ast.Constant) else right
        if other in ("master", "main", "controller", None) or other == 0:
            about = self.holds_id(node.left) or self.sign(node.left) > 0 or _ASKS.search(ast.unparse(node.left))
            return (1 if is_positive else -1) if about else 0
        if isinstance(node.left, ast.Constant) and node.left.value in (_VARIABLE, "workerinput"):
            return 1 if is_positive else -1
        return 0

    def holds_id(self, node: ast.expr) -> bool:
        """Return whether an expression is the worker's id, or what stands for it outside of one."""
        if isinstance(node, ast.Name):
            return node.id in self.ids
        return _IDS.search(ast.unparse(node)) is not None or self._is_asked_with_default(node)

    @staticmethod
    def _is_asked_with_default(node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and len(node.args) == 2 and _VARIABLE in ast.unparse(node.args[0])


def may_ask(text: str) -> bool:
    """Return whether a module's text names anything that tells a worker."""
    return _ASKS.search(text) is not None or _IDS.search(text) is not None


def of_module(tree: ast.Module) -> Parallel:
    """Return what the names of a module stand for."""
    return _learned(tree.body, Parallel())


def within(node: ast.AST, outer: Parallel) -> Parallel:
    """Return what the names in a function stand for, those around it included."""
    return _learned([n for n in ast.walk(node) if isinstance(n, ast.stmt)], outer)


def _learned(statements: list[ast.stmt], known: Parallel) -> Parallel:
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            if known.holds_id(value) and not isinstance(value, ast.Compare | ast.BoolOp | ast.IfExp):
                known = Parallel(known.flags, known.ids | {name})
            elif sign := known.sign(value):
                known = Parallel({**known.flags, name: sign}, known.ids)
    return known

"""Statements in order: what names are bound to, what is stored, which branch is left."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from ci_tools.audit.flow import texts
from ci_tools.audit.flow.bindings import Bindings
from ci_tools.audit.flow.calls import TooManyStepsError
from ci_tools.audit.project import dotted_name
from ci_tools.audit.steps import UNKNOWN, Check, Kind, UnitKind, Value

MAX_STATEMENTS = 20_000


class Statements(Bindings):
    """Follows the body of a unit, and of what it calls."""

    returned: list[Value]
    yields: list[Value]
    n_statements: int = 0

    def run_body(self, body: Sequence[ast.stmt]) -> tuple[list[Value], list[Value]]:
        saved = self.returned, self.yields
        self.returned, self.yields = [], []
        self.block(body)
        result = self.returned, self.yields
        self.returned, self.yields = saved
        return result

    def block(self, body: Sequence[ast.stmt]) -> bool:
        for node in body:
            handler = _HANDLERS.get(type(node))
            if handler is not None and handler(self, node):
                return True
        self.n_statements += len(body)
        if self.n_statements > MAX_STATEMENTS:
            raise TooManyStepsError
        return False

    def expression(self, node: ast.Expr) -> bool:
        self.value(node.value)
        return _is_end(node.value)

    def assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.store(target, value)

    def annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.store(node.target, self.value(node.value))

    def augmented(self, node: ast.AugAssign) -> None:
        operation = ast.BinOp(left=node.target, op=node.op, right=node.value)
        self.store(node.target, self.value(ast.copy_location(operation, node)))

    def return_(self, node: ast.Return) -> bool:
        self.returned.append(self.value(node.value) if node.value is not None else texts.NONE)
        return True

    def yielded(self, value: Value) -> None:
        self.yields.append(value)
        if self.at_yield is None or self.at_yield[0].kind is not Kind.PRIVATE:
            self.at_yield = self.cwd, self.patched
        if not self.n_loops:
            self.is_teardown = self.is_teardown or (not self.frames and self.unit.kind is UnitKind.FIXTURE)
            self.n_undoing += 1  # until the function's end

    def raise_(self, node: ast.Raise) -> bool:
        self.value(node.exc)
        return True

    def leave(self, node: ast.stmt) -> bool:
        return True

    def assert_(self, node: ast.Assert) -> None:
        if isinstance(node.test, ast.Compare):
            self._compare(node.test)
        else:
            self.value(node.test)
        self.value(node.msg)

    def _compare(self, node: ast.Compare) -> None:
        left = self.value(node.left)
        for operator, comparator in zip(node.ops, node.comparators):
            right = self.value(comparator)
            self.note_at(Check, node, left=left, operator=type(operator).__name__, right=right)
            left = right

    def if_(self, node: ast.If) -> bool:
        known = self.truth(node.test) if not _is_main(node.test) else False
        if known is not None:
            return self.block(node.body if known else node.orelse)
        before = dict(self.scope.names)
        is_over = self.block(node.body)
        after, self.scope.names = self.scope.names, before
        is_other_over = self.block(node.orelse)
        if is_other_over:
            self.scope.names = after
        elif not is_over:
            _merge(self.scope.names, after)
        return is_over and is_other_over

    def loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.store(node.target, texts.element(self.value(node.iter)))
        self._loop_body(node)

    def while_(self, node: ast.While) -> None:
        self.value(node.test)
        self._loop_body(node)

    def _loop_body(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        before = dict(self.scope.names)
        self.n_loops += 1
        self.block(node.body)
        self.n_loops -= 1
        _merge(self.scope.names, before)
        self.block(node.orelse)

    def try_(self, node: ast.Try) -> bool:
        is_over = self.block(node.body) or self.block(node.orelse)
        after = dict(self.scope.names)
        are_over = [is_over]
        for handler in node.handlers:
            if handler.name:
                self.scope.names[handler.name] = UNKNOWN
            are_over.append(self.block(handler.body))
        if not is_over:
            self.scope.names = after
        self.n_undoing += 1
        is_final = self.block(node.finalbody)
        self.n_undoing -= 1
        return is_final or all(are_over)

    def with_(self, node: ast.With | ast.AsyncWith) -> bool:
        within, patched, cwd = self.within, self.patched, self.cwd
        values = [self._enter(item) for item in node.items]
        has_moved = self.cwd is not cwd
        is_over = self.block(node.body)
        self.within, self.patched = within, patched
        if has_moved:
            self.cwd = cwd
        return is_over and not any(_swallows(value) for value in values)

    def _enter(self, item: ast.withitem) -> Value:
        before, self.at_yield = self.at_yield, None
        value = self.value(item.context_expr)
        if self.at_yield is not None:  # a context manager of the project: what it has done by then
            self.cwd, self.patched = self.at_yield
        self.at_yield = before
        self.within += (value,)
        method = dotted_name(item.context_expr.func) if isinstance(item.context_expr, ast.Call) else ""
        if value.data == "contextlib.chdir":
            self.cwd = texts.moved(self.cwd, value.args[0]) if value.args else UNKNOWN
        elif method.endswith(_MOVING):
            self.cwd = _ISOLATED if method.endswith("isolated_filesystem") else value
        entered = self._entered(value, item.context_expr)
        if item.optional_vars is not None:
            self.store(item.optional_vars, entered)
        return value

    def _entered(self, value: Value, node: ast.expr) -> Value:
        """Return what `as` binds."""
        if value.kind is not Kind.INSTANCE:
            return value
        enter = self.attribute_of(value, "__enter__", node)
        if enter.kind is not Kind.FUNCTION:
            return value
        given = self.call_function(enter, (), node)
        leave = self.attribute_of(value, "__exit__", node)
        if leave.kind is Kind.FUNCTION:
            cwd = self.cwd
            self.n_undoing += 1
            self.call_function(leave, (), node)
            self.n_undoing -= 1
            self.cwd = cwd  # it leaves when the block has ended
        return given if given.kind is not Kind.UNKNOWN else value

    def match(self, node: ast.Match) -> None:
        self.value(node.subject)
        for case in node.cases:
            self.block(case.body)


def _merge(names: dict[str, Value], others: dict[str, Value]) -> None:
    """Keep of each name what holds on both ways."""
    for name, value in others.items():
        mine = names.get(name)
        if mine is None:
            names[name] = value
        elif mine is not value:
            names[name] = texts.either(mine, value)


def _is_main(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == "__name__"


def _is_end(node: ast.expr) -> bool:
    """Return whether a call never returns: pytest.skip, sys.exit."""
    return isinstance(node, ast.Call) and dotted_name(node.func) in _ENDS


def _swallows(value: Value) -> bool:
    return value.kind is Kind.MADE and value.data in _SWALLOWING


_ENDS = frozenset(
    {"pytest.skip", "pytest.fail", "pytest.exit", "pytest.xfail", "sys.exit", "self.skipTest", "self.fail"}
)
_SWALLOWING = frozenset({"pytest.raises", "contextlib.suppress", "unittest.TestCase.assertRaises"})
_MOVING = (".isolated_filesystem", ".as_cwd")
_ISOLATED = texts.private("isolated_filesystem")
_HANDLERS: dict[type[ast.AST], Callable[[Any, Any], bool | None]] = {
    ast.Expr: Statements.expression,
    ast.Assign: Statements.assign,
    ast.AnnAssign: Statements.annotated,
    ast.AugAssign: Statements.augmented,
    ast.Delete: Statements.delete,
    ast.FunctionDef: Statements.function,
    ast.AsyncFunctionDef: Statements.function,
    ast.ClassDef: Statements.class_,
    ast.Import: Statements.imported,
    ast.ImportFrom: Statements.imported,
    ast.Return: Statements.return_,
    ast.Raise: Statements.raise_,
    ast.Break: Statements.leave,
    ast.Continue: Statements.leave,
    ast.Global: Statements.global_,
    ast.Assert: Statements.assert_,
    ast.If: Statements.if_,
    ast.For: Statements.loop,
    ast.AsyncFor: Statements.loop,
    ast.While: Statements.while_,
    ast.Try: Statements.try_,
    ast.With: Statements.with_,
    ast.AsyncWith: Statements.with_,
    ast.Match: Statements.match,
}
if hasattr(ast, "TryStar"):  # Python 3.11
    _HANDLERS[ast.TryStar] = Statements.try_

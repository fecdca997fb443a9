"""What is known of an expression's value; the calls in it become steps."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ci_tools.audit.flow import outside, texts
from ci_tools.audit.flow.patches import replaced
from ci_tools.audit.flow.restored import name_of
from ci_tools.audit.flow.state import Made, Patch, Scope
from ci_tools.audit.flow.world import World, bound
from ci_tools.audit.steps import UNKNOWN, Kind, Value

MAX_ITEMS = 200


class Expressions:
    """Evaluates expressions in a scope; `call` and `store` are made by those that build upon it."""

    world: World
    scope: Scope
    n_loops: int = 0
    patched: tuple[Patch, ...] = ()

    def call(self, node: ast.Call) -> Value:
        raise NotImplementedError

    def call_function(self, function: Value, args: tuple[Value, ...], node: ast.expr) -> Value:
        raise NotImplementedError

    def store(self, target: ast.expr, value: Value) -> None:
        raise NotImplementedError

    def yielded(self, value: Value) -> None:
        raise NotImplementedError

    def value(self, node: ast.expr | None) -> Value:
        """Return what is known of an expression's value."""
        if node is None:
            return UNKNOWN
        handler = _HANDLERS.get(type(node))
        return handler(self, node) if handler is not None else self._inner(node)

    def _inner(self, node: ast.expr) -> Value:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return UNKNOWN

    def constant(self, node: ast.Constant) -> Value:
        value = self.world.constants.get(node)
        if value is None:
            value = self.world.constants[node] = Value(Kind.CONST, node.value, node=node)
        return value

    def name(self, node: ast.Name) -> Value:
        return self.look_up(node.id)

    def look_up(self, name: str) -> Value:
        scope: Scope | None = self.scope
        while scope is not None:
            value = scope.names.get(name)
            if value is not None:
                return self.world.resolved(value, scope.module) if value.kind is Kind.OUTSIDE else value
            scope = scope.outer
        module = self.scope.module
        if name in module.definitions or name in module.names or module.stars:
            value = self.world.member(module, name)
            if value is not UNKNOWN:
                return value
        return Value(Kind.OUTSIDE, name) if hasattr(builtins, name) else UNKNOWN

    def attribute(self, node: ast.Attribute) -> Value:
        owner = self.value(node.value)
        value = self.attribute_of(owner, node.attr, node)
        is_unseen = owner.kind is Kind.INSTANCE and value.kind is Kind.OUTSIDE and node.attr not in owner.attributes
        return UNKNOWN if is_unseen and value.data.endswith(f".{node.attr}") else value

    def attribute_of(self, owner: Value, name: str, node: ast.expr) -> Value:
        if self.patched and (home := name_of(owner)):
            value = replaced(f"{home}.{name}", self.patched)
            if value is not None:
                return value
        if owner.kind is Kind.OUTSIDE:
            return self.world.resolved(Value(Kind.OUTSIDE, f"{owner.data}.{name}"), self.scope.module)
        if owner.kind is Kind.CLASS:
            value = self.world.class_attribute(owner, name)
            return bound(value, owner) if _is_method(value, "classmethod") else value
        if owner.kind is Kind.INSTANCE:
            return self._of_instance(owner, name, node)
        return outside.attribute(owner, name)

    def _of_instance(self, owner: Value, name: str, node: ast.expr) -> Value:
        if name in owner.attributes:
            return owner.attributes[name]
        if name == "__class__":
            return self.class_of(owner)
        value = self.world.class_attribute(self.class_of(owner), name)
        if value.kind is not Kind.FUNCTION:
            return value
        if _is_method(value, "property", "cached_property"):
            return self.call_function(bound(value, owner), (), node)
        return value if _is_method(value, "staticmethod") else bound(value, owner)

    def class_of(self, instance: Value) -> Value:
        return self.world.class_value(instance.data)

    def subscript(self, node: ast.Subscript) -> Value:
        owner, key = self.value(node.value), self.value(node.slice)
        if isinstance(node.slice, ast.Slice):
            return replace(owner, home="") if owner.kind in (Kind.PRIVATE, Kind.MADE) else outside.item(owner, UNKNOWN)
        if owner.data == "pathlib.Path.parents" and owner.args:
            return texts.parent(owner.args[0], int(key.data) + 1 if isinstance(key.data, int) else 1)
        return outside.item(owner, key)

    def binary(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Div):
            return texts.join([left, right], node=node)
        if isinstance(node.op, ast.Add) and left.kind is not Kind.ITEMS:
            return _sum(left, right, node)
        if isinstance(node.op, ast.Mod) and left.kind in (Kind.CONST, Kind.PATH) and isinstance(left.data, str):
            return texts.formatted(
                left, right.items if right.kind is Kind.ITEMS else [right], gaps=texts.PERCENT, node=node
            )
        if left.kind is Kind.ITEMS and right.kind is Kind.ITEMS:
            is_unordered = left.is_unordered or right.is_unordered
            return Value(Kind.ITEMS, left.data, items=left.items + right.items, is_unordered=is_unordered, node=node)
        return Value(
            Kind.UNKNOWN,
            is_unique=left.is_unique or right.is_unique,
            is_unordered=left.is_unordered or right.is_unordered,
        )

    def joined(self, node: ast.JoinedStr) -> Value:
        parts = [self.value(v.value if isinstance(v, ast.FormattedValue) else v) for v in node.values]
        return texts.concat(parts, node=node) if parts else texts.const("", node)

    def items(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        kind = type(node).__name__.lower()
        items = [self.value(e.value if isinstance(e, ast.Starred) else e) for e in node.elts[:MAX_ITEMS]]
        return Value(Kind.ITEMS, kind, items=tuple(items), is_unordered=kind == "set", node=node)

    def mapping(self, node: ast.Dict) -> Value:
        pairs = list(zip(node.keys, node.values))[:MAX_ITEMS]
        keys = tuple(self.value(key) for key, _ in pairs)
        return Value(Kind.ITEMS, "dict", items=tuple(self.value(v) for _, v in pairs), args=keys, node=node)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        saved, self.scope = self.scope, _inner_scope(self.scope)
        sources = []
        for generator in node.generators:
            sources.append(self.value(generator.iter))
            self.store(generator.target, texts.element(sources[-1]))
            self.n_loops += 1
            for condition in generator.ifs:
                self.value(condition)
        if isinstance(node, ast.DictComp):
            key: tuple[Value, ...] = (self.value(node.key),)
            value = self.value(node.value)
        else:
            key, value = (), self.value(node.elt)
        self.n_loops -= len(node.generators)
        self.scope = saved
        kind = _COMPREHENSIONS[type(node)]
        is_unordered = kind == "set" or any(source.is_unordered for source in sources)
        return Value(Kind.ITEMS, kind, items=(value,), args=key, is_unordered=is_unordered, node=node)

    def choice(self, node: ast.IfExp) -> Value:
        known = self.truth(node.test)
        if known is not None:
            return self.value(node.body if known else node.orelse)
        return texts.either(self.value(node.body), self.value(node.orelse))

    def boolean(self, node: ast.BoolOp) -> Value:
        value = self.value(node.values[0])
        for other in node.values[1:]:
            is_true = truth_of(value)
            if is_true is not None and is_true == isinstance(node.op, ast.Or):
                return value
            right = self.value(other)
            value = right if is_true is not None else texts.either(value, right)
        return value

    def unary(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(value.data, int | float) and value.kind is Kind.CONST:
            return Value(Kind.CONST, -value.data, node=node)
        return UNKNOWN

    def truth(self, node: ast.expr) -> bool | None:
        """Return whether a condition surely holds, None if that depends: on the state of an object, say."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            known = self.truth(node.operand)
            return None if known is None else not known
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            known = _compared(self.value(node.left), node.ops[0], self.value(node.comparators[0]))
            return None if isinstance(node.left, ast.Attribute) else known
        value = self.value(node)
        return None if isinstance(node, ast.Attribute) else truth_of(value)

    def awaited(self, node: ast.Await | ast.Starred | ast.FormattedValue) -> Value:
        return self.value(node.value)

    def walrus(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.store(node.target, value)
        return value

    def lambda_(self, node: ast.Lambda) -> Value:
        self.world.functions[node] = Made(self.scope, self.scope.symbol)
        return Value(Kind.FUNCTION, node, node=node)

    def yield_(self, node: ast.Yield | ast.YieldFrom) -> Value:
        value = self.value(node.value)
        self.yielded(texts.element(value) if isinstance(node, ast.YieldFrom) else value)
        return UNKNOWN


def truth_of(value: Value) -> bool | None:
    """Return whether a value is true, None if unknown; what a module holds may be another by then."""
    if value.kind is Kind.CONST and not value.home:
        return bool(value.data)
    is_object = value.kind in (Kind.FUNCTION, Kind.CLASS) or (value.kind is Kind.PRIVATE and not value.home)
    return True if is_object else None


def _compared(left: Value, operator: ast.cmpop, right: Value) -> bool | None:
    if right != texts.NONE or not isinstance(operator, ast.Is | ast.IsNot) or left.home:
        return None
    if left.kind in (Kind.UNKNOWN, Kind.MADE, Kind.OUTSIDE):
        return None
    return (left == texts.NONE) == isinstance(operator, ast.Is)


def _sum(left: Value, right: Value, node: ast.AST) -> Value:
    both = isinstance(left.data, int) and isinstance(right.data, int) and left.kind is right.kind is Kind.CONST
    return Value(Kind.CONST, left.data + right.data, node=node) if both else texts.concat([left, right], node=node)


def _is_method(value: Value, *kinds: str) -> bool:
    node = value.data if value.kind is Kind.FUNCTION else None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    names = [d.id if isinstance(d, ast.Name) else getattr(d, "attr", "") for d in node.decorator_list]
    return any(name in kinds for name in names)


def _inner_scope(scope: Scope) -> Scope:
    return Scope(scope.module, outer=scope, symbol=scope.symbol, owner=scope.owner)


_COMPREHENSIONS: dict[type[ast.AST], str] = {
    ast.ListComp: "list",
    ast.GeneratorExp: "list",
    ast.SetComp: "set",
    ast.DictComp: "dict",
}
_HANDLERS: dict[type[ast.AST], Callable[[Any, Any], Value]] = {
    ast.Constant: Expressions.constant,
    ast.Name: Expressions.name,
    ast.Attribute: Expressions.attribute,
    ast.Subscript: Expressions.subscript,
    ast.BinOp: Expressions.binary,
    ast.JoinedStr: Expressions.joined,
    ast.List: Expressions.items,
    ast.Tuple: Expressions.items,
    ast.Set: Expressions.items,
    ast.Dict: Expressions.mapping,
    ast.ListComp: Expressions.comprehension,
    ast.SetComp: Expressions.comprehension,
    ast.GeneratorExp: Expressions.comprehension,
    ast.DictComp: Expressions.comprehension,
    ast.IfExp: Expressions.choice,
    ast.BoolOp: Expressions.boolean,
    ast.UnaryOp: Expressions.unary,
    ast.Await: Expressions.awaited,
    ast.Starred: Expressions.awaited,
    ast.NamedExpr: Expressions.walrus,
    ast.Lambda: Expressions.lambda_,
    ast.Yield: Expressions.yield_,
    ast.YieldFrom: Expressions.yield_,
    ast.Call: lambda self, node: self.call(node),
}

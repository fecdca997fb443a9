"""What names are bound to, and what is stored where it outlives the function."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from ci_tools.audit.flow import texts
from ci_tools.audit.flow.calls import Calls
from ci_tools.audit.flow.state import Made, Patch, Scope
from ci_tools.audit.imports import bound_by
from ci_tools.audit.steps import UNKNOWN, Kind, Place, Store, Value


class Bindings(Calls):
    """Binds names, notes what is stored into others' objects; `block` is made by those that build upon it."""

    def block(self, body: Sequence[ast.stmt]) -> bool:
        """Follow statements; return whether what comes behind them is not reached."""
        raise NotImplementedError

    def store(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self._bind_name(target, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value)
        elif isinstance(target, ast.Starred):
            self.store(target.value, UNKNOWN)
        elif isinstance(target, ast.Attribute):
            self._set_attribute(target, self.value(target.value), value)
        elif isinstance(target, ast.Subscript):
            owner, key = self.value(target.value), self.value(target.slice)
            self._note_store(target, Place.ITEM, owner, texts.text_of(key) or "", value)

    def _bind_name(self, target: ast.Name, value: Value) -> None:
        scope, name = self.scope, target.id
        if name in scope.globals:
            self._note_store(target, Place.GLOBAL, Value(Kind.OUTSIDE, scope.module.name), name, value)
            return
        if scope.home and not value.home and value.kind is not Kind.OUTSIDE:
            value = replace(value, home=f"{scope.home}.{name}")
        scope.names[name] = value

    def _unpack(self, target: ast.Tuple | ast.List, value: Value) -> None:
        is_exact = value.kind is Kind.ITEMS and len(value.items) == len(target.elts) and value.data != "dict"
        for index, element in enumerate(target.elts):
            self.store(element, value.items[index] if is_exact else _part(value))

    def _set_attribute(self, target: ast.Attribute, owner: Value, value: Value) -> None:
        if owner.home and owner.kind is Kind.INSTANCE:  # others have it, too, as it was
            self.patched += (Patch(name=f"{owner.home}.{target.attr}", value=value),)
        elif owner.kind is Kind.INSTANCE:
            owner.attributes[target.attr] = value
        if owner.kind is Kind.CLASS:
            names = self.world.names_of(owner.data)
            names[target.attr] = texts.either(names.get(target.attr, value), value)
        self._note_store(target, Place.ATTRIBUTE, owner, target.attr, value)

    def _note_store(
        self, node: ast.expr, place: Place, owner: Value, name: str, value: Value, *, is_delete: bool = False
    ) -> None:
        """Note what outlives the function: nothing that was made in it."""
        is_local = owner.kind in (Kind.ITEMS, Kind.INSTANCE, Kind.MADE, Kind.CONST, Kind.PRIVATE, Kind.PATH)
        if is_local and not owner.home:
            return
        self.note_at(Store, node, place=place, owner=owner, name=name, value=value, is_delete=is_delete)

    def delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.scope.globals:
                owner = Value(Kind.OUTSIDE, self.scope.module.name)
                self._note_store(target, Place.GLOBAL, owner, target.id, UNKNOWN, is_delete=True)
            elif isinstance(target, ast.Attribute):
                owner = self.value(target.value)
                self._note_store(target, Place.ATTRIBUTE, owner, target.attr, UNKNOWN, is_delete=True)
            elif isinstance(target, ast.Subscript):
                owner, key = self.value(target.value), self.value(target.slice)
                self._note_store(target, Place.ITEM, owner, texts.text_of(key) or "", UNKNOWN, is_delete=True)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        scope = self.scope
        self._decorate(node)
        outer = scope.outer if scope.owner is not None and scope.home else scope
        symbol = f"{scope.symbol}.{node.name}" if scope.symbol else node.name
        self.world.functions[node] = Made(outer or scope, symbol, scope.owner)
        home = f"{scope.home}.{node.name}" if scope.home else ""
        scope.names[node.name] = Value(Kind.FUNCTION, node, home=home, node=node)

    def _decorate(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        patched, symbol = self.patched, self.scope.symbol
        self.scope.symbol = f"{symbol}.{node.name}" if symbol else node.name
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call):
                self.value(decorator)
        self.patched, self.scope.symbol = patched, symbol  # it is patched while the function runs, not here

    def class_(self, node: ast.ClassDef) -> None:
        scope = self.scope
        self._decorate(node)
        symbol = f"{scope.symbol}.{node.name}" if scope.symbol else node.name
        home = f"{scope.home}.{node.name}" if scope.home else ""
        self.world.classes[node] = Made(scope, symbol)
        self.scope = Scope(scope.module, outer=scope, symbol=symbol, home=home or symbol, owner=node)
        self.world.class_names[node] = self.scope.names
        self.block(node.body)
        self.scope = scope
        scope.names[node.name] = Value(Kind.CLASS, node, home=home, node=node)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, target, _ in bound_by(node, self.scope.module.package):
            if name and not name.startswith("."):
                self.scope.names[name] = Value(Kind.OUTSIDE, target)

    def global_(self, node: ast.Global) -> None:
        self.scope.globals.update(node.names)


def _part(value: Value) -> Value:
    """Return what is known of one of the things that an unknown number is unpacked to."""
    known = texts.element(value)
    return known if known.kind is not Kind.ITEMS else UNKNOWN

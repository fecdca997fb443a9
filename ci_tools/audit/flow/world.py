"""What all units share: the project, its modules' names, and where its functions and classes were defined."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable

from ci_tools.audit.flow.state import Function, Made, Outcome, Scope
from ci_tools.audit.project import Class, Project
from ci_tools.audit.source import Module
from ci_tools.audit.steps import UNKNOWN, Kind, Value

MAX_HOPS = 8


class World:
    """Knows what a name of the project means; a module's body is followed when its first name is asked for."""

    def __init__(self, project: Project, follow: Callable[[Module, Scope], Outcome]) -> None:
        self.project = project
        self.functions: dict[Function, Made] = {}
        self.classes: dict[ast.ClassDef, Made] = {}
        self.class_names: dict[ast.ClassDef, dict[str, Value]] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.effects: dict[Hashable, object] = {}
        self.constants: dict[ast.Constant, Value] = {}
        self._follow = follow
        self._class_values: dict[ast.ClassDef, Value] = {}
        self._scopes: dict[str, Scope] = {}
        self._resolved: dict[tuple[str, str], Value] = {}

    def scope_of(self, module: Module) -> Scope:
        """Return a module's names; those that are bound so far, while its own body is followed."""
        scope = self._scopes.get(module.path)
        if scope is None:
            scope = self._scopes[module.path] = Scope(module, home=module.name)
            scope.names["__file__"] = Value(Kind.PATH, f"<rootdir>/{module.path}")
            scope.names["__name__"] = Value(Kind.CONST, module.name)
            self.outcomes[module.path] = self._follow(module, scope)
        return scope

    def resolved(self, value: Value, near: Module) -> Value:
        """Return what a name stands for: the project's own function, class or constant, or the name itself."""
        if value.kind is not Kind.OUTSIDE or value.data.partition(".")[0] not in self.project.tops:
            return value
        key = (value.data, near.path)
        if key not in self._resolved:
            self._resolved[key] = value  # a name that means itself
            self._resolved[key] = self._resolve(value.data, near, MAX_HOPS)
        return self._resolved[key]

    def _resolve(self, dotted: str, near: Module, hops: int) -> Value:
        found = self.project.find(dotted, near)
        if found is None or not found[1]:
            return Value(Kind.OUTSIDE, found[0].name if found else dotted)
        module, (name, *rest) = found
        value = self.member(module, name, hops)
        for part in rest:
            value = self.class_attribute(value, part) if value.kind is Kind.CLASS else UNKNOWN
        return value

    def member(self, module: Module, name: str, hops: int = MAX_HOPS) -> Value:
        """Return what a module has by a name."""
        scope = self.scope_of(module)
        value = scope.names.get(name)
        if value is None and name in module.names:
            value = Value(Kind.OUTSIDE, module.names[name])
        if value is None:
            value = self._starred(module, name, hops)
        if value is None or not hops:
            return UNKNOWN
        is_import = value.kind is Kind.OUTSIDE and value.data != f"{module.name}.{name}"
        is_ours = is_import and value.data.partition(".")[0] in self.project.tops
        return self._resolve(value.data, module, hops - 1) if is_ours else value

    def _starred(self, module: Module, name: str, hops: int) -> Value | None:
        for target in module.stars if hops else ():
            found = self.project.find(target, module)
            if found is not None and not found[1] and found[0] is not module:
                value = self.member(found[0], name, hops - 1)
                if value is not UNKNOWN:
                    return value
        return None

    def names_of(self, cls: ast.ClassDef) -> dict[str, Value]:
        """Return what a class's body binds."""
        made = self.classes.get(cls)
        if cls not in self.class_names and made is not None:
            self.scope_of(made.scope.module)
        return self.class_names.get(cls, {})

    def class_attribute(self, cls: Value, name: str, *, past_first: bool = False) -> Value:
        """Return what a class or its bases have by a name; OUTSIDE, of the first base outside, if none has.

        `past_first`: as `super()` does.
        """
        made = self.classes.get(cls.data)
        if made is None:
            return UNKNOWN
        classes, outside = self.project.line_of(Class(made.scope.module, cls.data))
        for base in classes[past_first:]:
            self.scope_of(base.module)
            value = self.names_of(base.node).get(name)
            if value is not None:
                return self.resolved(value, base.module)
        return Value(Kind.OUTSIDE, f"{outside[0]}.{name}") if outside else UNKNOWN

    def class_value(self, cls: ast.ClassDef) -> Value:
        """Return a class as a value."""
        value = self._class_values.get(cls)
        if value is None:
            made = self.classes.get(cls)
            home = f"{made.scope.module.name}.{made.symbol}" if made and not made.scope.symbol else ""
            value = self._class_values[cls] = Value(Kind.CLASS, cls, home=home)
        return value

    def instance(self, cls: ast.ClassDef, node: ast.AST | None = None) -> Value:
        return Value(Kind.INSTANCE, cls, node=node)


def bound(function: Value, to: Value) -> Value:
    """Return a method of an object."""
    return Value(function.kind, function.data, args=(to,), home=function.home, node=function.node)

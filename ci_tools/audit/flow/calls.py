"""Calls: what is called, with what, and what comes of it; the project's own functions are followed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ci_tools.audit.flow import outside, patches, texts
from ci_tools.audit.flow.memo import Memo
from ci_tools.audit.flow.restored import kept
from ci_tools.audit.flow.state import Function, Scope
from ci_tools.audit.steps import UNKNOWN, Call, Frame, Kind, Step, Value

MAX_DEPTH = 2
MAX_STEPS = 5_000

Args = tuple[Value, ...]
Keywords = Mapping[str, Value]


class TooManyStepsError(Exception):
    """A unit does more than is followed."""


class Calls(Memo):
    """Follows calls two levels deep, and notes each as a step."""

    active: tuple[Function, ...] = ()

    def run_body(self, body: Sequence[ast.stmt]) -> tuple[list[Value], list[Value]]:
        """Follow a function's body; return what it returns and what it yields."""
        raise NotImplementedError

    def note(self, step: Step) -> None:
        if len(self.steps) >= MAX_STEPS:
            raise TooManyStepsError
        if self.n_undoing:
            self.undoing.add(len(self.steps))
        self.steps.append(step)

    def note_at(self, kind: type[Step], node: ast.expr | ast.stmt, **details: Any) -> None:
        """Note a step of a kind, where the flow is now."""
        self.note(
            kind(
                unit=self.unit,
                module=self.scope.module,
                node=node,
                symbol=self.scope.symbol,
                frames=self.frames,
                within=self.within,
                in_loop=self.n_loops > 0,
                is_teardown=self.is_teardown,
                cwd=self.cwd,
                **details,
            )
        )

    def call(self, node: ast.Call) -> Value:
        receiver, function = self._called(node.func)
        args = tuple([self.value(arg) for arg in node.args])
        keywords = {k.arg or "**": self.value(k.value) for k in node.keywords}
        return self.call_value(function, receiver, args, keywords, node)

    def _called(self, func: ast.expr) -> tuple[Value | None, Value]:
        """Return the object whose method is called, if it is one, and what is called."""
        if not isinstance(func, ast.Attribute):
            return None, self.value(func)
        if _is_of_super(func):
            return None, self._super(func)
        owner = self.value(func.value)
        function = self.attribute_of(owner, func.attr, func)
        if owner.kind is Kind.OUTSIDE:
            return (owner if function.kind is Kind.OUTSIDE else None), function
        if function.kind in (Kind.FUNCTION, Kind.CLASS) or owner.kind is Kind.CLASS:
            return owner, function
        if owner.kind is Kind.INSTANCE:
            is_named = function.kind is Kind.OUTSIDE
            return owner, function if is_named else Value(Kind.OUTSIDE, f"?.{func.attr}")
        return owner, Value(Kind.OUTSIDE, _method_name(owner, func.attr))

    def _super(self, func: ast.Attribute) -> Value:
        owner, this, name = self.scope.owner, self.scope.names.get("self") or self.scope.names.get("cls"), func.attr
        if owner is None or owner not in self.world.classes:
            return Value(Kind.OUTSIDE, f"?.{name}")
        value = self.world.class_attribute(Value(Kind.CLASS, owner), name, past_first=True)
        if value.kind is Kind.FUNCTION and this is not None:
            return replace(value, args=(this,))
        return value if value.kind is Kind.OUTSIDE else Value(Kind.OUTSIDE, f"?.{name}")

    def call_value(
        self, function: Value, receiver: Value | None, args: Args, keywords: Keywords, node: ast.expr
    ) -> Value:
        """Note a call of a value and return what it gives."""
        name = self._name_of(function)
        if patches.is_patched(name, self.patched, self.scope.module.path):
            return Value(Kind.MADE, "unittest.mock.Mock", node=node)
        self.note_at(Call, node, name=name, args=args, keywords=keywords, receiver=receiver)
        if function.kind is Kind.FUNCTION:
            return self.call_function(function, args, node, keywords)
        if function.kind is Kind.CLASS:
            return self._instantiated(function, args, keywords, node)
        if function.data == "super" or name == "?":
            return UNKNOWN
        return self._outside(name, receiver, args, keywords, node)

    def _name_of(self, function: Value) -> str:
        if function.kind is Kind.OUTSIDE:
            return str(function.data)
        if function.home:
            return function.home
        made = self.world.functions.get(function.data) if function.kind is Kind.FUNCTION else None
        if made is not None and not isinstance(function.data, ast.Lambda):
            return f"{made.scope.module.name}.{made.symbol}"
        return str(function.data) if function.kind is Kind.MADE else "?"

    def _outside(self, name: str, receiver: Value | None, args: Args, keywords: Keywords, node: ast.expr) -> Value:
        held = receiver if receiver is not None and receiver.kind is not Kind.OUTSIDE else None
        self._move(name, held, args)
        self.patched += tuple(patches.patches_of(name, args, keywords, self.world.project, self.scope.module))
        self.kept.add(kept(name, args, keywords))
        self._hand_over(name, args, keywords, node)
        if name in ("os.getcwd", "pathlib.Path.cwd"):
            return self.cwd if self.cwd.kind is Kind.PRIVATE else texts.path(".", node=node)
        return outside.made(name, args, keywords, receiver=held, node=node)

    def _move(self, name: str, receiver: Value | None, args: Args) -> None:
        """Follow a change of the current directory."""
        if name in ("os.chdir", "pytest.MonkeyPatch.chdir") and args:
            is_known = args[0].kind not in (Kind.UNKNOWN, Kind.OUTSIDE)
            self.cwd = texts.moved(self.cwd, args[0]) if is_known else Value(Kind.MADE, name)
        elif name.endswith(".enter_context") and args and args[0].data == "contextlib.chdir":
            self.cwd = args[0].args[0] if args[0].args else UNKNOWN
        elif name.endswith(".chdir") and receiver is not None and receiver.kind is Kind.PRIVATE:
            self.cwd = receiver

    def _hand_over(self, name: str, args: Args, keywords: Keywords, node: ast.expr) -> None:
        """Follow functions that are handed over to be called: finalisers, and what a thread or a pool runs."""
        method = name.rpartition(".")[2]
        if method in _FINALISERS and args:
            self.n_undoing += 1
            saved, cwd, self.is_teardown = self.is_teardown, self.cwd, True
            self.call_value(args[0], _receiver_of(args[0]), args[1:], keywords, node)
            self.n_undoing -= 1
            self.is_teardown, self.cwd = saved, cwd
        elif method in _RUNNERS:
            for value in (*args[:2], *(v for k, v in keywords.items() if k == "target")):
                if value.kind is Kind.FUNCTION:
                    self.call_function(value, _handed(keywords), node)

    def call_function(self, function: Value, args: Args, node: ast.expr, keywords: Keywords | None = None) -> Value:
        """Follow a function of the project unless that is too deep, or it calls itself; return what it gives."""
        code: Function = function.data
        made = self.world.functions.get(code)
        level = self.level + (not _is_super(node))  # a base's method is no step further away
        self.n_cuts += code in self.active
        if made is None or level > MAX_DEPTH or code in self.active:
            return UNKNOWN
        scope = Scope(made.scope.module, outer=made.scope, symbol=made.symbol, owner=made.owner)
        bound = function.args if not _is_static(code) else ()
        saved = (self.scope, self.frames, self.active, self.level, self.n_loops, self.is_teardown, self.n_undoing)
        frame = Frame(module=self.scope.module, call=node, function=made.symbol)
        self._bind(scope, code.args, (*bound, *args), keywords or {})
        self.scope, self.frames, self.active, self.level = scope, (*self.frames, frame), (*self.active, code), level
        try:
            return self.run_once(code)
        finally:
            self.scope, self.frames, self.active, self.level, self.n_loops, self.is_teardown, self.n_undoing = saved

    def run_function(self, code: Function) -> Value:
        if isinstance(code, ast.Lambda):
            return self.value(code.body)
        returned, yielded = self.run_body(code.body)
        if yielded:
            value = _any_of(yielded)
            return value if is_context(code) else Value(Kind.ITEMS, "generator", items=(value,))
        return _any_of(returned) if returned else texts.NONE

    def _bind(self, scope: Scope, parameters: ast.arguments, args: Args, keywords: Keywords) -> None:
        """Bind arguments as Python does; a default is what it was where the function was defined."""
        names = [a.arg for a in (*parameters.posonlyargs, *parameters.args)]
        given = dict(zip(names, args))
        given |= {name: value for name, value in keywords.items() if name != "**"}
        defaults = dict(zip(reversed(names), reversed(parameters.defaults)))
        defaults |= {a.arg: d for a, d in zip(parameters.kwonlyargs, parameters.kw_defaults) if d is not None}
        for name in (*names, *(a.arg for a in parameters.kwonlyargs)):
            if name in given:
                scope.names[name] = given[name]
            elif name in defaults and "**" not in keywords:
                scope.names[name] = self._default(defaults[name], scope)
            else:
                scope.names[name] = UNKNOWN
        for rest in (parameters.vararg, parameters.kwarg):
            if rest is not None:
                scope.names[rest.arg] = UNKNOWN

    def _default(self, node: ast.expr, scope: Scope) -> Value:
        if isinstance(node, ast.Constant):
            return Value(Kind.CONST, node.value, node=node)
        saved, self.scope = self.scope, scope.outer or scope
        steps, self.steps = self.steps, []
        value = self.value(node)
        self.scope, self.steps = saved, steps
        return value

    def _instantiated(self, cls: Value, args: Args, keywords: Keywords, node: ast.expr) -> Value:
        value = Value(Kind.INSTANCE, cls.data, node=node)
        init = self.world.class_attribute(cls, "__init__")
        if init.kind is Kind.FUNCTION:
            self.call_function(replace(init, args=(value,)), args, node, keywords)
        else:
            self._set_fields(cls, value, args, keywords)
        return value

    def _set_fields(self, cls: Value, value: Value, args: Args, keywords: Keywords) -> None:
        """Set what a dataclass or NamedTuple sets by itself."""
        fields = [s.target.id for s in cls.data.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        value.attributes.update(zip(fields, args))
        value.attributes.update((name, given) for name, given in keywords.items() if name in fields)


def is_context(code: Function) -> bool:
    """Return whether a generator is a context manager or a fixture, whose one value is what it yields."""
    decorators = [ast.unparse(d) for d in getattr(code, "decorator_list", [])]
    return any("contextmanager" in d or "fixture" in d for d in decorators)


def _is_of_super(func: ast.expr) -> bool:
    owner = func.value if isinstance(func, ast.Attribute) else None
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _is_of_super(node.func)


def _is_static(code: Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in getattr(code, "decorator_list", []))


def _any_of(values: Sequence[Value]) -> Value:
    known = values[0]
    for value in values[1:]:
        known = texts.either(known, value)
    return known


def _method_name(owner: Value, method: str) -> str:
    if owner.kind in (Kind.PATH, Kind.PRIVATE):
        return f"str.{method}" if method in _OF_STR else f"pathlib.Path.{method}"
    if owner.kind is Kind.MADE:
        return f"{owner.data}.{method}"
    if owner.kind is Kind.ITEMS:
        return f"{owner.data}.{method}"
    if owner.kind is Kind.CONST and isinstance(owner.data, str | bytes):
        return f"{type(owner.data).__name__}.{method}"
    return f"?.{method}"


def _receiver_of(function: Value) -> Value | None:
    owner = str(function.data).rpartition(".")[0] if function.kind is Kind.OUTSIDE else ""
    return Value(Kind.OUTSIDE, owner) if owner else None


def _handed(keywords: Keywords) -> Args:
    args = keywords.get("args")
    return args.items if args is not None and args.kind is Kind.ITEMS else ()


_OF_STR = frozenset(
    {"format", "split", "rsplit", "strip", "startswith", "endswith", "encode", "lower", "upper", "find"}
)
_FINALISERS = frozenset({"addfinalizer", "addCleanup", "addClassCleanup", "addModuleCleanup", "callback"})
_RUNNERS = frozenset(
    {"Thread", "Process", "Timer", "submit", "map", "starmap", "apply", "apply_async", "run_in_executor", "to_thread"}
    | {"partial", "create_task", "run_sync", "wait_for_condition", "synchronized_threads"}
)

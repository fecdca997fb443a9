"""What following one unit leaves behind, and what all of them share."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_tools.audit.source import Module
from ci_tools.audit.steps import UNKNOWN, Step, Unit, Value

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Scope:
    """The names of a module, a class body or one call of a function.

    `home` is what values are at home in that are bound here: `module` or `module.Class`, "" in a function.
    """

    __slots__ = ("globals", "home", "module", "names", "outer", "owner", "symbol")

    def __init__(
        self,
        module: Module,
        *,
        outer: Scope | None = None,
        symbol: str = "",
        home: str = "",
        owner: ast.ClassDef | None = None,
    ) -> None:
        self.module = module
        self.outer = outer
        self.symbol = symbol
        self.home = home
        self.owner = owner  # the class that the function is a method of
        self.names: dict[str, Value] = {}
        self.globals: set[str] = set()


@dataclass(slots=True)
class Made:
    """Where a function or class was defined: what it is called in, and by."""

    scope: Scope
    symbol: str
    owner: ast.ClassDef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is replaced while a unit runs: a name, and by what; in one module alone if it was reached through that."""

    name: str
    module: str = ""
    value: Value | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a unit left: its steps, what it gives, where it moved to, what it patched, what it undoes at its end."""

    steps: list[Step] = field(default_factory=list)
    undoing: frozenset[int] = frozenset()  # the positions of steps that undo something
    value: Value = UNKNOWN
    cwd: Value = UNKNOWN
    patches: tuple[Patch, ...] = ()
    undone: frozenset[str] = frozenset()
    names: Mapping[str, Value] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Start:
    """What a unit begins with."""

    unit: Unit
    arguments: Mapping[str, Value] = field(default_factory=dict)
    instance: Value | None = None
    cwd: Value = UNKNOWN
    patches: tuple[Patch, ...] = ()

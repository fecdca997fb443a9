"""What a test or fixture does, as far as its source tells: the steps that rules look at.

`flow.py` makes them: it follows a unit's code in order, into functions of the project up to two calls deep, and
knows of each value where it comes from.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ci_tools.audit.source import Module


class Kind(Enum):
    """What is known of a value."""

    UNKNOWN = "unknown"
    CONST = "const"  # `data` is it: text, number, True, None
    PATH = "path"  # begins at a constant, others may have it too; `data` is its text, … where more is unknown
    PRIVATE = "private"  # below tmp_path and its like, or mkdtemp; `data` says which
    MADE = "made"  # by calling something outside of the project; `data` is its name: "socket.socket"
    INSTANCE = "instance"  # of a class of the project; `data` is the class's ast node
    OUTSIDE = "outside"  # a name outside of the project, or a module; `data` is it: "os.environ"
    FUNCTION = "function"  # of the project, nested or a lambda; `data` is the ast node
    CLASS = "class"  # of the project; `data` is the ast node
    ITEMS = "items"  # a list, tuple, set or dict that is written out; `items` are its values, `data` its type's name


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value without running anything.

    `is_unique`: a part of it is random, a process id or a worker's id: no two tests meet in it. `is_unordered`: its
    iteration order is not that of another process (a set, a directory's listing). `home` is `module.NAME` of an object
    that lives at module or class level, a function or a class too, "" of others. `args` are those it was made with, if
    MADE; the object that a method is bound to, if FUNCTION; the keys, if ITEMS of a dict. `attributes` are those of an
    INSTANCE, or the arguments by keyword that something was MADE with. pytest's own fixtures are MADE by their classes:
    `monkeypatch` by "pytest.MonkeyPatch"; see FIXTURES in `flow/given.py`. A listing of a directory is ITEMS with one
    stand-in for each thing in it: the PATH `directory/*`. What an environment variable is by default has the `home`
    "os.environ.NAME".
    """

    kind: Kind
    data: Any = None
    items: tuple[Value, ...] = ()
    args: tuple[Value, ...] = ()
    is_unique: bool = False
    is_unordered: bool = False
    home: str = ""
    node: ast.AST | None = field(default=None, compare=False)  # where it was made
    attributes: dict[str, Value] = field(default_factory=dict, compare=False, repr=False)


UNKNOWN = Value(Kind.UNKNOWN)


class UnitKind(Enum):
    """What pytest calls by itself."""

    TEST = "test"
    FIXTURE = "fixture"
    HOOK = "hook"  # pytest_configure and its like; setUp and setup_module, among the `fixtures` of what they serve
    MODULE = "module"  # what runs when the file is imported


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """Code that pytest calls by itself.

    `name` is `TestLogin.test_x` in its file, `nodeid` what pytest calls a test (without parameters), and `path::name`
    for others. `scope` is a fixture's; `fixtures` are the units it requests, autouse ones too, each once, in the order
    that pytest sets them up; `requests` the names of all fixtures, those of pytest and plugins too. `marks` are the
    names of its marks, its class's and file's too.
    """

    kind: UnitKind
    module: Module
    name: str
    nodeid: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Module
    scope: str = "function"
    is_autouse: bool = False
    fixtures: tuple[Unit, ...] = ()
    requests: tuple[str, ...] = ()
    given: Mapping[str, Unit] = field(default_factory=dict)  # the fixture behind each parameter that is one
    owner: ast.ClassDef | None = None  # the class that it is a method of
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One call on the way from the unit to the step: where it stands, what is called."""

    module: Module
    call: ast.expr
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happens in a unit.

    `symbol` is the function that it stands in. `within` are the values of the `with` statements around it. `in_loop`:
    it may happen more than once. `is_teardown`: behind a fixture's yield, or in a finaliser. `is_restored`: the same
    unit puts it back (try/finally, after the yield, a monkeypatch), or one of its fixtures does. `cwd` is where
    relative paths begin: PRIVATE after a chdir to such a directory, MADE after one to who knows where. What is patched
    (`mock.patch`, `monkeypatch.setattr`, pyfakefs) does nothing, and is no step.
    """

    unit: Unit
    module: Module
    node: ast.expr | ast.stmt
    symbol: str
    frames: tuple[Frame, ...] = ()
    within: tuple[Value, ...] = ()
    in_loop: bool = False
    is_teardown: bool = False
    is_restored: bool = False
    cwd: Value = UNKNOWN

    def is_private(self, path: Value) -> bool:
        """Return whether nobody can say that another test has this path: it is private or unique, or relative to a
        directory that is, or that the test moved to and is unknown."""
        if path.kind is Kind.PRIVATE or path.is_unique:
            return True
        text = path.data if path.kind in (Kind.CONST, Kind.PATH) and isinstance(path.data, str) else "/"
        return self.cwd.kind in (Kind.PRIVATE, Kind.MADE) and not text.startswith(("/", "~", "<"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Step):
    """A call. `name` is what is called, imports resolved: `shutil.rmtree`, `pathlib.Path.write_text` for a method of a
    PATH or something PRIVATE, `socket.socket.bind` for one of something MADE, `list.append` for one of ITEMS,
    `app.store.Store.save` for one of the project, `?.append` for one of an unknown object. `receiver` is the object of
    a method. A function that is handed over to be called later (`addCleanup(os.remove, path)`) is a call, too."""

    name: str
    args: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    receiver: Value | None = None

    def argument(self, position: int, keyword: str = "") -> Value:
        """Return an argument by position or keyword, UNKNOWN when it isn't there."""
        if position < len(self.args):
            return self.args[position]
        return self.keywords.get(keyword, UNKNOWN)


class Place(Enum):
    """What is stored into."""

    GLOBAL = "global"  # a name of a module, by `global`
    ATTRIBUTE = "attribute"  # owner.name
    ITEM = "item"  # owner[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Step):
    """An assignment to, or with `is_delete` a `del` of, something that outlives the function."""

    place: Place
    owner: Value
    name: str
    value: Value = UNKNOWN
    is_delete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Step):
    """A comparison in an `assert`: `left operator right`, the operator as ast names it: "Eq", "In", "Is"."""

    left: Value
    operator: str
    right: Value

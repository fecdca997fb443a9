"""Objects at module and class level of the project's own code: did a test leave them otherwise?

Compared are ids: of what each name is bound to, and one level down of what is in lists, sets, dicts and in the
attributes of the project's own objects. A value deeper down changes unseen, and so does one that a test puts back.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from ci_tools.model.evidence import Change

MAX_ITEMS = 256  # of a larger container only its length counts
MAX_WATCHED = 5_000
_CONTAINERS = (dict, list, set, deque, bytearray)
_CODE = (FunctionType, ModuleType, type, property, staticmethod, classmethod)

# Of each module or class: the ids that its names are bound to; of each container in it: its content.
Print = Mapping[str, object]


class Globals:
    """The project's modules, found again whenever one has been imported."""

    def __init__(self, rootdir: str, private: tuple[str, ...]) -> None:
        self._rootdir = f"{rootdir}{os.sep}"
        self._private = private
        self._n_modules = 0
        self._spaces: list[tuple[str, Mapping[str, Any], tuple[str, ...]]] = []
        self._contents: list[tuple[str, Any]] = []

    def take(self) -> dict[str, object]:
        """Return what there is now; names are `module:NAME` and `module:Class.name`."""
        found: dict[str, object] = {}
        for prefix, space, names in self._spaces:
            found[prefix] = tuple([id(space.get(name)) for name in names])
        for name, value in self._contents:
            found[name] = _content(value)
        return found

    def changes(self, before: Print, after: Print) -> Iterator[Change]:
        """Yield what is different; what was found only now has no before."""
        for name, value in after.items():
            old = before.get(name)
            if old is None or old == value:
                continue
            if name.endswith((":", ".")):
                yield from self._rebound(name, old, value)
            else:
                yield Change("global", name, "changed")

    def _rebound(self, prefix: str, old: Any, new: Any) -> Iterator[Change]:
        names = next((names for found, _, names in self._spaces if found == prefix), ())
        if len(names) == len(old) == len(new):
            for name, before, now in zip(names, old, new):
                if before != now:
                    yield Change("global", f"{prefix}{name}", "changed")
            self._n_modules = 0  # another object is to be looked at from now on

    def find(self) -> None:
        """Find what is to be looked at, where modules have come or names were bound anew since the last time."""
        if len(sys.modules) == self._n_modules:
            return
        self._n_modules = len(sys.modules)
        self._spaces, self._contents = [], []
        own = {name: module for name, module in list(sys.modules.items()) if self._is_own(module)}
        for name, module in sorted(own.items()):
            self._add(f"{name}:", vars(module), own)
            for cls in list(vars(module).values()):
                if isinstance(cls, type) and cls.__module__ == name:
                    self._add(f"{name}:{cls.__name__}.", vars(cls), own)

    def _is_own(self, module: object) -> bool:
        path = getattr(module, "__file__", None)
        return isinstance(path, str) and path.startswith(self._rootdir) and not path.startswith(self._private)

    def _add(self, prefix: str, space: Mapping[str, Any], own: Mapping[str, object]) -> None:
        values = {
            name: value
            for name, value in list(space.items())
            if not name.startswith(("__", "@")) and not _is_machinery(name) and not isinstance(value, _CODE)
        }
        if len(self._spaces) + len(self._contents) > MAX_WATCHED:
            return
        if values:
            self._spaces.append((prefix, space, tuple(values)))
        for name, value in values.items():
            if isinstance(value, _CONTAINERS):
                self._contents.append((f"{prefix}{name}", value))
            elif type(value).__module__ in own and isinstance(getattr(value, "__dict__", None), dict):
                self._contents.append((f"{prefix}{name}", vars(value)))


def _content(value: Any) -> object:
    n_items = len(value)
    if n_items > MAX_ITEMS or isinstance(value, bytearray):
        return n_items
    items = tuple(map(id, value.values() if isinstance(value, dict) else value))
    return (items, tuple(map(id, value))) if isinstance(value, dict) else items


def _is_machinery(name: str) -> bool:
    """Return whether a name is of an enumeration or of an abstract base class, which fill such caches by themselves."""
    return name == "_abc_impl" or (name[:1] == "_" == name[-1:])

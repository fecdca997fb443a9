"""Attributes of the application's own objects, changed in place as soon as their module is imported.

The module is never imported for it: a conftest may want to set something first.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import PurePath
from types import ModuleType
from typing import Any

from ci_tools.model.errors import UsageError

FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


class Attributes:
    """`settings` and `cache_clear`. `value_of(entry, wanted, present)` says what an attribute becomes.

    What goes wrong while somebody imports a module is kept in `problems`: it isn't theirs.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        cache_clear: Sequence[str],
        value_of: Callable[[str, str, str], str],
    ) -> None:
        self.problems: list[UsageError] = []
        self._settings = settings
        self._cached = cache_clear
        self._value_of = value_of
        self._changed: dict[str, tuple[object, str, object, object]] = {}  # owner, name, what was there, what is
        self._on_import = OnImport({entry.partition(":")[0] for entry in (*settings, *cache_clear)}, self._take)

    def start(self) -> None:
        """Take what is imported already, and wait for the rest."""
        for module in [sys.modules[name] for name in sorted(self._on_import.names & sys.modules.keys())]:
            self._clear(module)  # filled before the environment was ours
            self._take(module)
        sys.meta_path.insert(0, self._on_import)

    def missing(self) -> list[UsageError]:
        """Return an error for each entry whose module isn't imported and can't be."""
        unknown = {name for name in self._on_import.names - sys.modules.keys() if not _can_be_found(name)}
        entries = [entry for entry in (*self._settings, *self._cached) if entry.partition(":")[0] in unknown]
        hint = "check its name, and that it can be imported from the tests"
        return [UsageError(f"{entry}: there is no such module", hint=hint) for entry in entries]

    def lost(self) -> list[str]:
        """Return the entries whose attribute somebody else has changed since."""
        return [entry for entry, (owner, name, _, ours) in self._changed.items() if getattr(owner, name, None) != ours]

    def restore(self) -> None:
        """Put back what is still ours; forget what was cached meanwhile."""
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self._on_import)
        for entry, (owner, name, before, _) in self._changed.items():
            if entry not in self.lost():
                setattr(owner, name, before)
        self._changed = {}
        for module in {entry.partition(":")[0] for entry in self._cached} & sys.modules.keys():
            self._clear(sys.modules[module])

    def _take(self, module: ModuleType) -> None:
        for entry, wanted in self._settings.items():
            if entry.partition(":")[0] == module.__name__:
                self._attempt(self._change, entry, module, wanted)
        for entry in self._cached:
            if entry.partition(":")[0] == module.__name__:
                self._attempt(_cached_function, entry, module)

    def _attempt(self, do: Callable[..., object], *words: object) -> None:
        try:
            do(*words)
        except UsageError as error:
            self.problems.append(error)

    def _change(self, entry: str, module: ModuleType, wanted: str) -> None:
        path, _, name = entry.partition(":")[2].rpartition(".")
        owner = _found(entry, module, path)
        before = _found(entry, owner, name)
        value = converted(entry, self._value_of(entry, wanted, str(before)), before)
        try:
            setattr(owner, name, value)
        except Exception as error:  # pydantic's, attrs', a dataclass' or the user's own
            said = " ".join(str(error).split())[:200]
            raise UsageError(
                f"{entry} can't be set to {value!r}: {type(error).__name__}: {said}",
                hint="set the variable that it is read from, in isolation.env, or make its object mutable",
            ) from None
        ours = getattr(owner, name)
        if ours != value and ours == before:
            raise UsageError(f"{entry} stays {before!r} when it is set to {value!r}")
        self._changed[entry] = (owner, name, before, ours)

    def _clear(self, module: ModuleType) -> None:
        for entry in self._cached:
            if entry.partition(":")[0] == module.__name__:
                with contextlib.suppress(UsageError):
                    _cached_function(entry, module).cache_clear()


class OnImport(importlib.abc.MetaPathFinder):
    """Calls `done(module)` when one of these modules has been executed, each time, before who imports it gets it."""

    def __init__(self, names: Iterable[str], done: Callable[[ModuleType], None]) -> None:
        self.names = frozenset(names)
        self._done = done

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find, with a loader that calls back."""
        if fullname not in self.names:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self._done)
                return spec
        return None


class _Loader(importlib.abc.Loader):
    def __init__(self, real: importlib.abc.Loader, done: Callable[[ModuleType], None]) -> None:
        self._real = real
        self._done = done

    def __getattr__(self, name: str) -> Any:
        """Give sources and resources, and what `runpy` runs, to who asks for the module without importing it."""
        return getattr(self._real, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The module keeps its own loader: it may be asked for sources and resources.
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._real.exec_module(module)
        self._done(module)


def converted(entry: str, text: str, present: object) -> object:
    """Return a text as what is there already: a path, a text, a number, a flag; a text for None."""
    if isinstance(present, bool):
        if text.lower() in FLAGS:
            return FLAGS[text.lower()]
        raise UsageError(f"{entry} is {present}, and {text!r} is neither true nor false")
    if isinstance(present, int):
        try:
            return type(present)(text)
        except ValueError:
            raise UsageError(f"{entry} is a number, and {text!r} is none") from None
    if isinstance(present, PurePath):
        return type(present)(text)
    if present is None or type(present) is str:
        return text
    raise UsageError(
        f"{entry} is a {type(present).__name__}, and only texts, paths, whole numbers and flags can be set",
        hint="set the variable that it is read from, in isolation.env",
    )


def _found(entry: str, owner: object, path: str) -> Any:
    for name in path.split("."):
        try:
            owner = getattr(owner, name)
        except AttributeError:
            raise UsageError(f"{entry}: there is no {name}", hint="write module:object.attribute") from None
        except Exception as error:  # an object that loads itself when it is first asked, as Django's settings
            said = " ".join(str(error).split())[:200]
            raise UsageError(f"{entry} can't be read when its module is imported: {said}") from None
    return owner


def _cached_function(entry: str, module: ModuleType) -> Any:
    function = _found(entry, module, entry.partition(":")[2])
    if not hasattr(function, "cache_clear"):
        raise UsageError(f"{entry} has no cache_clear", hint="name a function with functools.lru_cache")
    return function


def _can_be_found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False

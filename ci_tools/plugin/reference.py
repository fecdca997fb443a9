"""A function named so that another process of the run can find it."""

from __future__ import annotations

import importlib.util
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from types import FunctionType, ModuleType
from typing import Any

import pytest

from ci_tools.model.errors import CiToolsError


@dataclass(frozen=True, slots=True)
class Reference:
    """`name` is for people. A function is found by its module's file, as conftest.py has no name of its own."""

    name: str
    module: str = ""
    qualname: str = ""
    file: str = ""
    pickled: bytes = b""


def refer(function: Callable[..., object], what: str) -> Reference:
    """Return a reference; CiToolsError when another process can't find the function. `what` is who asks for it."""
    if isinstance(function, FunctionType):
        qualname = function.__qualname__
        name = f"{function.__module__}.{qualname}"
        if "<" not in qualname and "__file__" in function.__globals__:
            return Reference(name, function.__module__, qualname, function.__globals__["__file__"])
    else:
        name = repr(function)
        try:
            return Reference(name, pickled=pickle.dumps(function))
        except Exception:
            pass
    raise CiToolsError(
        f"{what}: its teardown {name} can't be called by another worker",
        hint="the last worker to end calls it: make it a function at the top of a module",
    )


def resolve(reference: Reference, config: pytest.Config) -> Callable[..., object]:
    """Return the function: of a module that is loaded here, or else loaded for this."""
    if reference.pickled:
        function: Callable[..., object] = pickle.loads(reference.pickled)
    else:
        found: Any = _module(reference, config)
        function = reduce(getattr, reference.qualname.split("."), found)
    return function


def _module(reference: Reference, config: pytest.Config) -> ModuleType:
    plugins = config.pluginmanager.get_plugins()
    named = sys.modules.get(reference.module)
    for module in (named, *plugins, *list(sys.modules.values())):
        if isinstance(module, ModuleType) and getattr(module, "__file__", None) == reference.file:
            return module
    spec = importlib.util.spec_from_file_location(reference.module, reference.file)
    assert spec is not None and spec.loader is not None, reference
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded

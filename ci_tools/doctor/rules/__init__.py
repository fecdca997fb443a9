"""One rule, one module; its docstring is its documentation, its name with `-` for `_` is its id."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import getdoc
from types import ModuleType

from ci_tools.doctor.finding import Finding
from ci_tools.doctor.project import Project

Check = Callable[[Project], Iterator[Finding]]
RULES = tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)))


def check_of(rule: str) -> Check:
    """Return a rule's function."""
    check: Check = _module(rule).check
    return check


def documentation_of(rule: str) -> str:
    """Return a rule's documentation; its first line says what the rule finds."""
    return getdoc(_module(rule)) or ""


def _module(rule: str) -> ModuleType:
    return import_module(f"{__name__}.{rule.replace('-', '_')}")

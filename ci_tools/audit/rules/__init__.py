"""One rule, one module: `cit001_write_constant_path` is CIT001, write-constant-path; its docstring is its page."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import getdoc
from types import ModuleType

from ci_tools.audit.finding import Finding
from ci_tools.audit.suite import Suite

Check = Callable[[Suite], Iterator[Finding]]
_MODULES = {module.name[:6].upper(): module.name for module in pkgutil.iter_modules(__path__)}
RULES = tuple(sorted(_MODULES))


def name_of(rule: str) -> str:
    """Return a rule's name: `write-constant-path`."""
    return _MODULES[rule][7:].replace("_", "-")


def check_of(rule: str) -> Check:
    """Return a rule's function."""
    check: Check = _module(rule).check
    return check


def documentation_of(rule: str) -> str:
    """Return a rule's documentation; its first line says what the rule finds."""
    return getdoc(_module(rule)) or ""


def _module(rule: str) -> ModuleType:
    return import_module(f"{__name__}.{_MODULES[rule]}")

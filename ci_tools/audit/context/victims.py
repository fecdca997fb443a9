"""Whether anybody could notice that a module's attribute has changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from ci_tools.audit.context.around import calls_with_fixtures, texts_in
from ci_tools.audit.flow.restored import name_of
from ci_tools.audit.source import Module
from ci_tools.audit.steps import Kind, Place, Step, Store
from ci_tools.audit.suite import Suite

_KEPT = re.compile(r"_?(?:old|orig|original|prev|previous|saved)_\w+")  # `Pipe._old_del = Pipe.__del__`


def is_unread(suite: Suite, step: Step, homes: Mapping[str, str]) -> bool:
    """Return whether no other unit and no other file reads an attribute of a module by its name.

    `homes` are the paths of the project's modules by name: others have readers that aren't read here, unless it is a
    name for what was there before.
    """
    if not isinstance(step, Store) or step.place is not Place.ATTRIBUTE or step.name.startswith("__"):
        return False
    owner = name_of(step.owner)
    if owner not in homes and not _KEPT.fullmatch(step.name):
        return False
    return not any(_reads(module, step, owner) for module in suite.modules.values() if _mentions(module, step.name))


def _mentions(module: Module, name: str) -> bool:
    return any(name in line for line in module.lines)


def _reads(module: Module, step: Store, owner: str) -> bool:
    own = set(ast.walk(step.unit.node)) if module is step.unit.module else set()
    is_home = module.name == owner
    return any(_is_read(node, module, step.name, owner, is_home) for node in ast.walk(module.tree) if node not in own)


def _is_read(node: ast.AST, module: Module, name: str, owner: str, is_home: bool) -> bool:
    match node:
        case ast.Attribute(attr=attr, value=held, ctx=ast.Load()) if attr == name:
            known = module.names.get(held.id) if isinstance(held, ast.Name) else None
            return known is None or known == owner
        case ast.Name(id=read, ctx=ast.Load()):
            return is_home and read == name
        case ast.Constant(value=str() as text):
            return text.rpartition(".")[2] == name
        case ast.ImportFrom(names=names):
            return any(alias.name == name for alias in names)
    return False


def is_of_stand_in(suite: Suite, step: Step) -> bool:
    """Return whether it changes a module that the test has made up: `with module_exists("django"): import django`."""
    if not isinstance(step, Store) or step.owner.kind is not Kind.OUTSIDE:
        return False
    module = str(step.owner.data)
    for call in calls_with_fixtures(suite, step.unit):
        if call.name.rpartition(".")[2] in _STAND_INS and any(module in texts_in(value) for value in call.args):
            return True
    return False


_STAND_INS = ("module", "modules", "module_exists", "mock_module", "mock_modules", "fake_module", "fake_modules")

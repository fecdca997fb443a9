"""Which object that outlives a test a step changes, and how."""

from __future__ import annotations

import ast

from ci_tools.audit.context.around import ancestors
from ci_tools.audit.steps import Call, Kind, Place, Step, Store

_MUTATORS = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "clear",
        "difference_update",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "intersection_update",
        "pop",
        "popitem",
        "popleft",
        "remove",
        "reverse",
        "setdefault",
        "sort",
        "subtract",
        "symmetric_difference_update",
        "update",
    }
)
_OF_OTHER_RULES = ("sys", "os.environ", "logging.root")  # CIT204, CIT202


def changed(step: Step) -> str:
    """Return what a step changes, dotted: `app.settings.debug`; "" if nothing that outlives its test."""
    if isinstance(step, Call):
        held = step.receiver
        is_change = held is not None and held.kind is Kind.ITEMS and step.name.rpartition(".")[2] in _MUTATORS
        return held.home if held is not None and is_change else ""
    if not isinstance(step, Store):
        return ""
    if step.place is Place.GLOBAL:
        return f"{step.module.name}.{step.name}"
    if step.place is Place.ITEM:
        return step.owner.home if step.owner.kind is Kind.ITEMS else ""
    return _attribute(step)


def _attribute(step: Store) -> str:
    owner = step.owner
    if owner.kind is Kind.OUTSIDE:
        is_other = owner.data in _OF_OTHER_RULES or not _is_imported(step, str(owner.data))
        return "" if is_other else f"{owner.data}.{step.name}"
    is_of_project = owner.kind in (Kind.CLASS, Kind.INSTANCE) and owner.home
    return f"{owner.home}.{step.name}" if is_of_project else ""


def _is_imported(step: Store, dotted: str) -> bool:
    """Return whether the owner is written as a name that an import binds: others may be objects of the test's own."""
    target = step.node
    if isinstance(target, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [target.target] if isinstance(target, ast.AugAssign) else target.targets
        return any(_is_name(t, step, dotted) for t in targets)
    return _is_name(target, step, dotted)


def _is_name(target: ast.AST, step: Store, dotted: str) -> bool:
    owner = target.value if isinstance(target, ast.Attribute) else None
    if not isinstance(owner, ast.Name):
        return False
    return step.module.names.get(owner.id) == dotted or _is_imported_nearby(step, owner.id)


def _is_imported_nearby(step: Step, name: str) -> bool:
    above = ancestors(step.module.tree, step.node)
    inner = [
        node for function in above[1:] for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return any((alias.asname or alias.name) == name for node in inner for alias in node.names)


def grows(step: Step) -> bool:
    """Return whether what was there before counts: a method is called, or `+=`."""
    return isinstance(step, Call) or isinstance(step.node, ast.AugAssign)


def renews(step: Step) -> bool:
    """Return whether nothing of what was there before is left."""
    if isinstance(step, Call):
        return step.name.rpartition(".")[2] == "clear"
    return isinstance(step, Store) and not grows(step) and (step.place is not Place.ITEM or _is_whole(step))


def _is_whole(step: Store) -> bool:
    """Return whether it is `LIST[:] = ...`."""
    targets = step.node.targets if isinstance(step.node, ast.Assign | ast.Delete) else [step.node]
    return any(isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice) for target in targets)


def is_container(step: Step) -> bool:
    """Return whether it is a list, a dict or a name that changes, not an object's attribute."""
    return isinstance(step, Call) or (isinstance(step, Store) and step.place is not Place.ATTRIBUTE)


def is_first_value(step: Step) -> bool:
    """Return whether an attribute of a class of the project is set to the constant that the class's body gives it."""
    if not isinstance(step, Store) or step.owner.kind is not Kind.CLASS or step.value.kind is not Kind.CONST:
        return False
    first: ast.expr | None = ast.Name(step.name)
    body = {t.id: n.value for n in step.owner.data.body for t in _bound(n) if isinstance(t, ast.Name)}
    for _ in range(2):  # `parsing = IMPLICIT`, where `IMPLICIT = "implicit"`
        first = body.get(first.id) if isinstance(first, ast.Name) else first
    return isinstance(first, ast.Constant) and (type(first.value), first.value) == (
        type(step.value.data),
        step.value.data,
    )


def _bound(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.AnnAssign):
        return [node.target]
    return node.targets if isinstance(node, ast.Assign) else []

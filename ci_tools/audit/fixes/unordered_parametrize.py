"""CIT101: `parametrize("name", {"a", "b"})` → `parametrize("name", sorted({"a", "b"}))`."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from ci_tools.audit.fixes.source import Change, Source, dotted, names_in

_SETS = ("set", "frozenset")
_COPIES = ("list", "tuple")
_LISTINGS = ("os.listdir", "glob.glob", "glob.iglob")
_PATH_LISTINGS = ("iterdir", "glob", "rglob")
_READS = (cst.Arg, cst.Comparison, cst.ComparisonTarget)
_UNSURE = "its values may not be of one kind that can be sorted"


def changes(source: Source, calls: Sequence[cst.Call]) -> Sequence[Change | str]:
    """Return a change or a refusal for each `parametrize(...)`."""
    return [_change(source, call) for call in calls]


def _change(source: Source, call: cst.Call) -> Change | str:
    argument = _argument(call)
    if argument is None:
        return "its values aren't written here"
    if any(arg.keyword is not None and arg.keyword.value == "ids" for arg in call.args):
        return "ids are given, for an order that isn't there"
    values = _without_copy(source, argument.value)
    if not _is_sortable(source, values):
        return _UNSURE
    new = cst.Call(func=cst.Name("sorted"), args=[cst.Arg(values.with_changes(lpar=(), rpar=()))])
    return Change(edits={argument.value: lambda node: new})


def _argument(call: cst.Call) -> cst.Arg | None:
    is_mark = dotted(call.func).rpartition(".")[2] == "parametrize"
    named = next((a for a in call.args if a.keyword is not None and a.keyword.value in ("argvalues", "params")), None)
    positional = [a for a in call.args if a.keyword is None and not a.star]
    return named or (positional[1] if is_mark and len(positional) > 1 else None)


def _without_copy(source: Source, values: cst.BaseExpression) -> cst.BaseExpression:
    """`list({...})` is `{...}` to sorted."""
    if isinstance(values, cst.Call) and dotted(values.func) in _COPIES and len(values.args) == 1:
        return _without_copy(source, values.args[0].value)
    return values


def _is_sortable(source: Source, values: cst.BaseExpression) -> bool:
    if isinstance(values, cst.Name):
        return _is_sortable_name(source, values.value)
    if isinstance(values, cst.Call):
        return _is_sortable_call(source, values)
    return isinstance(values, cst.Set) and _are_of_one_kind([element.value for element in values.elements])


def _is_sortable_call(source: Source, call: cst.Call) -> bool:
    if dotted(call.func) in _SETS and len(call.args) == 1:
        held = call.args[0].value
        if not isinstance(held, cst.List | cst.Tuple | cst.Set):
            return False
        return _are_of_one_kind([element.value for element in held.elements])
    if source.meaning(call.func) in _LISTINGS:
        return True
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in _PATH_LISTINGS


def _is_sortable_name(source: Source, name: str) -> bool:
    """Return whether a module binds a name once, to a set that is sortable, and only ever reads it."""
    lines = [line for line in source.module.body if isinstance(line, cst.SimpleStatementLine)]
    assigned = [
        small.value
        for line in lines
        for small in line.body
        if isinstance(small, cst.Assign | cst.AnnAssign) and small.value is not None and name in _targets(small)
    ]
    uses = [source.parents[use] for use in names_in(source.module, name)]
    is_only_read = sum(not isinstance(use, _READS) for use in uses) == 1  # the binding alone
    is_bound_once = len(assigned) == 1 and not isinstance(assigned[0], cst.Name)
    return is_bound_once and is_only_read and _is_sortable(source, assigned[0])


def _targets(statement: cst.Assign | cst.AnnAssign) -> list[str]:
    targets = [statement.target] if isinstance(statement, cst.AnnAssign) else [t.target for t in statement.targets]
    return [dotted(target) for target in targets]


def _are_of_one_kind(values: Sequence[cst.BaseExpression]) -> bool:
    kinds = {_kind(value) for value in values}
    return len(kinds) == 1 and "" not in kinds


def _kind(value: cst.BaseExpression) -> str:
    """Return what a written-out value is sorted with: "text", "number", "bytes", a tuple of these; "" if unknown."""
    if isinstance(value, cst.SimpleString):
        return "bytes" if "b" in value.prefix.lower() else "text"
    if isinstance(value, cst.ConcatenatedString):
        left, right = _kind(value.left), _kind(value.right)
        return left if left == right else ""
    if isinstance(value, cst.Integer | cst.Float):
        return "number"
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus):
        return "number" if _kind(value.expression) == "number" else ""
    if isinstance(value, cst.Tuple):
        kinds = [_kind(element.value) for element in value.elements]
        return f"({', '.join(kinds)})" if all(kinds) else ""
    return ""

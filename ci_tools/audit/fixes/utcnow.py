"""CIT502: `datetime.utcnow()` → `datetime.now(timezone.utc)`, where the time meets only others that change with it.

Aware and naive times can't be compared, and an aware one is written with its offset. So a function is changed whole or
not at all, and only if none of its times leaves it or is written out.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from ci_tools.audit.fixes.source import Change, Function, Import, Source, dotted, names_in, nodes_in

_INSTEAD = {"datetime.datetime.utcnow": "now", "datetime.datetime.utcfromtimestamp": "fromtimestamp"}
_SAME_FIELDS = frozenset({"year", "month", "day", "hour", "minute", "second", "microsecond"})
_SAME_METHODS = frozenset({"date", "time", "weekday", "isoweekday", "isocalendar", "toordinal"})
_TIMEZONE = Import(module="datetime", name="timezone")
_LEAVES = "its value goes where naive times may be"
_ELSEWHERE = "the function has another one that is left as it is"


def changes(source: Source, calls: Sequence[cst.Call]) -> Sequence[Change | str]:
    """Return a change or a refusal for each call of `utcnow` or `utcfromtimestamp`."""
    functions = {id(call): source.function_of(call) for call in calls}
    reasons = {id(f): _Times(source, f, calls).reason() for f in functions.values() if f is not None}
    return [_change(source, call, functions[id(call)], reasons) for call in calls]


def _change(source: Source, call: cst.Call, function: Function | None, reasons: dict[int, str]) -> Change | str:
    if function is None:
        return "at module level, who knows what it is compared with"
    method = _INSTEAD.get(source.meaning(call.func))
    if method is None or not isinstance(call.func, cst.Attribute):
        return "it isn't clear which `datetime` it is"
    reason = reasons[id(function)] or _reason_of_arguments(call, method) or _reason_of_name(source, call.func, function)
    if reason:
        return reason
    zone = cst.parse_expression(f"{_prefix(call.func)}timezone.utc")
    name = cst.Attribute(value=call.func.value, attr=cst.Name(method))
    equal = cst.AssignEqual(whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace(""))
    added = cst.Arg(zone) if method == "now" else cst.Arg(zone, keyword=cst.Name("tz"), equal=equal)
    new = call.with_changes(func=name, args=[*call.args, added])
    return Change(edits={call: lambda node: new}, needs=() if _prefix(call.func) else (_TIMEZONE,))


def _prefix(function: cst.Attribute) -> str:
    """Return `dt.` of `dt.datetime.utcnow`, "" of `datetime.utcnow`."""
    return dotted(function.value).rpartition(".")[0] + "." if isinstance(function.value, cst.Attribute) else ""


def _reason_of_arguments(call: cst.Call, method: str) -> str:
    is_plain = len(call.args) == (method != "now") and not any(arg.star or arg.keyword for arg in call.args)
    return "" if is_plain else "its arguments are unusual"


def _reason_of_name(source: Source, name: cst.Attribute, function: Function) -> str:
    if _prefix(name):
        return ""
    known = source.imports.get("timezone", "datetime.timezone")
    is_bound = [node for node in nodes_in(function) if _binds(node, "timezone")]
    return "`timezone` is something else here" if known != "datetime.timezone" or is_bound else ""


def _binds(node: cst.CSTNode, name: str) -> bool:
    return _is_parameter(node, name) or (isinstance(node, cst.AssignTarget) and dotted(node.target) == name)


class _Times:
    """What becomes of the times in UTC within one function."""

    def __init__(self, source: Source, function: Function, fixed: Sequence[cst.Call]) -> None:
        self.source = source
        self.function = function
        self.fixed = {id(call) for call in fixed}
        self.names: set[str] = set()  # those that were followed
        self.assigned = [node for node in nodes_in(function) if isinstance(node, cst.Assign)]
        self.ours: set[str] = set()
        self.ours = self._bound_to_utc()

    def reason(self) -> str:
        """Return why they can't become aware, "" if they can."""
        calls = [node for node in nodes_in(self.function) if isinstance(node, cst.Call) and self._is_utc(node)]
        if any(id(call) not in self.fixed or self.source.function_of(call) is not self.function for call in calls):
            return _ELSEWHERE
        todo: list[cst.BaseExpression] = list(calls)
        while todo:
            reason = self._follow(todo.pop(), todo)
            if reason:
                return reason
        return "" if self.names <= self.ours else _LEAVES

    def _is_utc(self, call: cst.Call) -> bool:
        return self.source.meaning(call.func) in _INSTEAD

    def _follow(self, time: cst.BaseExpression, todo: list[cst.BaseExpression]) -> str:
        """Follow a time to where it is used; names that are bound to it are followed later."""
        parent = self.source.parents[time]
        if isinstance(parent, cst.Attribute) and parent.value is time:
            return self._of_attribute(parent, todo)
        if isinstance(parent, cst.BinaryOperation):
            return self._of_sum(time, parent, todo)
        if isinstance(parent, cst.Comparison | cst.ComparisonTarget):
            return self._of_comparison(parent)
        if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
            return self._of_assignment(parent.targets[0].target, todo)
        is_only_asked = isinstance(parent, cst.Expr | cst.Assert | cst.If | cst.While)
        return "" if is_only_asked else _LEAVES

    def _of_attribute(self, attribute: cst.Attribute, todo: list[cst.BaseExpression]) -> str:
        name, call = attribute.attr.value, self.source.parents[attribute]
        if name in _SAME_FIELDS:
            return ""
        if not isinstance(call, cst.Call) or call.func is not attribute:
            return _LEAVES
        keywords = {arg.keyword.value for arg in call.args if arg.keyword is not None}
        if name in _SAME_METHODS or (name == "replace" and "tzinfo" in keywords):
            return ""
        if name == "strftime" and len(call.args) == 1:
            form = call.args[0].value
            text = form.value.lower() if isinstance(form, cst.SimpleString) else "%z"
            return "it is written with its zone" if "%z" in text or "%c" in text else ""
        if name == "replace":
            todo.append(call)
            return ""
        return f"`{name}()` would give something else" if name in ("isoformat", "timestamp", "timetuple") else _LEAVES

    def _of_sum(self, time: cst.BaseExpression, operation: cst.BinaryOperation, todo: list[cst.BaseExpression]) -> str:
        other = operation.right if operation.left is time else operation.left
        if isinstance(other, cst.Call) and self.source.meaning(other.func) == "datetime.timedelta":
            todo.append(operation)
            return ""
        return "" if isinstance(operation.operator, cst.Subtract) and self._is_ours(other) else _LEAVES

    def _of_comparison(self, node: cst.CSTNode) -> str:
        comparison = node if isinstance(node, cst.Comparison) else self.source.parents[node]
        assert isinstance(comparison, cst.Comparison)
        sides = [comparison.left, *(target.comparator for target in comparison.comparisons)]
        return "" if all(map(self._is_ours, sides)) else "it is compared with what may be a naive time"

    def _of_assignment(self, target: cst.BaseExpression, todo: list[cst.BaseExpression]) -> str:
        if not isinstance(target, cst.Name):
            return _LEAVES
        if target.value not in self.names:
            self.names.add(target.value)
            todo += [name for name in names_in(self.function, target.value) if not self._is_bound(name)]
        return ""

    def _is_bound(self, name: cst.Name) -> bool:
        return isinstance(self.source.parents[name], cst.AssignTarget)

    def _is_ours(self, side: cst.BaseExpression) -> bool:
        """Return whether an expression is a time in UTC of this function, or made of one with a `timedelta`."""
        if isinstance(side, cst.Name):
            return side.value in self.ours
        if isinstance(side, cst.BinaryOperation):
            is_sum = isinstance(side.right, cst.Call) and self.source.meaning(side.right.func) == "datetime.timedelta"
            return is_sum and self._is_ours(side.left)
        if not isinstance(side, cst.Call):
            return False
        if self._is_utc(side):
            return True
        if not isinstance(side.func, cst.Attribute) or side.func.attr.value != "replace":
            return False
        is_zoned = any(arg.keyword is not None and arg.keyword.value == "tzinfo" for arg in side.args)
        return not is_zoned and self._is_ours(side.func.value)

    def _bound_to_utc(self) -> set[str]:
        """Return the names that are bound to times in UTC, and to nothing else."""
        count = 0
        while True:
            found = {
                dotted(target.target) for node in self.assigned if self._is_ours(node.value) for target in node.targets
            }
            self.ours = {name for name in found if name}
            if len(self.ours) == count:
                return {name for name in self.ours if self._is_always_utc(name)}
            count = len(self.ours)

    def _is_always_utc(self, name: str) -> bool:
        n_bound = sum(1 for found in names_in(self.function, name) if self._is_bound(found))
        n_ours = sum(1 for n in self.assigned if dotted(n.targets[0].target) == name and self._is_ours(n.value))
        is_elsewhere = any(isinstance(node, cst.Global | cst.Nonlocal) for node in nodes_in(self.function))
        return (
            n_bound == n_ours and not is_elsewhere and not any(_is_parameter(n, name) for n in nodes_in(self.function))
        )


def _is_parameter(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Param) and node.name.value == name

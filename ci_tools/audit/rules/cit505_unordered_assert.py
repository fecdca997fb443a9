"""An assertion about the order of something that has none.

A set of texts is iterated in another order in each process, unless PYTHONHASHSEED is set; a directory is listed as the
file system likes. The assertion holds on one worker, and not on the next.

Bad:

```python
assert list(tags("b a")) == ["a", "b"]
assert os.listdir(folder) == ["one.txt", "two.txt"]
```

Good:

```python
assert tags("b a") == {"a", "b"}
assert sorted(os.listdir(folder)) == ["one.txt", "two.txt"]
```

Not found: comparisons of sets, and with a list of at most one; sets of numbers, which are the same in every process;
dicts, which keep their order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ci_tools.audit.context.around import ancestors
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Check, Kind, Step, Value
from ci_tools.audit.suite import Suite, finding

_EQUALS = ("assertEqual", "assertEquals", "assertListEqual", "assertSequenceEqual", "assertTupleEqual")
_SETS = ("set", "frozenset")


def check(suite: Suite) -> Iterator[Finding]:
    """Find comparisons that depend on the order of a set or a directory."""
    for step in suite.all_steps():
        what = _what(step)
        if what:
            yield finding(
                step,
                axis=Axis.TIME,
                severity=Severity.LOW,
                fact=f"expects an order of {what}, which has none",
                fix="compare `sorted(...)`, or sets",
            )


def _what(step: Step) -> str:
    if isinstance(step, Check) and step.operator == "Eq":
        return _ordered(step.left, step.right) or _ordered(step.right, step.left)
    if not isinstance(step, Call):
        return ""
    if step.name.rpartition(".")[2] in _EQUALS and len(step.args) > 1:
        left, right = step.args[:2]
        return _ordered(left, right) or _ordered(right, left)
    return _written(step)


def _ordered(value: Value, expected: Value) -> str:
    """Return what is listed in `value`, if it is compared with a list of several."""
    if not value.is_unordered or value.data in _SETS or _are_numbers(value):
        return ""
    is_several = expected.kind is Kind.ITEMS and expected.data in ("list", "tuple") and len(expected.items) > 1
    if not is_several or expected.is_unordered or _are_numbers(expected):
        return ""
    return "a directory" if value.kind is Kind.MADE else "a set"


def _are_numbers(value: Value) -> bool:
    items = value.items
    return bool(items) and all(item.kind is Kind.CONST and isinstance(item.data, int | float) for item in items)


def _written(call: Call) -> str:
    """`str({"a", "b"}) == ...`, `", ".join({"a", "b"}) == ...`."""
    is_text = call.name in ("str", "repr") or call.name.rpartition(".")[2] == "join"
    held = call.argument(0)
    if not is_text or not held.is_unordered or _are_numbers(held) or (held.items and len(held.items) < 2):
        return ""
    above = ancestors(call.module.tree, call.node)
    is_side = bool(above) and isinstance(above[-1], ast.Compare) and isinstance(above[-1].ops[0], ast.Eq)
    is_side = is_side and any(isinstance(node, ast.Assert) for node in above)
    return ("a set" if held.kind is Kind.ITEMS else "a directory") if is_side else ""

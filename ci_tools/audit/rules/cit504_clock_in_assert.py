"""An expectation that reads the clock anew.

The code under test reads the clock, then the assertion reads it once more. Between the two, midnight passes: a test
that fails once a year, for nobody to repeat. And `now()` and `today()` without a zone are another day on a machine in
another zone.

Bad:

```python
def test_title():
    assert make_report().title == f"Report of {date.today()}"
```

Good: the test says what time it is.

```python
def test_title():
    assert make_report(today=date(2024, 2, 29)).title == "Report of 2024-02-29"
```

`freezegun` and `time-machine` stop the clock where it can't be handed over. Found in comparisons by `==` and `in`
within an assertion, also by way of a name that is used in assertions alone. Not found: bounds (`before <= stamp <=
now()`), what is handed to the code under test as well, a clock that is stopped or patched.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ci_tools.audit.context.around import ancestors, calls_with_fixtures
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Unit, UnitKind
from ci_tools.audit.suite import Suite, finding

_CLOCKS = (
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "time.gmtime",
    "time.localtime",
    "time.strftime",
)
_STOPPED = (
    "freez",
    "frozen",
    "time_machine",
    "travel",
    "fake_time",
    "mock_time",
    "fixed_time",
    "mock_date",
    "fake_date",
)
_FORMATS = ("str", "int", "repr", "format", "timedelta")
_EQUALS = ("assertEqual", "assertEquals", "assertIn")


def check(suite: Suite) -> Iterator[Finding]:
    """Find readings of the clock that an assertion compares with another."""
    for unit in suite.units:
        if unit.kind is not UnitKind.TEST:
            continue
        clocks = [s for s in suite.steps[unit] if isinstance(s, Call) and s.name in _CLOCKS and not s.frames]
        if not clocks or _is_stopped(suite, unit):
            continue
        for step in clocks:
            if not _says_when(step) and _is_expectation(unit.node, step.node):
                name = step.name.removeprefix("datetime.")
                yield finding(
                    step,
                    axis=Axis.TIME,
                    severity=Severity.LOW,
                    fact=f"expects what `{name}` says, which the code under test has read at another moment",
                    fix="hand the time over, or stop the clock with freezegun or time-machine",
                )


def _says_when(call: Call) -> bool:
    return call.name.startswith("time.") and len(call.args) > (call.name == "time.strftime")


def _is_stopped(suite: Suite, unit: Unit) -> bool:
    decorators = [
        ast.unparse(d) for node in (*ancestors(unit.module.tree, unit.node), unit.node) for d in _decorators(node)
    ]
    called = [call.name for call in calls_with_fixtures(suite, unit)]
    blocks = [node for node in ast.walk(unit.node) if isinstance(node, ast.With | ast.AsyncWith)]
    within = [ast.unparse(item.context_expr) for node in blocks for item in node.items]
    words = [*decorators, *called, *within, *unit.requests, *unit.marks]
    return any(stop in word.lower() for word in words for stop in _STOPPED)


def _decorators(node: ast.AST) -> Sequence[ast.expr]:
    return getattr(node, "decorator_list", ())


def _is_expectation(unit: ast.AST, clock: ast.AST) -> bool:
    above = ancestors(unit, clock)
    top = _formatted(above, clock)
    if isinstance(top, ast.Attribute) and top.attr == "tzinfo":
        return False
    if _is_compared(above, top):
        return True
    statement = next((node for node in reversed(above) if isinstance(node, ast.stmt)), None)
    if not isinstance(statement, ast.Assign) or statement.value is not top or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Name) and _is_only_expected(unit, target.id)


def _is_only_expected(unit: ast.AST, name: str) -> bool:
    """Return whether assertions alone use a name, one of them in a comparison, and nothing else binds it."""
    uses = [node for node in ast.walk(unit) if isinstance(node, ast.Name) and node.id == name]
    loads = [node for node in uses if isinstance(node.ctx, ast.Load)]
    above = [ancestors(unit, node) for node in loads]
    return (
        len(uses) == len(loads) + 1
        and bool(loads)
        and all(_is_compared(nodes, _formatted(nodes, node)) for nodes, node in zip(above, loads))
    )


def _formatted(above: Sequence[ast.AST], node: ast.AST) -> ast.AST:
    """Return the outermost expression that only writes a value differently: its attributes and methods, `str`,
    f-strings, sums."""
    for outer in reversed(above):
        is_call = isinstance(outer, ast.Call)
        is_own = isinstance(outer, ast.Call) and (outer.func is node or _is_format(outer))
        is_written = isinstance(outer, ast.Attribute | ast.BinOp | ast.JoinedStr | ast.FormattedValue)
        if not (is_own if is_call else is_written):
            break
        node = outer
    return node


def _is_format(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute):
        return isinstance(function.value, ast.Constant) and function.attr == "format"
    return isinstance(function, ast.Name) and function.id in _FORMATS


def _is_compared(above: Sequence[ast.AST], node: ast.AST) -> bool:
    """Return whether a node is a side of `==` or `in` within an assertion, and the other side isn't written out."""
    for outer in reversed(above):
        if isinstance(outer, ast.Compare):
            sides = [outer.left, *outer.comparators]
            others = [side for side in sides if side is not node]
            is_equal = all(isinstance(operator, ast.Eq | ast.In) for operator in outer.ops)
            is_side = len(others) < len(sides) and any(isinstance(a, ast.Assert) for a in above)
            return is_side and is_equal and any(map(_is_made, others))
        if isinstance(outer, ast.Call) and isinstance(outer.func, ast.Attribute) and outer.func.attr in _EQUALS:
            return (
                any(_is_made(argument) for argument in outer.args[:2] if argument is not node)
                and node in outer.args[:2]
            )
    return False


def _is_made(side: ast.AST) -> bool:
    return any(isinstance(node, ast.Name | ast.Call) for node in ast.walk(side))

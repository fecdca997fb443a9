"""A test that sleeps for a fixed time, and then expects something else to have happened.

The thread, task or process that it waits for has no deadline. With as many workers as CPUs, the machine is busy, and
what took 20 ms alone takes 300 ms: the test fails without a cause. A longer sleep makes every run slower and fails less
often.

Bad:

```python
def test_delivers():
    threading.Thread(target=deliver, args=(mailbox,)).start()
    time.sleep(0.1)
    assert mailbox == ["hello"]
```

Good: wait for the condition itself, as long as it takes up to a limit.

```python
from ci_tools.testing import wait_for_condition

def test_delivers():
    threading.Thread(target=deliver, args=(mailbox,)).start()
    wait_for_condition(lambda: mailbox, timeout_s=10)
    assert mailbox == ["hello"]
```

Found, once a test, where the test or a fixture it asks for started something that runs beside it, and an assertion
follows the sleep with nothing between them that waits. Not found: sleeps in loops, which poll; sleeps where nothing
runs beside, which let time pass; `sleep(0)`; what is patched; assertions that nothing has happened yet, which pass all
the more on a busy machine.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ci_tools.audit.context.around import is_elsewhere, is_of_tests, place_in_unit
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, UnitKind, Value
from ci_tools.audit.suite import Suite, finding
from ci_tools.model.words import count

_SLEEPS = ("time.sleep", "asyncio.sleep", "trio.sleep", "anyio.sleep", "gevent.sleep", "eventlet.sleep")
_STARTS = frozenset(
    {
        "Popen",
        "Process",
        "Thread",
        "Timer",
        "apply_async",
        "call_later",
        "create_subprocess_exec",
        "create_subprocess_shell",
        "create_task",
        "ensure_future",
        "run_in_executor",
        "start",
        "start_new_thread",
        "start_server",
        "start_soon",
        "submit",
    }
)
_WAITS = frozenset(
    {"communicate", "gather", "get", "join", "result", "shutdown", "wait", "wait_for", "wait_for_condition"}
)
_EXPECTS_END = ("raises", "assertRaises", "timeout", "wait_for", "fail_after", "move_on_after", "timeout_at")


def check(suite: Suite) -> Iterator[Finding]:
    """Find sleeps that stand in for waiting."""
    for unit in suite.units:
        if unit.kind is not UnitKind.TEST:
            continue
        is_beside = False
        for fixture in unit.fixtures:
            is_asked_for = not fixture.is_autouse or fixture.kind is UnitKind.HOOK
            calls = [step for step in suite.steps.get(fixture, ()) if isinstance(step, Call)]
            is_beside |= is_asked_for and any(map(_starts, calls))
        sleeps = []
        for step in suite.steps[unit]:
            if isinstance(step, Call):
                is_beside |= _starts(step)
                if is_beside and _sleeps(step) and _is_before_assert(unit.node, place_in_unit(step)):
                    sleeps.append(step)
        if sleeps:
            yield _finding(sleeps[0], len(sleeps) - 1)


def _finding(step: Call, n_more: int) -> Finding:
    more = f" ({count(n_more, 'more sleep')} in this test)" if n_more else ""
    return finding(
        step,
        axis=Axis.TIME,
        severity=Severity.LOW,
        fact=f"sleeps {_seconds(step.argument(0)):g} s, then expects what runs beside to be done{more}",
        fix="wait for the condition: `ci_tools.testing.wait_for_condition`, an event, or a join",
    )


def _starts(call: Call) -> bool:
    """Return whether a call starts something that runs beside; a mock's `start` does not."""
    return call.name.rpartition(".")[2] in _STARTS and not call.name.startswith(("unittest.mock.", "mock."))


def _sleeps(call: Call) -> bool:
    if call.name not in _SLEEPS or call.in_loop or call.is_teardown or not is_of_tests(call):
        return False
    if is_elsewhere(call, ("Process", "Thread", "Timer", "submit", "create_task", "start_soon", "gather")):
        return False
    ends = [str(value.data).rpartition(".")[2] for value in call.within if value.kind is Kind.MADE]
    return _seconds(call.argument(0)) > 0 and not any(end in _EXPECTS_END for end in ends)


def _seconds(value: Value) -> float:
    is_number = value.kind is Kind.CONST and isinstance(value.data, int | float) and not isinstance(value.data, bool)
    return float(value.data) if is_number else 0.0


def _is_before_assert(unit: ast.AST, sleep: ast.AST) -> bool:
    """Return whether the first thing behind a sleep that waits or asserts expects that something has happened."""
    end = (getattr(sleep, "end_lineno", 0), getattr(sleep, "end_col_offset", 0))
    behind = [node for node in ast.walk(unit) if _place(node) >= end and (_asserts(node) or _waits(node))]
    first = min(behind, key=_place, default=None)
    return first is not None and _asserts(first) and not _is_negative(first)


def _is_negative(node: ast.AST) -> bool:
    """Return whether it expects that nothing has happened yet: `assert not done`. Time can't make it fail."""
    match node:
        case ast.Assert(test=ast.UnaryOp(op=ast.Not())):
            return True
        case ast.Assert(test=ast.Compare(ops=[ast.Is() | ast.Eq()], comparators=[expected])):
            return ast.unparse(expected) in ("[]", "{}", "()", "None", "False", "set()", "b''")
        case ast.Call(func=ast.Attribute(attr="assertFalse" | "assertIsNone" | "assert_not_called")):
            return True
    return False


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("assert")


def _waits(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return isinstance(node, ast.Await) or (isinstance(function, ast.Attribute) and function.attr in _WAITS)

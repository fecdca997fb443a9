"""A fork in a test.

A worker of pytest-xdist has threads of its own: execnet's, which talk to the controller. A forked child has copies of
their locks and none of the threads; one of them held at the wrong moment, and the child hangs for ever. Python 3.12
and later warn of it.

Bad:

```python
def test_child():
    if os.fork() == 0:
        ...
```

Good: a process that starts anew.

```python
def test_child():
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
```

Found are `os.fork`, `os.forkpty`, `pty.fork` and the start method `fork` where the tests ask for it by name; not what
the application does. A test that is about fork itself may well say so: ignore it there.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.context.around import is_of_tests
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Value
from ci_tools.audit.suite import Suite, finding

_FORKS = ("os.fork", "os.forkpty", "pty.fork")
_METHODS = ("multiprocessing.get_context", "multiprocessing.set_start_method")
_FORK = Value(Kind.CONST, "fork")


def check(suite: Suite) -> Iterator[Finding]:
    """Find forks of the worker."""
    for step in suite.all_steps():
        if isinstance(step, Call) and _forks(step) and is_of_tests(step):
            what = f"calls `{step.name}`" if step.name in _FORKS else "asks for the start method `fork`"
            yield finding(
                step,
                axis=Axis.START,
                severity=Severity.MEDIUM,
                fact=f"{what}, in a worker that has threads",
                fix="start a process anew: `multiprocessing.get_context('spawn')`, or `subprocess`",
            )


def _forks(call: Call) -> bool:
    return call.name in _FORKS or (call.name in _METHODS and call.argument(0, "method") == _FORK)

"""A nested function or a lambda handed to another process.

With the start methods `spawn` and `forkserver`, what another process is to call is pickled: by its name, which a
nested function or a lambda doesn't have. `spawn` is the default on macOS and Windows, `forkserver` on Linux from
Python 3.14 on; the test that passes today fails there with `Can't get local object`.

Bad:

```python
def test_two_buyers():
    def buy(queue):
        queue.put("bought")

    Process(target=buy, args=(queue,)).start()
```

Good:

```python
def buy(queue):
    queue.put("bought")

def test_two_buyers():
    Process(target=buy, args=(queue,)).start()
```

Not found where the start method is said to be `fork` (CIT403 has its say then). Threads pickle nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import UNKNOWN, Call, Kind, Value
from ci_tools.audit.suite import Suite, finding

_PROCESSES = ("Process", "Pool", "ProcessPoolExecutor")
_HANDS_OVER = (
    "apply",
    "apply_async",
    "imap",
    "imap_unordered",
    "map",
    "map_async",
    "starmap",
    "starmap_async",
    "submit",
)
_MODULES = ("multiprocessing.", "concurrent.futures.")
_FORK = Value(Kind.CONST, "fork")
_CONTEXT = "multiprocessing.get_context"


def check(suite: Suite) -> Iterator[Finding]:
    """Find what can't be pickled among the arguments of processes and pools."""
    calls = [step for step in suite.all_steps() if isinstance(step, Call) and step.name.startswith(_MODULES)]
    if any(c.name == "multiprocessing.set_start_method" and c.argument(0, "method") == _FORK for c in calls):
        return
    for call in calls:
        if not _is_to_process(call.name) or _is_forked(call):
            continue
        function = next((f for value in (*call.args, *call.keywords.values()) for f in _nested(value)), None)
        if function is not None:
            what = "a lambda" if isinstance(function, ast.Lambda) else f"the nested function `{function.name}`"
            yield finding(
                call,
                axis=Axis.START,
                severity=Severity.HIGH,
                fact=f"hands {what} to another process: `spawn` and `forkserver` can't pickle it",
                fix="move it to module level",
            )


def _is_to_process(name: str) -> bool:
    parts = name.split(".")
    return parts[-1] in _PROCESSES or (parts[-1] in _HANDS_OVER and parts[-2] in _PROCESSES)


def _is_forked(call: Call) -> bool:
    made_with = call.receiver.attributes.get("mp_context", UNKNOWN) if call.receiver is not None else UNKNOWN
    contexts = (call.receiver, made_with, call.argument(1, "mp_context"))
    return any(
        v is not None and v.kind is Kind.MADE and str(v.data).startswith(_CONTEXT) and _FORK in v.args for v in contexts
    )


def _nested(value: Value) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]:
    """Iterate over the functions that have no name of their own in a module, in containers and partials too."""
    if value.kind is Kind.FUNCTION:
        if isinstance(value.data, ast.Lambda) or not value.home:
            yield value.data
    elif value.kind is Kind.ITEMS or value.data == "functools.partial":
        for held in (*value.items, *value.args, *value.attributes.values()):
            yield from _nested(held)

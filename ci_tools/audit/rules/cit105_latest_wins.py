"""Code that takes the newest file of a directory that workers share.

"The last report" is the one that this test has written, as long as nobody else writes. With other workers it is the one
of whoever came last, and the test reads another's.

Bad:

```python
def test_export():
    run_export()
    report = max(Path("reports").glob("*.xml"), key=os.path.getmtime)
```

Good:

```python
def test_export(tmp_path):
    report = run_export(directory=tmp_path)  # or: returns the path that it has written
```

Found are `max`, `min`, `sorted` and `.sort` by time over the listing of a shared directory, and the last of a sorted
listing that is called the latest or newest. Directories of the test's own are left alone, and so is a listing that is
ordered by anything else: fixed data has no newest file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.where import shared_path
from ci_tools.audit.steps import Call, Kind, Value
from ci_tools.audit.suite import Suite, finding

_TIMES = re.compile(r"getmtime|getctime|st_mtime|st_ctime|st_birthtime")
_NEWEST = re.compile(r"latest|newest|most_recent|last_(?:run|report|file|session|log)", re.IGNORECASE)
_PICKERS = frozenset({"max", "min", "sorted"})


def check(suite: Suite) -> Iterator[Finding]:
    """Find choices of the newest in a shared directory."""
    modules = [module for module in suite.modules.values() if _NEWEST.search(module.text)]
    named = {id(call) for module in modules for call in _called_newest(module.tree)}
    for step in suite.all_steps():
        directory = _shared_listing(step) if isinstance(step, Call) else ""
        if directory and (_is_by_time(step.node) or id(step.node) in named):
            yield finding(
                step,
                axis=Axis.WORKERS,
                severity=Severity.MEDIUM,
                fact=f"takes the newest of {directory!r}, where every worker may write",
                fix="name the file that is meant: by an id, or as what the call returns",
            )


def _shared_listing(call: Call) -> str:
    """Return the pattern whose listing a call picks from, "" if it is none, or nobody else's."""
    if call.name in _PICKERS:
        value = call.argument(0)
    elif call.name.endswith(".sort") and call.receiver is not None:
        value = call.receiver
    else:
        return ""
    return next((path for held in _paths(value) if (path := shared_path(call, held))), "")


def _paths(value: Value) -> Iterator[Value]:
    if value.kind is Kind.ITEMS:
        yield from (item for item in value.items if item.kind is Kind.PATH and str(item.data).endswith("*"))
    elif value.kind is Kind.MADE and value.args and _LISTING.match(str(value.data)):
        yield value.args[0]


_LISTING = re.compile(r"glob\.i?glob|os\.(?:listdir|scandir)|pathlib\.Path\.(?:r?glob|iterdir)")


def _is_by_time(node: ast.AST) -> bool:
    keys = [k.value for k in getattr(node, "keywords", []) if k.arg == "key"]
    return any(_TIMES.search(ast.unparse(key)) for key in keys)


def _called_newest(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the calls whose first or last item is called the newest, or is given by a function that is called so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and _NEWEST.search(node.name):
            picked = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
        elif isinstance(node, ast.Assign) and any(_NEWEST.search(ast.unparse(target)) for target in node.targets):
            picked = [node.value]
        else:
            continue
        yield from (p.value if isinstance(p, ast.Subscript) else p for p in picked if p is not None)

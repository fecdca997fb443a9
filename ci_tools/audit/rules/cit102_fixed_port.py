"""Servers that a test starts on a port with a fixed number.

A port can be bound once on a machine. The second worker that starts the server gets "Address already in use", or,
worse, its client talks to the first worker's server.

Bad:

```python
@pytest.fixture
def server():
    httpd = HTTPServer(("localhost", 8099), Handler)
```

Good:

```python
@pytest.fixture
def server():
    httpd = HTTPServer(("localhost", 0), Handler)  # the system picks a free one
    url = f"http://localhost:{httpd.server_port}"
```

Where the number must be known before the server starts, ci-tools' `port` fixture leases one to the worker.

Found are numbers from 1024 to 65535 that reach a call which binds: sockets, `asyncio`, `http.server`, uvicorn, Flask,
werkzeug, aiohttp, gRPC, docker's published ports and more. A port that is only mentioned (in a URL, a setting, an
assertion, a call of `TestClient` or of a mock) is not found: nothing is bound there. The report lists these apart.

A server that really exists once per machine belongs to one worker: mark its tests `serial`, or
`# ci-tools: ignore[CIT102] these tests are marked serial`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.ports import HIGHEST, LOWEST, bound_by
from ci_tools.audit.suite import Suite, finding

_URL = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|://[\w.-]+):(\d{4,5})\b")
_NAME = re.compile(r"(?:^|_)port$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A place where a port is named and not bound."""

    path: str
    line: int
    port: int


def check(suite: Suite) -> Iterator[Finding]:
    """Find calls that bind a fixed port."""
    for step in suite.all_steps():
        for port in bound_by(step):
            yield finding(
                step,
                axis=Axis.WORKERS,
                severity=Severity.HIGH,
                fact=f"binds port {port}, which the machine has once",
                fix="bind port 0 and ask which one it became, or take the `port` fixture of ci-tools",
            )


def references(suite: Suite) -> list[Reference]:
    """Return where test files and conftests name a port without binding it there, sorted, each line and port once."""
    bound = {
        (step.module.path, line, port)
        for step in suite.all_steps()
        for port in bound_by(step)
        for line in range(step.node.lineno, (step.node.end_lineno or step.node.lineno) + 1)
    }
    named = {
        Reference(module.path, line, port)
        for module in suite.modules.values()
        if module.is_test_file
        for line, port in _named(module.tree)
    }
    return sorted(r for r in named if (r.path, r.line, r.port) not in bound)


def _named(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """Yield lines and ports: in the text of an address, as an argument, a value or a key that is called a port."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((node.lineno, int(port)) for port in _URL.findall(node.value))
        elif isinstance(node, ast.keyword):
            yield from _number(node.value) if _NAME.search(node.arg or "") else ()
        elif isinstance(node, ast.Assign):
            yield from _number(node.value) if any(map(_is_named_port, node.targets)) else ()
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(key, ast.Constant) and _NAME.search(str(key.value)):
                    yield from _number(value)


def _is_named_port(target: ast.expr) -> bool:
    name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
    return _NAME.search(name) is not None


def _number(node: ast.expr) -> Iterator[tuple[int, int]]:
    if isinstance(node, ast.Constant) and type(node.value) is int and LOWEST <= node.value <= HIGHEST:
        yield node.lineno, node.value

"""Tests that are skipped because they run in a worker.

A test that can't run beside others and is skipped under pytest-xdist is green in every parallel run, and runs nowhere
if CI runs in parallel. Nobody notices when it breaks.

Bad:

```python
def pytest_collection_modifyitems(config, items):
    for item in items:
        if hasattr(config, "workerinput") and "serial" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="not in parallel"))
```

Good:

```python
@pytest.mark.serial
def test_migration(): ...
```

With ci-tools `serial` means run, alone, while all other workers have finished. It is honoured in every run.

Found are `pytest.skip`, `skipif`, `skipTest` and added skip marks under a condition that asks for a worker:
`PYTEST_XDIST_WORKER`, `workerinput`, `worker_id`, the number of processes. The other way round (a test that needs
workers and is skipped without) is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.parallel import Parallel, may_ask, of_module, within
from ci_tools.audit.steps import Step, Unit, UnitKind
from ci_tools.audit.suite import Suite, finding

_SKIPS = ("pytest.skip", "self.skipTest", "pytest.mark.skip", "SkipTest", "pytest.skip.Exception", "unittest.skip")
_WHEN = ("skipif", "skipIf")
_UNLESS = ("skipUnless",)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def check(suite: Suite) -> Iterator[Finding]:
    """Find what isn't run when it runs in a worker."""
    asking = {module.path: of_module(module.tree) for module in suite.modules.values() if may_ask(module.text)}
    for unit in suite.units:
        parallel = asking.get(unit.module.path)
        if parallel is None:
            continue
        if unit.kind is UnitKind.MODULE:
            nodes: list[ast.AST] = [node for node in unit.module.tree.body if not isinstance(node, _Function)]
            yield from _found(unit, [inner for node in nodes for inner in _outside_functions(node)], parallel)
        else:
            yield from _found(unit, list(ast.walk(unit.node)), within(unit.node, parallel))


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _Function):
            yield from _outside_functions(child)


def _found(unit: Unit, nodes: list[ast.AST], parallel: Parallel) -> Iterator[Finding]:
    for node in nodes:
        if isinstance(node, ast.If) and (sign := parallel.sign(node.test)):
            branch = node.body if sign > 0 else node.orelse
            yield from (_finding(unit, call) for statement in branch for call in _skips(statement))
        elif isinstance(node, ast.Call) and node.args:
            name = ast.unparse(node.func).rpartition(".")[2]
            sign = parallel.sign(node.args[0]) if name in (*_WHEN, *_UNLESS) else 0
            if (sign > 0 and name in _WHEN) or (sign < 0 and name in _UNLESS):
                yield _finding(unit, node)


def _skips(statement: ast.stmt) -> Iterator[ast.expr]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(_SKIPS):
            yield node


def _finding(unit: Unit, node: ast.expr) -> Finding:
    return finding(
        Step(unit=unit, module=unit.module, node=node, symbol="" if unit.kind is UnitKind.MODULE else unit.name),
        axis=Axis.WORKERS,
        severity=Severity.HIGH,
        fact="skips in every worker: where tests run in parallel, this one runs nowhere",
        fix="mark the test `serial`: ci-tools runs it alone, and doesn't leave it out",
    )

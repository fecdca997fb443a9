"""A file that is read before the lock is taken, and checked under it.

The lock makes the processes take turns, but each decides by what it read before its turn came: two processes that
both read a balance of 10,000 both spend 6,000. It needs two workers, or two users, to show.

Bad:

```python
class Portfolio:
    def __init__(self, path):
        self.cash = json.loads(path.read_text())["cash"]

    def buy(self, cost):
        with self.lock:
            if cost > self.cash:
                return False
            self.cash -= cost
            self.save()
```

Good: what the decision needs is read again once the lock is held.

```python
    def buy(self, cost):
        with self.lock:
            self.reload()
            if cost > self.cash:
                return False
```

Found in classes (an attribute that the constructor reads from a file) and in functions (a local name), where it is
checked under a lock and a file is written under the same lock. Not found: locks of threads, and what is read but never
written back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from ci_tools.audit.context.locked import Locked, locked_blocks
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.source import Module
from ci_tools.audit.suite import Suite, finding_at

Function = ast.FunctionDef | ast.AsyncFunctionDef

_READS = frozenset({"load", "read", "read_bytes", "read_csv", "read_text", "readline", "readlines", "safe_load"})
_WRITES = frozenset(
    {"dump", "os.rename", "os.replace", "safe_dump", "to_csv", "write", "write_bytes", "write_text", "writelines"}
)


def check(suite: Suite) -> Iterator[Finding]:
    """Find stale decisions, in all modules that were read."""
    for module in suite.modules.values():
        if "lock" not in module.text.lower():
            continue
        functions = {node.name: node for node in module.tree.body if isinstance(node, Function)}
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                yield from _of_class(module, node, functions)
            elif isinstance(node, Function):
                yield from _of_function(module, node, functions)


def _of_class(module: Module, node: ast.ClassDef, functions: Mapping[str, Function]) -> Iterator[Finding]:
    methods = {item.name: item for item in node.body if isinstance(item, Function)}
    known = _Known(methods, functions)
    if "__init__" not in methods:
        return
    stale = known.attributes_read_by(methods["__init__"])
    for name, method in methods.items():
        for block in locked_blocks(module, node, method) if name != "__init__" else ():
            yield from _in_block(module, f"{node.name}.{name}", block, {f"self.{a}" for a in stale}, known)


def _of_function(module: Module, node: Function, functions: Mapping[str, Function]) -> Iterator[Finding]:
    known = _Known({}, functions)
    for block in locked_blocks(module, None, node):
        stale = {
            target
            for statement in _before(node, block)
            if isinstance(statement, ast.Assign) and known.reads(statement.value)
            for target in _targets(statement)
        }
        yield from _in_block(module, node.name, block, stale, known)


def _in_block(module: Module, symbol: str, block: Locked, stale: set[str], known: _Known) -> Iterator[Finding]:
    if not any(known.writes(statement) for statement in block.body):
        return
    for test in _tests(block.body):
        names = sorted(stale & set(map(ast.unparse, _names(test))))
        fresh = [s for s in _statements(block.body) if s.end_lineno is not None and s.end_lineno < test.lineno]
        name = next((n for n in names if not any(known.renews(s, n) for s in fresh)), "")
        if name:
            yield finding_at(
                module,
                test,
                symbol=symbol,
                axis=Axis.WORKERS,
                severity=Severity.HIGH,
                fact=f"decides under the lock by `{name}`, which was read from a file before the lock was taken",
                fix="read it again once the lock is held",
            )
            return


class _Known:
    """What a class's methods and a module's functions do, as far as their bodies say, two calls deep."""

    def __init__(self, methods: Mapping[str, Function], functions: Mapping[str, Function]) -> None:
        self.methods = methods
        self.functions = functions

    def called(self, node: ast.AST) -> Iterator[Function]:
        for call in ast.walk(node):
            if isinstance(call, ast.Call):
                name = ast.unparse(call.func)
                function = self.methods.get(name[5:]) if name.startswith("self.") else self.functions.get(name)
                if function is not None:
                    yield function

    def reads(self, node: ast.AST, depth: int = 2) -> bool:
        return self._does(node, _READS, depth)

    def writes(self, node: ast.AST, depth: int = 2) -> bool:
        return self._does(node, _WRITES, depth)

    def _does(self, node: ast.AST, words: frozenset[str], depth: int) -> bool:
        calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
        if any(_last(call.func) in words or ast.unparse(call.func) in words for call in calls):
            return True
        return depth > 0 and any(self._does(function, words, depth - 1) for function in self.called(node))

    def attributes_read_by(self, function: Function, depth: int = 2) -> set[str]:
        """Return the attributes that a method sets from a file; from anything, where it reads one to do so."""
        found = set[str]()
        locals_read = set[str]()
        for statement in _statements(function.body):
            if not isinstance(statement, ast.Assign):
                continue
            from_file = self.reads(statement.value) or bool(
                locals_read & set(map(ast.unparse, _names(statement.value)))
            )
            for target in _targets(statement) if from_file else ():
                (found if target.startswith("self.") else locals_read).add(target.removeprefix("self."))
        for method in self.called(function) if depth else ():
            found |= self.attributes_read_by(method, depth - 1)
        return found

    def renews(self, statement: ast.stmt, name: str) -> bool:
        """Return whether a statement, or what it calls, assigns the name."""
        if name in _all_targets(statement):
            return True
        return name.startswith("self.") and any(
            name in _all_targets(inner) for method in self.called(statement) for inner in _statements(method.body)
        )


def _last(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _names(node: ast.AST) -> Iterator[ast.expr]:
    return (n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute))


def _targets(statement: ast.Assign) -> set[str]:
    return {ast.unparse(name) for target in statement.targets for name in _names(target)}


def _all_targets(statement: ast.stmt) -> set[str]:
    return _targets(statement) if isinstance(statement, ast.Assign) else set()


def _statements(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return all statements of a body in order of their lines, nested ones too."""
    found = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.stmt)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _tests(body: Sequence[ast.stmt]) -> Iterator[ast.expr]:
    for statement in _statements(body):
        if isinstance(statement, ast.If | ast.While | ast.Assert):
            yield statement.test


def _before(function: Function, block: Locked) -> Iterator[ast.stmt]:
    return (s for s in _statements(function.body) if s.lineno < block.line)

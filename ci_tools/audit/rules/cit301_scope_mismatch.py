"""Fixtures that ask for one of a narrower scope.

A fixture of session, package, module or class scope lives longer than `monkeypatch`, `tmp_path` or `capsys`, which
are made anew for each test. pytest answers "ScopeMismatch" and every test that needs the fixture errors. It is met
most often in fixtures that were written to isolate workers: they never run, and nothing is isolated.

Bad:

```python
@pytest.fixture(scope="session", autouse=True)
def isolate(tmp_path_factory, worker_id, monkeypatch):
    monkeypatch.setenv("APP_DATA", str(tmp_path_factory.mktemp(worker_id)))
```

Good:

```python
@pytest.fixture(scope="session", autouse=True)
def isolate(tmp_path_factory, worker_id):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("APP_DATA", str(tmp_path_factory.mktemp(worker_id)))
        yield
```

For `tmp_path` there is `tmp_path_factory`. The project's own fixtures are looked up as pytest does: one that overrides
`tmp_path` with session scope may be asked for. A scope that is computed is not judged.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Step, Unit, UnitKind
from ci_tools.audit.suite import Suite, finding

_WIDTHS = {"function": 0, "class": 1, "module": 2, "package": 3, "session": 4}
_OF_EACH_TEST = frozenset(
    {
        "monkeypatch",
        "tmp_path",
        "tmpdir",
        "caplog",
        "capsys",
        "capfd",
        "capsysbinary",
        "capfdbinary",
        "recwarn",
        "record_property",
        "record_xml_attribute",
        "pytester",
        "testdir",
        "mocker",  # pytest-mock
        "db",  # pytest-django
        "transactional_db",
        "requests_mock",
        "httpx_mock",
        "fs",  # pyfakefs
        "benchmark",
        "unused_tcp_port",  # pytest-asyncio
    }
)
_INSTEAD = {
    "monkeypatch": "use `with pytest.MonkeyPatch.context() as monkeypatch:`",
    "tmp_path": "use `tmp_path_factory.mktemp(...)`",
    "tmpdir": "use `tmp_path_factory.mktemp(...)`",
    "mocker": "use `session_mocker`, `package_mocker`, `module_mocker` or `class_mocker`",
    "unused_tcp_port": "use `unused_tcp_port_factory`",
}


def check(suite: Suite) -> Iterator[Finding]:
    """Find requests for fixtures that live shorter."""
    for unit in suite.units:
        if unit.kind is UnitKind.FIXTURE and isinstance(unit.node, ast.FunctionDef | ast.AsyncFunctionDef):
            parameters = unit.node.args
            without_default = parameters.args[: len(parameters.args) - len(parameters.defaults)]
            for parameter in (*parameters.posonlyargs, *without_default, *parameters.kwonlyargs):
                scope = _scope_of(unit, parameter.arg)
                if _WIDTHS[scope] < _WIDTHS[unit.scope]:
                    yield _found(unit, parameter, scope)


def _scope_of(unit: Unit, name: str) -> str:
    """Return the scope of the fixture behind a name; the widest if it is none that is known."""
    if name in unit.given:
        return unit.given[name].scope
    return "function" if name in _OF_EACH_TEST else "session"


def _found(unit: Unit, parameter: ast.arg, scope: str) -> Finding:
    place = ast.copy_location(ast.Name(id=parameter.arg, ctx=ast.Load()), parameter)
    name = unit.name.rpartition(".")[2]
    return finding(
        Step(unit=unit, module=unit.module, node=place, symbol=unit.name),
        axis=Axis.COLLECTION,
        severity=Severity.HIGH,
        fact=f"the {unit.scope} fixture `{name}` asks for `{parameter.arg}`, which has {scope} scope: ScopeMismatch",
        fix=_INSTEAD.get(parameter.arg, f"give `{name}` the scope of what it asks for, or widen that one's"),
    )

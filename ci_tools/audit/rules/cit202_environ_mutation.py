"""A test or fixture that changes the environment and doesn't put it back.

The environment belongs to the process: what one test sets, all that come after it in the same worker see. pytest-xdist
deals the tests out anew in each run, so that a test which relied on the variable, or on its absence, fails now and
then.

Bad:

```python
def test_debug():
    os.environ["APP_DEBUG"] = "1"
    assert make_app().debug
```

Good:

```python
def test_debug(monkeypatch):
    monkeypatch.setenv("APP_DEBUG", "1")
    assert make_app().debug
```

Not found: what is put back by `monkeypatch`, `mock.patch.dict(os.environ)`, a `finally`, a fixture after its `yield`,
`tearDown` or `addCleanup`; what a conftest, a pytest hook or an autouse session fixture sets once for the whole
worker. Low where a later statement puts it back, which a failure skips, and where it is the application that sets it.
What a test file sets while it is imported is a note: a shard that doesn't import the file does without.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ci_tools.audit.context.afterwards import End, end_of, kept_by_fixtures
from ci_tools.audit.context.around import ancestors, is_environ, is_of_tests
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Place, Step, Store, UnitKind
from ci_tools.audit.suite import Suite, finding

_METHODS = ("update", "pop", "setdefault", "clear", "popitem", "__setitem__", "__delitem__")
_FUNCTIONS = {
    "os.putenv": "sets",
    "os.unsetenv": "removes",
    "dotenv.load_dotenv": "loads a .env file into",
    "dotenv.main.load_dotenv": "loads a .env file into",
}


def check(suite: Suite) -> Iterator[Finding]:
    """Find changes of the environment that outlive their test."""
    kept = kept_by_fixtures(suite)
    for step in suite.all_steps():
        what = _what(step)
        end = end_of(suite, step, kept) if what else End.PUT_BACK
        if end in (End.STAYS, End.PUT_BACK_IF_PASSED):
            severity, how, fix = _judged(step, end)
            if how:
                yield finding(step, axis=Axis.ORDER, severity=severity, fact=f"{what}{how}", fix=fix)


def _judged(step: Step, end: End) -> tuple[Severity, str, str]:
    """Return severity, how the fact goes on ("" if it is none), and fix."""
    fix = "use `monkeypatch.setenv` or `monkeypatch.delenv`"
    if not is_of_tests(step):
        fix = "remember it first, in the test: `monkeypatch.setenv(name, ...)`"
        return Severity.LOW, "" if _may_not_happen(step) else " and leaves it so, in the application", fix
    if step.unit.kind is UnitKind.MODULE:
        return Severity.NOTE, " when the file is imported", "set it in conftest.py"
    if end is End.PUT_BACK_IF_PASSED:
        return Severity.LOW, ", and puts it back only if the test passes", fix
    return Severity.MEDIUM, " and leaves it so", fix


def _may_not_happen(step: Step) -> bool:
    """Return whether the application does it on some condition, or fails before, as the test expects."""
    if step.unit.kind is UnitKind.MODULE or any(str(value.data).endswith("aises") for value in step.within):
        return True
    return any(isinstance(n, ast.If | ast.Try | ast.For | ast.While) for n in ancestors(step.module.tree, step.node))


def _what(step: Step) -> str:
    if isinstance(step, Store) and step.place is Place.ITEM and is_environ(step.owner):
        return f"{'removes' if step.is_delete else 'sets'} {_variable(step.name)}"
    if not isinstance(step, Call):
        return ""
    if step.name in _FUNCTIONS:
        known = step.argument(0)
        name = repr(known.data) if step.name.startswith("os.") and known.kind is Kind.CONST else "the environment"
        return f"{_FUNCTIONS[step.name]} {name}"
    if is_environ(step.receiver) and step.name.rpartition(".")[2] in _METHODS:
        return _method(step)
    return ""


def _method(step: Call) -> str:
    method, first = step.name.rpartition(".")[2], step.argument(0)
    name = _variable(str(first.data)) if first.kind is Kind.CONST else "a variable"
    if method in ("update", "clear", "popitem"):
        return f"calls `os.environ.{method}`"
    return f"{'removes' if method in ('pop', '__delitem__') else 'sets'} {name}"


def _variable(name: str) -> str:
    return f"environment variable {name!r}" if name else "a variable"

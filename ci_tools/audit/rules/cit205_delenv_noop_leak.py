"""A `monkeypatch.delenv(..., raising=False)` before code that sets the variable.

If the variable isn't there, `delenv` has nothing to remove, and so remembers nothing to put back. When the code under
test then sets it, it stays set for all tests that follow in the same worker. On a machine where the variable is there,
all is well: the leak shows only elsewhere, in CI say.

Bad:

```python
def test_login(monkeypatch):
    monkeypatch.delenv("APP_TOKEN", raising=False)
    login("secret")  # sets APP_TOKEN
```

Good: `setenv` remembers that it wasn't there.

```python
def test_login(monkeypatch):
    monkeypatch.setenv("APP_TOKEN", "")
    monkeypatch.delenv("APP_TOKEN")
    login("secret")
```

Found only where the code that sets it is seen: in the test, its fixtures, and two calls deep.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.context.around import is_environ
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Place, Step, Store, Unit, UnitKind, Value
from ci_tools.audit.suite import Suite, finding

_FALSE = Value(Kind.CONST, False)


def check(suite: Suite) -> Iterator[Finding]:
    """Find removals that don't remember, of variables that are set behind them."""
    for unit in suite.units:
        if unit.kind is UnitKind.TEST:
            yield from _of_test(suite, unit)


def _of_test(suite: Suite, unit: Unit) -> Iterator[Finding]:
    removed: dict[object, Call] = {}
    remembered: set[object] = set()
    for owner in (*unit.fixtures, unit):
        for step in suite.steps.get(owner, ()):
            if isinstance(step, Call) and step.name.startswith("pytest.MonkeyPatch."):
                _note(step, removed, remembered)
                continue
            name = _sets(step)
            if name is not None and name in removed:
                call = removed.pop(name)
                yield finding(
                    call,
                    axis=Axis.ORDER,
                    severity=Severity.NOTE,
                    fact=f"puts {name!r} back only if it was there; what sets it later stays",
                    fix=f"call `monkeypatch.setenv({name!r}, ...)` before `delenv`",
                )


def _note(call: Call, removed: dict[object, Call], remembered: set[object]) -> None:
    name = call.argument(0, "name").data
    if call.name.endswith(".setenv"):
        remembered.add(name)
        removed.pop(name, None)
    elif call.name.endswith(".delenv") and call.argument(1, "raising") == _FALSE and name not in remembered:
        removed[name] = call


def _sets(step: Step) -> object:
    """Return the variable that a step sets, None if none."""
    if isinstance(step, Store) and step.place is Place.ITEM and is_environ(step.owner):
        return None if step.is_delete else step.name
    if isinstance(step, Call) and step.name in ("os.environ.setdefault", "os.putenv"):
        return step.argument(0).data
    return None

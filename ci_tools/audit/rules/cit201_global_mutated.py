"""A test or fixture that changes something global and doesn't put it back.

Lists, dicts and names of a module, attributes of a class, of a module or of an object that the application makes
once: they live as long as the process. A test that changes one hands it to whatever comes next in the same worker, and
pytest-xdist deals the tests out anew in each run.

Bad:

```python
CALLS = []

def test_records():
    CALLS.append("a")
    assert CALLS == ["a"]

def test_records_nothing():
    assert CALLS == []
```

Good:

```python
@pytest.fixture
def calls():
    return []

def test_records(calls):
    calls.append("a")
    assert calls == ["a"]
```

`monkeypatch.setattr` and `monkeypatch.setitem` change and put back what isn't the test's own.

A total over all tests is worse (axis X): each worker has one of its own, and the process that prints it at the end has
none. Let workers hand theirs over, by `config.workeroutput` or the `cost` fixture.

Not found: what is put back (low where a later statement does, which a failure skips); what a fixture or `setUp` makes
new for each test; what one test alone uses; what is built once, on demand, and the same for all
(`if app is None: app = make_app()`); what nothing else reads; an attribute that is set to what its class says it is at
first; a module that the test makes up; what a fixture or `setup_module` binds for its own file; what the application
does with its own globals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from ci_tools.audit.context.afterwards import End, end_of, kept_by_fixtures
from ci_tools.audit.context.around import ancestors, is_of_tests, is_same_for_all, source_of
from ci_tools.audit.context.changed import changed, grows, is_container, is_first_value, renews
from ci_tools.audit.context.victims import is_of_stand_in, is_unread
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Place, Step, Store, Unit, UnitKind
from ci_tools.audit.suite import Suite, finding

_ENDS = ("pytest_sessionfinish", "pytest_terminal_summary", "pytest_unconfigure")
_FALSE = (0, None, "", False)

Homes = Mapping[str, str]  # a module's name → its path


def check(suite: Suite) -> Iterator[Finding]:
    """Find changes of what is global that outlive their test."""
    ends = [unit for unit in suite.units if unit.name in _ENDS]
    homes = {module.name: module.path for module in suite.modules.values()}
    kept, drained = kept_by_fixtures(suite), _drained(suite)
    renewed_by = {unit: _renewed(suite, unit) for unit in suite.units}
    for unit in suite.units:
        if unit.kind is UnitKind.MODULE or is_same_for_all(unit):
            continue
        renewed = {name for fixture in unit.fixtures for name in renewed_by.get(fixture, ())}
        for step in suite.steps[unit]:
            name = changed(step)
            if not name or name in drained or not is_of_tests(step) or not _outlives(step, name, homes):
                continue
            reader = next((end for end in ends if _is_total(step, name, end)), None)
            if reader is not None:
                yield _total(step, name, reader)
            elif name not in renewed and not _is_harmless(suite, step, name, homes):
                yield from _order(step, name, end_of(suite, step, kept))
            if renews(step) and _is_of_file(step, name):
                renewed.add(name)  # from here on it is this test's own


def _order(step: Step, name: str, end: End) -> Iterator[Finding]:
    if end not in (End.STAYS, End.PUT_BACK_IF_PASSED):
        return
    is_late = end is End.PUT_BACK_IF_PASSED
    rest = ", and puts it back only if the test passes" if is_late else " for all tests that follow in the same worker"
    is_own = _is_of_file(step, name) and is_container(step)
    yield finding(
        step,
        axis=Axis.ORDER,
        severity=Severity.LOW if is_late else Severity.MEDIUM,
        fact=f"changes `{name}`{rest}",
        fix="make it in a fixture, new for each test" if is_own else "use `monkeypatch`",
    )


def _total(step: Step, name: str, reader: Unit) -> Finding:
    return finding(
        step,
        axis=Axis.WORKERS,
        severity=Severity.MEDIUM,
        fact=f"adds to `{name}`, which `{reader.name}` reads: each worker has one of its own, the controller none",
        fix="hand each worker's over by `config.workeroutput`, or count with the `cost` fixture",
    )


def _is_total(step: Step, name: str, end: Unit) -> bool:
    return step.unit.scope == "function" and name.startswith(f"{end.module.name}.") and _mentions(end, name)


def _renewed(suite: Suite, unit: Unit) -> set[str]:
    """Return what a fixture or `setUp` binds anew or empties for each test."""
    if unit.scope != "function" or unit.kind in (UnitKind.TEST, UnitKind.MODULE):
        return set()
    return {changed(step) for step in suite.steps[unit] if renews(step)}


def _drained(suite: Suite) -> set[str]:
    """Return the containers that a helper of the tests empties, one by one: what is to be cleaned up."""
    calls = [s for s in suite.all_steps() if isinstance(s, Call) and s.in_loop and s.frames and is_of_tests(s)]
    return {changed(call) for call in calls if call.name.endswith((".pop", ".popitem", ".popleft"))}


def _outlives(step: Step, name: str, homes: Homes) -> bool:
    """Return whether it lives in a module: what a function defines goes with it."""
    return (isinstance(step, Store) and step.owner.kind is Kind.OUTSIDE) or _path_of(name, homes) != ""


def _path_of(name: str, homes: Homes) -> str:
    parts = name.split(".")
    known = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((homes[module] for module in known if module in homes), "")


def _is_harmless(suite: Suite, step: Step, name: str, homes: Homes) -> bool:
    is_new = _is_set_up(step, name, homes) or _is_emptied(step, name, homes) or _is_made_on_demand(step)
    if is_new or _is_used_once(suite, step, name) or _is_bound_by_each(suite, step, name):
        return True
    return is_of_stand_in(suite, step) or is_unread(suite, step, homes)


def _is_set_up(step: Step, name: str, homes: Homes) -> bool:
    """Return whether set-up code binds a name of its own file, its class or its conftest, for the tests that follow."""
    if step.unit.kind is UnitKind.TEST or not isinstance(step, Store) or step.place is Place.ITEM or grows(step):
        return False
    is_of_conftest = _path_of(name, homes).endswith("conftest.py")
    return step.place is Place.GLOBAL or is_of_conftest or _is_of_file(step, name)


def _is_emptied(step: Step, name: str, homes: Homes) -> bool:
    """Return whether it makes something as new, which is what the next test wants, or takes away at the end what the
    application has put there."""
    if isinstance(step, Call):
        return _is_clean_up(step)
    if not isinstance(step, Store) or not renews(step) or step.place is Place.GLOBAL:
        return False
    if is_first_value(step):
        return True
    if step.value.kind is Kind.CONST and type(step.value.data) is int and step.value.data == 0:
        return True  # a counter
    is_nothing = step.value.data in _FALSE if step.value.kind is Kind.CONST else step.value.kind is Kind.ITEMS
    folder = step.unit.module.path.rpartition("/")[0]
    return is_nothing and (_is_of_file(step, name) or (folder != "" and _path_of(name, homes).startswith(f"{folder}/")))


def _is_clean_up(call: Call) -> bool:
    is_last = bool(call.unit.node.body) and call.node in ast.walk(call.unit.node.body[-1])
    return renews(call) or (is_last and call.name.endswith((".pop", ".remove")))


def _is_made_on_demand(step: Step) -> bool:
    """Return whether it happens only if it hasn't before: `if X is None: X = ...`, `if key not in X: X[key] = ...`."""
    above = ancestors(step.module.tree, step.node)
    tests = [node.test for node in above if isinstance(node, ast.If)]
    short = changed(step).rpartition(".")[2]
    return any(_asks_for(test, short) for test in tests) or _follows_a_return(above, short)


def _asks_for(test: ast.expr, name: str) -> bool:
    kinds = ast.Compare | ast.UnaryOp
    return any(isinstance(node, kinds) and _has_word(ast.unparse(node), name) for node in ast.walk(test))


def _follows_a_return(above: Sequence[ast.AST], name: str) -> bool:
    """Return whether the function begins with `if key in X: return X[key]`."""
    function = next(
        (node for node in reversed(above) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)), None
    )
    guards = [node for node in function.body if isinstance(node, ast.If)] if function else []
    return any(isinstance(guard.body[-1], ast.Return) and _asks_for(guard.test, name) for guard in guards)


def _is_used_once(suite: Suite, step: Step, name: str) -> bool:
    """Return whether one test of the file alone uses what the file itself holds."""
    if not _is_of_file(step, name) or step.unit.module.is_conftest:
        return False
    users = _users(suite, step, name)
    first = next(users, None)
    return first is None or all(user.name == first.name for user in users)


def _is_bound_by_each(suite: Suite, step: Step, name: str) -> bool:
    """Return whether it is a name of the file's own that all tests bind before they use it."""
    if not isinstance(step, Store) or step.place is not Place.GLOBAL or not _is_of_file(step, name):
        return False
    firsts = ([s for s in suite.steps[u] if changed(s) == name][:1] for u in _users(suite, step, name))
    return all(first and renews(first[0]) for first in firsts)


def _users(suite: Suite, step: Step, name: str) -> Iterator[Unit]:
    tests = (u for u in suite.units if u.kind is UnitKind.TEST and u.module is step.module)
    return (u for u in tests if _mentions(u, name) or any(changed(s) == name for s in suite.steps[u]))


def _is_of_file(step: Step, name: str) -> bool:
    return name.startswith(f"{step.unit.module.name}.")


def _mentions(unit: Unit, name: str) -> bool:
    return _has_word(source_of(unit), name.rpartition(".")[2])


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text) is not None

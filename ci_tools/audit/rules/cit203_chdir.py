"""A test or fixture that changes the working directory.

The working directory belongs to the process: all tests that come after in the same worker run somewhere else, and
their relative paths mean other files. When pytest removes the temporary directory that it was, even `os.getcwd()`
fails.

Bad:

```python
def test_build(tmp_path):
    os.chdir(tmp_path)
    build()
```

Good:

```python
def test_build(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build()
```

Where it is put back by hand, in a `finally` or behind a fixture's `yield`, the finding is a note: it works, and
`monkeypatch.chdir` says the same in one line. Low where a later statement puts it back, which a failure skips.
Not found: `monkeypatch.chdir` itself, also when more changes follow it; `contextlib.chdir`, `tmpdir.as_cwd()`, click's
`isolated_filesystem()`, `pytester`; what an autouse fixture puts back after each test; helpers that put back what they
change; a conftest's own on import.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.context.afterwards import End, end_of, is_kept, kept_by_fixtures
from ci_tools.audit.context.around import calls_with_fixtures, is_of_tests, is_same_for_all, is_undoing
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Step
from ci_tools.audit.suite import Suite, finding

_CHANGES = ("os.chdir", "os.fchdir", "pathlib.Path.chdir", "py.path.local.chdir")  # `tmpdir.chdir()`
_PUT_BACK = ("pytest.MonkeyPatch.chdir", "pytest.Pytester.chdir", "pytest.Pytester.path", "contextlib.chdir")
_PUTS_BACK = ("chdir", "as_cwd", "isolated_filesystem", "working_directory", "temp_cwd", "change_cwd")
_REQUESTS = frozenset({"pytester", "testdir"})
_FACTS = {
    End.STAYS: (Severity.MEDIUM, "changes the working directory of all tests that follow in the same worker"),
    End.PUT_BACK_IF_PASSED: (Severity.LOW, "changes the working directory, and puts it back only if the test passes"),
    End.PUT_BACK: (Severity.NOTE, "changes the working directory and puts it back by hand"),
}


def check(suite: Suite) -> Iterator[Finding]:
    """Find changes of the working directory that pytest doesn't undo."""
    kept = kept_by_fixtures(suite)
    for step in suite.all_steps():
        if not isinstance(step, Call) or step.name not in _CHANGES or is_same_for_all(step.unit) or is_undoing(step):
            continue
        if (
            not is_of_tests(step)
            or _is_put_back_anyway(suite, step)
            or (is_kept(step, "os.chdir", kept) and not step.unit.is_autouse)
        ):
            continue
        end = End.PUT_BACK if step.is_restored else end_of(suite, step, {})
        if end in _FACTS and not (end is End.PUT_BACK and step.frames):
            severity, fact = _FACTS[end]
            yield finding(step, axis=Axis.ORDER, severity=severity, fact=fact, fix="use `monkeypatch.chdir`")


def _is_put_back_anyway(suite: Suite, step: Step) -> bool:
    if not _REQUESTS.isdisjoint(step.unit.requests):
        return True
    if any(v.kind is Kind.MADE and str(v.data).rpartition(".")[2] in _PUTS_BACK for v in step.within):
        return True
    return any(call.name in _PUT_BACK for call in calls_with_fixtures(suite, step.unit))

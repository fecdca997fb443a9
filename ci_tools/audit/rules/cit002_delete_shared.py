"""Files and directories that a test deletes although other workers use them.

A clean-up that takes all there is was right as long as one test ran at a time. Beside other workers it deletes what
their tests have just written: they fail with `FileNotFoundError` at a place that has nothing to do with the cause. In
an autouse or session fixture this happens in every test, or at the start of every worker.

Bad:

```python
@pytest.fixture(autouse=True)
def clean_sessions():
    yield
    for session in settings.sessions_dir.glob("test-*"):
        shutil.rmtree(session)  # those of all workers
```

Good:

```python
@pytest.fixture(autouse=True)
def clean_sessions(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "sessions_dir", tmp_path / "sessions")
```

Or delete by ids that the test has made itself. What lies below `tmp_path` needs no clean-up at all: pytest does it.

The rule leaves alone what is deleted below `tmp_path`, `tempfile` and the like or under a name with a random part or
the worker's id; single files that the same test file writes itself (the write is CIT001 or CIT003); paths with a part
that it doesn't know.

Where nothing else uses the path: `# ci-tools: ignore[CIT002] only this test has it`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.files import Deletion, deleted_by, written_by
from ci_tools.audit.sinks.home import has_own_home, movers_of_home
from ci_tools.audit.sinks.where import is_alone, is_session_wide, shared_path
from ci_tools.audit.steps import Step, Unit, UnitKind
from ci_tools.audit.suite import Suite, finding


def check(suite: Suite) -> Iterator[Finding]:
    """Find deletions of what other workers may be using."""
    movers = movers_of_home(suite)
    by_file: dict[str, set[str]] = {}
    for unit in suite.units:
        by_file.setdefault(unit.module.path, set()).update(_written(suite, unit))
    for step in suite.all_steps():
        for deletion in deleted_by(step):
            path = shared_path(step, deletion.path)
            own = _written(suite, step.unit) if deletion.is_tree else by_file[step.unit.module.path]
            is_own = path in own or (path.startswith("~") and has_own_home(step.unit, movers))
            if path and not (is_own or is_alone(step)):
                yield _found(step, path, deletion)


def _written(suite: Suite, unit: Unit) -> set[str]:
    """Return the shared paths that a unit writes: that is found by another rule, the clean-up needn't be, too."""
    return {shared_path(step, value) for step in suite.steps[unit] for value in written_by(step)}


def _found(step: Step, path: str, deletion: Deletion) -> Finding:
    what = f"everything at {path!r}" if path.endswith("*") else repr(path) + " and all below it" * deletion.is_tree
    return finding(
        step,
        axis=Axis.WORKERS,
        severity=Severity.HIGH,
        fact=f"deletes {what}{_when(step.unit)}: other workers have it, too",
        fix="point the code at `tmp_path`, or delete by ids of the test's own",
    )


def _when(unit: Unit) -> str:
    if is_session_wide(unit):
        return " whenever a worker starts"
    return " around every test" if unit.kind is UnitKind.FIXTURE and unit.is_autouse else ""

"""Files that a test writes at a path that is the same in every worker.

Workers share the file system. Two tests that write to `out/report.json` take each other's file as soon as they run in
two workers at once: one reads what the other wrote, finds half of it, or nothing. Which of them fails changes from run
to run. A path in the source tree (`Path(__file__).parent / "actual.html"`) is no better.

Bad:

```python
def test_export():
    export(Path("out/report.json"))  # which writes there
    assert json.loads(Path("out/report.json").read_text())
```

Good:

```python
def test_export(tmp_path):
    export(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())
```

`tmp_path` is a directory of the test's own, in each worker another. For code that has its path built in,
`monkeypatch.chdir(tmp_path)` moves the test there.

The rule follows values through fixtures, helpers and two calls of the project's own functions. It leaves alone: paths
below `tmp_path`, `tempfile` and the like; names that hold a random part, a process id or the worker's id; paths with a
part that it doesn't know; a test that has changed into a directory of its own (`monkeypatch.chdir`, click's
`isolated_filesystem`, `pytester`), or has a `HOME` of its own; writes that are mocked, expected to fail
(`pytest.raises`), made under a lock, or made after asking which worker this is; directories that may exist already
(`exist_ok=True`). Temporary directories that all share are CIT003, session fixtures CIT104.

Where a file is written once, or by one test alone, say so: `# ci-tools: ignore[CIT001] only this test writes it`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.files import written_by
from ci_tools.audit.sinks.home import has_own_home, movers_of_home
from ci_tools.audit.sinks.where import is_alone, is_session_wide, is_temporary, shared_path
from ci_tools.audit.suite import Suite, finding


def check(suite: Suite) -> Iterator[Finding]:
    """Find writes to paths that other workers have, too."""
    movers = movers_of_home(suite)
    for step in suite.all_steps():
        if is_session_wide(step.unit):
            continue
        for path in filter(None, (shared_path(step, value) for value in written_by(step))):
            is_own = is_temporary(path) or (path.startswith("~") and has_own_home(step.unit, movers))
            if not (is_own or is_alone(step)):
                yield finding(
                    step,
                    axis=Axis.WORKERS,
                    severity=Severity.HIGH,
                    fact=f"writes to {path!r}, a path that every worker has",
                    fix="write below `tmp_path`; where the path is built in, `monkeypatch.chdir(tmp_path)` first",
                )

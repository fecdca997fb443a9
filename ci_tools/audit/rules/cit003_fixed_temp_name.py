"""Files that a test writes below `/tmp` under a name of its own choice.

The directory for temporary files belongs to the whole machine: other workers, other runs, and other people's projects
write there, too. A fixed name in it is taken by all of them, and stays behind for the next run.

Bad:

```python
def test_cache():
    cache = Cache("/tmp/cache")
    cache.put("a", "1")  # which writes below its directory
```

Good:

```python
def test_cache(tmp_path):
    cache = Cache(tmp_path)
    cache.put("a", "1")
```

Found are names below `/tmp`, `/var/tmp`, `/dev/shm` and `tempfile.gettempdir()` that reach a call which writes,
directly or through fixtures and two calls of the project's own functions, and, as a note, `tempfile.mktemp()`:
between its answer and the first write somebody else can take the name. A path that is only text (parsed, compared,
handed to a mock) is not found, nor are names with a random part, a process id or the worker's id in them.

Where a program has its path built in and one test alone uses it: `# ci-tools: ignore[CIT003] the daemon's own path`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.files import written_by
from ci_tools.audit.sinks.where import is_alone, is_session_wide, is_temporary, shared_path
from ci_tools.audit.steps import Call, Step
from ci_tools.audit.suite import Suite, finding


def check(suite: Suite) -> Iterator[Finding]:
    """Find writes to fixed names in the machine's temporary directory."""
    for step in suite.all_steps():
        if isinstance(step, Call) and step.name == "tempfile.mktemp":
            yield _race(step)
        elif not is_session_wide(step.unit):
            paths = [path for value in written_by(step) if is_temporary(path := shared_path(step, value))]
            for path in () if not paths or is_alone(step) else paths:
                yield finding(
                    step,
                    axis=Axis.WORKERS,
                    severity=Severity.HIGH,
                    fact=f"writes to {path!r}, a name that every worker and every run on the machine has",
                    fix="write below `tmp_path`",
                )


def _race(step: Step) -> Finding:
    return finding(
        step,
        axis=Axis.WORKERS,
        severity=Severity.NOTE,
        fact="`tempfile.mktemp()` gives a name that another process can take before the file is there",
        fix="use `tmp_path`, or `tempfile.mkstemp()`, which makes the file",
    )

"""Session fixtures that build or write something that all workers share.

`scope="session"` means once in each worker, not once in the run: with eight workers the build runs eight times, at the
same moment, in the same directory. "If it isn't there, make it" doesn't help, as all of them look before the first has
finished.

Bad:

```python
@pytest.fixture(scope="session")
def model():
    if not CACHE.exists():
        CACHE.write_bytes(train())
    return CACHE
```

Good, a copy for each worker:

```python
@pytest.fixture(scope="session")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "weights.bin"
    path.write_bytes(train())
    return path
```

Good, once for all workers: ci-tools' `once`, or a lock around the whole of it (`with FileLock(...)`).

Found are, in fixtures of session and package scope without a lock: writes to paths that workers share, builds and
containers that are started (`npm run build`, `docker compose up`, `make`), and tables that are made or dropped in a
shared database. Deletions are CIT002.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.builds import built_by
from ci_tools.audit.sinks.databases import changed_by
from ci_tools.audit.sinks.files import written_by
from ci_tools.audit.sinks.where import is_alone, is_session_wide, shared_path
from ci_tools.audit.steps import Step
from ci_tools.audit.suite import Suite, finding


def check(suite: Suite) -> Iterator[Finding]:
    """Find what fixtures of session scope do in each worker, and should do once."""
    for unit in suite.units:
        if is_session_wide(unit):
            for step in suite.steps[unit]:
                yield from _found(step)


def _found(step: Step) -> Iterator[Finding]:
    done = [f"writes to {path!r}" for value in written_by(step) if (path := shared_path(step, value))]
    done += [*(f"runs `{command}`" for command in built_by(step)), *changed_by(step)]
    for what in () if not done or is_alone(step) else done:
        yield finding(
            step,
            axis=Axis.WORKERS,
            severity=Severity.MEDIUM,
            fact=f"{what} in each worker: a session fixture is set up once per worker, not once per run",
            fix="use a directory of `tmp_path_factory`, or do it once for all workers with ci-tools' `once`",
        )

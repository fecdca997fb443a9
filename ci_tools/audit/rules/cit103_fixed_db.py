"""Databases that every worker opens under the same name.

Tests that create tables, truncate them or count rows do so in the same database, at the same time: rows appear that
nobody here wrote, a table is dropped under a running query, SQLite answers "database is locked".

Bad:

```python
engine = create_engine("sqlite:///./test.db")
```

Good:

```python
@pytest.fixture
def engine(tmp_path):
    return create_engine(f"sqlite:///{tmp_path}/test.db")
```

On a server, put the worker's id into the name (pytest-django and pytest-postgresql do it by themselves), or let
ci-tools do it: `[tool.ci-tools.isolation]` rewrites `DATABASE_URL` in each worker before the application is imported.

Found are constant names that reach `sqlite3.connect`, `create_engine`, `psycopg.connect` and the like, database URLs
that a conftest or fixture puts into the environment, `FLUSHDB` and `drop_database` on shared servers, and, with a
lower severity, constant defaults of an environment variable. `:memory:`, `mode=ro`, private and worker's paths and
the maintenance databases (`postgres`, `template1`) are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.databases import emptied_by, is_default, opened_by
from ci_tools.audit.suite import Suite, finding

_FIX = "put the database below `tmp_path` or the worker's id into its name; `[tool.ci-tools.isolation]` can do that"


def check(suite: Suite) -> Iterator[Finding]:
    """Find databases that workers share."""
    for step in suite.all_steps():
        for name in opened_by(step):
            is_given = not is_default(step)
            yield finding(
                step,
                axis=Axis.WORKERS,
                severity=Severity.HIGH if is_given else Severity.MEDIUM,
                fact=f"opens the database {name!r}, which every worker has{'' if is_given else ' by default'}",
                fix=_FIX,
            )
        for name in emptied_by(step):
            yield finding(
                step,
                axis=Axis.WORKERS,
                severity=Severity.HIGH,
                fact=f"empties {name}, which every worker has",
                fix="give each worker a database of its own, by number or by name",
            )

"""A call of `datetime.utcnow()` or `datetime.utcfromtimestamp()`.

They give the time in UTC without saying so: whatever does arithmetic with it takes it for local time, and is right on
machines that run in UTC alone. Deprecated since Python 3.12; where warnings are errors, the test fails.

Bad:

```python
created = datetime.utcnow()
```

Good:

```python
created = datetime.now(timezone.utc)
```

Aware and naive times can't be compared: change those it is compared with, too. `ci-tools audit --fix` does so where it
sees all of them. Found in tests and in what they call, two calls deep; ruff's DTZ003 and DTZ004 find all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call
from ci_tools.audit.suite import Suite, finding

_INSTEAD = {
    "datetime.datetime.utcnow": "`datetime.now(timezone.utc)`",
    "datetime.datetime.utcfromtimestamp": "`datetime.fromtimestamp(..., tz=timezone.utc)`",
}


def check(suite: Suite) -> Iterator[Finding]:
    """Find the calls."""
    for step in suite.all_steps():
        if isinstance(step, Call) and step.name in _INSTEAD:
            yield finding(
                step,
                axis=Axis.TIME,
                severity=Severity.LOW,
                fact=f"`{step.name.rpartition('.')[2]}` gives a time without a zone, and is deprecated",
                fix=f"use {_INSTEAD[step.name]}",
            )

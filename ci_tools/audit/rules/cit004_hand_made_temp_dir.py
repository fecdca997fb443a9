"""A test that makes its temporary directory by hand.

No two tests meet in it, so nothing breaks: a note. But pytest makes one by itself, keeps those of the last three runs
for a look at what failed, and clears the rest away; what `mkdtemp()` makes stays behind whenever the test fails before
its clean-up.

Bad:

```python
def test_export():
    folder = tempfile.mkdtemp()
    export(folder)
    shutil.rmtree(folder)
```

Good:

```python
def test_export(tmp_path):
    export(tmp_path)
```

`ci-tools audit --fix` does it where it is sure. Found in the body of test functions alone: a `unittest.TestCase` can't
have `tmp_path`. Not found in tests that speak of sockets, whose path has to be short, as `tmp_path` isn't.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.audit.context.around import is_unittest, source_of
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, UnitKind
from ci_tools.audit.suite import Suite, finding

_MAKES = ("tempfile.mkdtemp", "tempfile.TemporaryDirectory")


def check(suite: Suite) -> Iterator[Finding]:
    """Find the calls that `tmp_path` would replace."""
    for unit in suite.units:
        if unit.kind is not UnitKind.TEST or is_unittest(unit) or "sock" in source_of(unit).lower():
            continue
        for step in suite.steps[unit]:
            if isinstance(step, Call) and step.name in _MAKES and not step.frames:
                yield finding(
                    step,
                    axis=Axis.WORKERS,
                    severity=Severity.NOTE,
                    fact=f"`{step.name}` makes a directory that pytest would make, keep for a look and clear away",
                    fix="use `tmp_path`",
                )

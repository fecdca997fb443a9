"""Environment variables that hooks set for workers, where they don't arrive or are the same for all.

`pytest_configure_node` runs in the controller, when the worker's process has been started already: what it writes into
`os.environ` reaches no worker. `pytest_sessionstart` runs in every worker, but after the conftests, and so after the
application and its settings were imported, and a value that doesn't name the worker is the same in all of them.

Bad:

```python
def pytest_configure_node(node):
    os.environ["DATABASE_URL"] = f"postgresql://localhost/app_{node.gateway.id}"
```

Good:

```python
def pytest_load_initial_conftests(early_config):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "master")
    os.environ["DATABASE_URL"] = f"postgresql://localhost/app_{worker}"
```

in a plugin that is loaded by `-p`, or `[tool.ci-tools.isolation]`, which does this before anything is imported. Data
for a worker goes into `node.workerinput`.

Found are all writes in `pytest_configure_node`, and in `pytest_sessionstart` those that name something shared (a
path, a URL, a port, a database) without asking which worker it is. Switches like `TESTING=1` are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.sinks.where import knows_workers
from ci_tools.audit.steps import Call, Kind, Place, Step, Store, UnitKind, Value
from ci_tools.audit.suite import Suite, finding

_RESOURCE = re.compile(
    r"(?:^|_)(?:DIR|DIRECTORY|PATH|HOME|ROOT|FILE|URL|URI|DSN|DB|DATABASE|PORT|SOCKET|HOST|TMP|TMPDIR|TEMP|CACHE)(?:$|_)",
    re.IGNORECASE,
)
_SETTERS = frozenset({"os.environ.setdefault", "os.putenv"})


def check(suite: Suite) -> Iterator[Finding]:
    """Find environment variables that hooks set too late, or for the wrong process."""
    for unit in suite.units:
        if unit.kind is UnitKind.HOOK and unit.name == "pytest_configure_node":
            for step in suite.steps[unit]:
                if any(True for _ in _written(step)):
                    yield _of_the_controller(step)
        elif (
            unit.kind is UnitKind.HOOK
            and unit.name == "pytest_sessionstart"
            and not knows_workers(unit.module, unit.node)
        ):
            for step in suite.steps[unit]:
                for name, value in _written(step):
                    if _RESOURCE.search(name) and value.kind in (Kind.CONST, Kind.PATH) and not value.is_unique:
                        yield _same_for_all(step, name)


def _written(step: Step) -> Iterator[tuple[str, Value]]:
    """Yield the environment variables that a step sets, and their values."""
    if isinstance(step, Store):
        if step.place is Place.ITEM and step.owner.data == "os.environ" and not step.is_delete:
            yield step.name, step.value
    elif isinstance(step, Call) and step.name in _SETTERS:
        yield str(step.argument(0, "key").data), step.argument(1, "value")
    elif isinstance(step, Call) and step.name == "os.environ.update":
        yield from step.keywords.items()
        given = step.argument(0)
        if given.kind is Kind.ITEMS and given.data == "dict":
            yield from ((str(key.data), value) for key, value in zip(given.args, given.items))


def _of_the_controller(step: Step) -> Finding:
    return finding(
        step,
        axis=Axis.WORKERS,
        severity=Severity.HIGH,
        fact="sets an environment variable in the controller: the worker is running already and never sees it",
        fix="put it into `node.workerinput`, or set it in the worker, in `pytest_load_initial_conftests`",
    )


def _same_for_all(step: Step, name: str) -> Finding:
    return finding(
        step,
        axis=Axis.WORKERS,
        severity=Severity.HIGH,
        fact=f"sets {name} to the same value in every worker, after the conftests have imported the application",
        fix="set it by worker in `pytest_load_initial_conftests`, or let `[tool.ci-tools.isolation]` do it",
    )

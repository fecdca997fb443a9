"""Parameters whose order or value differs from worker to worker.

Each worker collects the tests by itself, and pytest-xdist refuses to run when their lists differ: "Different tests
were collected between gw0 and gw1". A set of texts, enum members or classes has another order in each process
(`PYTHONHASHSEED`), a random or timed value is another each time. Where the ids happen to be equal it is worse:
`test[x0]` is one thing here and another there, one of them runs twice, one never, and nobody is told.

Bad:

```python
@pytest.mark.parametrize("name", {"red", "green"})
@pytest.mark.parametrize("number", [random.randint(0, 9)])
```

Good:

```python
@pytest.mark.parametrize("name", sorted({"red", "green"}))
@pytest.mark.parametrize("number", [random.randint(0, 9)], ids=["any"])
```

Listings of directories (`os.listdir`, `glob`, `Path.iterdir`) come in the file system's order; they are found with a
lower severity, as workers on one machine mostly see the same one.

Left alone are sets of numbers (their order is the same everywhere), sets that are *a* value and not *the* values,
objects that get numbered ids (`uuid.uuid4()`, `datetime.now()`; their text is found), and random values whose ids are
given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Step, Value
from ci_tools.audit.suite import Suite, finding

_KEYWORD_ONLY = 99  # a position that nothing has
_ARGUMENTS = {
    "pytest.mark.parametrize": (1, "argvalues"),
    "pytest.fixture": (_KEYWORD_ONLY, "params"),
    "pytest_asyncio.fixture": (_KEYWORD_ONLY, "params"),
}
_LISTINGS = re.compile(r"os\.(?:listdir|scandir|walk)|glob\.i?glob|pathlib\.Path\.(?:r?glob|iterdir)")
_SETS = ("set", "frozenset")
_NUMBERS = (int, float, bool, complex)
# What gives a number or a text that is another in each process; objects and lists get numbered ids.
_RANDOM = re.compile(
    r"random\.(?:random|randint|randrange|uniform|gauss|choice|getrandbits)|numpy\.random\.\w+|secrets\.\w+"
    r"|os\.(?:getpid|urandom)|time\.(?:time|monotonic|perf_counter)(?:_ns)?|uuid\.uuid[14]\.\w+"
    r"|datetime\..*\b(?:now|utcnow|today)\.(?:isoformat|strftime|timestamp|ctime)"
)


def check(suite: Suite) -> Iterator[Finding]:
    """Find values of parameters that workers don't agree on."""
    for unit in suite.units:
        for step in suite.steps[unit]:
            if isinstance(step, Call) and (values := _values(step)) is not None:
                yield from _found(step, values, suite.steps[unit])


def _values(call: Call) -> Value | None:
    """Return the parameters' values, if the call gives some."""
    if call.name in _ARGUMENTS:
        return call.argument(*_ARGUMENTS[call.name])
    is_metafunc = call.unit.name == "pytest_generate_tests" and call.name.endswith(".parametrize")
    return call.argument(1, "argvalues") if is_metafunc else None


def _found(call: Call, values: Value, beside: Sequence[Step]) -> Iterator[Finding]:
    if values.is_unordered and not _have_one_order(values):
        is_listing = values.data not in _SETS and not _is_written_out(values) and any(map(_lists, beside))
        order = "the file system's" if is_listing else "another in every process"
        yield _finding(
            call,
            Severity.MEDIUM if is_listing else Severity.HIGH,
            f"the order of these parameters is {order}: workers may collect different tests",
            "give them an order: `sorted(...)`",
        )
    elif _have_random_ids(call, values) and not any(map(_seeds, beside)):
        yield _finding(
            call,
            Severity.HIGH,
            "a parameter is another value in every process, and its id with it: workers collect different tests",
            "give the parameter an id (`ids=`, `pytest.param(..., id=)`), or make the value in the test",
        )


def _finding(step: Step, severity: Severity, fact: str, fix: str) -> Finding:
    return finding(step, axis=Axis.COLLECTION, severity=severity, fact=fact, fix=fix)


def _is_written_out(values: Value) -> bool:
    return values.kind is Kind.ITEMS and bool(values.items) and all(v.kind is Kind.CONST for v in values.items)


def _have_one_order(values: Value) -> bool:
    """Return whether the hashes of all values are those of numbers: equal in every process."""
    return _is_written_out(values) and all(isinstance(v.data, _NUMBERS) for v in values.items)


def _lists(step: Step) -> bool:
    return isinstance(step, Call) and _LISTINGS.fullmatch(step.name) is not None


def _seeds(step: Step) -> bool:
    return isinstance(step, Call) and step.name in ("random.seed", "numpy.random.seed")


def _have_random_ids(call: Call, values: Value) -> bool:
    return values.kind is Kind.ITEMS and "ids" not in call.keywords and any(map(_is_random_id, values.items))


def _is_random_id(value: Value) -> bool:
    """Return whether a value's text is its id (numbers, texts), and differs from process to process."""
    if value.kind is Kind.ITEMS and value.data == "tuple":
        return any(map(_is_random_id, value.items))
    if value.data == "pytest.param":
        return "id" not in value.attributes and any(map(_is_random_id, value.args))
    if value.kind is Kind.MADE:
        return _RANDOM.fullmatch(str(value.data)) is not None
    return value.is_unique and value.kind in (Kind.CONST, Kind.PATH, Kind.UNKNOWN)

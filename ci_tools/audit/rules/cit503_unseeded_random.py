"""Random test data without a seed.

When such a test fails, nobody can run it again with the same numbers; that it passes says little about the next run.

Bad:

```python
def test_sorts():
    numbers = [random.random() for _ in range(100)]
    assert my_sort(numbers) == sorted(numbers)
```

Good: a generator of the test's own.

```python
def test_sorts():
    numbers = [random.Random(7).random() for _ in range(100)]
```

Hypothesis draws at random, too, and prints how to draw the same again. The first draw of a test is found, once; it is
a note where what is drawn has no part in an assertion, a comparison or a branch, as far as names tell. Not found: what
is seeded in the test, its fixtures, its file, or a pytest hook; random names (in f-strings, from
`string.ascii_letters`), `uuid`, `secrets` and pauses, which are to be different each time; the application's own dice.
With pytest-randomly, which seeds every test, ignore the rule.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ci_tools.audit.context.around import ancestors, calls_with_fixtures, is_of_tests, is_same_for_all
from ci_tools.audit.context.drawn import has_part
from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Call, Kind, Unit, UnitKind, Value
from ci_tools.audit.suite import Suite, finding

_OF_RANDOM = (
    "betavariate|choice|choices|expovariate|gauss|getrandbits|normalvariate|randbytes|randint|random|randrange|sample"
    "|shuffle|triangular|uniform"
)
_OF_NUMPY = (
    "choice|exponential|gamma|normal|permutation|poisson|rand|randint|randn|random|random_sample|shuffle"
    "|standard_normal|uniform"
)
_DRAWS = re.compile(rf"random\.(?:{_OF_RANDOM})|numpy\.random\.(?:{_OF_NUMPY})")
_GENERATORS = ("random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.Generator")
_SEEDS = ("random.seed", "numpy.random.seed", "torch.manual_seed", "random.setstate", "numpy.random.set_state")
_NONE = Value(Kind.CONST, None)


def check(suite: Suite) -> Iterator[Finding]:
    """Find draws from generators that nothing has seeded."""
    always = [unit for unit in suite.units if is_same_for_all(unit) or unit.name.startswith("pytest_")]
    if any(_seeds(suite, unit) for unit in always):
        return
    seeded = {unit.module.path for unit in suite.units if unit.kind is UnitKind.MODULE and _seeds(suite, unit)}
    for unit in suite.units:
        if unit.module.path in seeded or unit.kind is UnitKind.HOOK:
            continue
        if any(call.name in _SEEDS for call in calls_with_fixtures(suite, unit)):
            continue
        draws = [s for s in suite.steps[unit] if isinstance(s, Call) and _is_unseeded(s) and is_of_tests(s)]
        wanting = [draw for draw in draws if not _is_wanted(draw)]
        first = next((draw for draw in wanting if has_part(draw)), next(iter(wanting), None))
        if first is not None:
            yield finding(
                first,
                axis=Axis.TIME,
                severity=Severity.LOW if has_part(first) else Severity.NOTE,
                fact=f"`{first.name}` draws other numbers in each run: a failure can't be repeated",
                fix="draw from a generator with a seed, `random.Random(7)`",
            )


def _seeds(suite: Suite, unit: Unit) -> bool:
    return any(isinstance(step, Call) and step.name in _SEEDS for step in suite.steps[unit])


def _is_unseeded(call: Call) -> bool:
    if call.name in _GENERATORS:
        return (not call.args and not call.keywords) or call.argument(0, "seed") == _NONE
    return _DRAWS.fullmatch(call.name) is not None


def _is_wanted(call: Call) -> bool:
    """Return whether other numbers are what is wanted: a name unlike any other, a pause of uneven length."""
    if any(value.kind is Kind.OUTSIDE and str(value.data).startswith("string.") for value in call.args):
        return True
    above = ancestors(call.module.tree, call.node)
    return any(isinstance(node, ast.JoinedStr) or _makes_text(node) or _pauses(node) for node in above)


def _pauses(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "sleep"


def _makes_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Name):
        return function.id in ("str", "hex", "repr", "chr")
    return isinstance(function, ast.Attribute) and function.attr in ("join", "format", "hex")

"""What is followed once and repeated: the same steps as if it were followed each time."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest
from audit.suites import known, sinks_of, suite_of

from ci_tools.audit.flow.memo import Memo
from ci_tools.audit.source import Sources, read_sources
from ci_tools.audit.steps import Call, Step, Value
from ci_tools.audit.suite import build_suite
from ci_tools.plan.pytest_config import PytestConfig

CORPUS = Path(__file__).parents[1] / "audit_corpus"
HELPERS = """
    import os
    from elsewhere import sink

    class Box:
        def __init__(self, path="out"):
            self.path = path
            self.inner = Inner()
        def move(self, path):
            self.path = path
            return self
        def use(self):
            sink(self.path)

    class Inner:
        x = "x"

    def make(path):
        return Box(path)

    def poke(box):
        box.inner.x = "y"

    def closing(value):
        def inner():
            return value
        return inner

    def move(path):
        os.chdir(path)
"""


def shown(step: Step) -> tuple[object, ...]:
    values: Sequence[Value] = (*step.args, *step.keywords.values()) if isinstance(step, Call) else ()
    frames = [(f.function, f.call.lineno) for f in step.frames]
    return (
        type(step).__name__,
        getattr(step, "name", ""),
        (step.module.path, ast.unparse(step.node), step.node.lineno),
        (step.in_loop, step.is_teardown, step.is_restored, known(step.cwd), step.symbol),
        (frames, [known(value) for value in step.within], [known(value) for value in values]),
    )


def test_steps_of_the_corpus_are_those_without_a_memo(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rules at once: each folder's cases lie beside each other as packages of one project."""

    def steps(sources: Sources, config: PytestConfig) -> list[list[tuple[object, ...]]]:
        suite = build_suite(sources, config)
        return [[shown(step) for step in suite.steps[unit]] for unit in suite.units]

    config = PytestConfig(rootdir=CORPUS, paths=(CORPUS,))
    sources = read_sources(config)
    remembered = steps(sources, config)
    monkeypatch.setattr(Memo, "run_once", lambda self, code: self.run_function(code))
    assert sum(map(len, remembered)) > 2000 and remembered == steps(sources, config)


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        ("make('a').use()\nmake('a').move('b').use()\nmake('a').use()", ["const a", "const b", "const a"]),
        ("x = make('a')\ny = make('a')\nx.move('b')\ny.use()\nx.use()", ["const a", "const b"]),
        ("x = make('a')\nx.move(tmp_path)\nx.use()", ["private tmp_path"]),
        ("Box(True).use()\nBox(1).use()", ["const True", "const 1"]),
        ("sink(closing('a')())\nsink(closing('b')())\nsink(closing('a')())", ["const a", "const b", "const a"]),
        ("poke(make('b'))\nx = make('b')\ninner = x.inner\npoke(x)\nsink(inner.x)", ["const y"]),
        ("make('a').inner.x = 'y'\nsink(make('a').inner.x)", ["const x"]),
    ],
)
def test_objects_that_are_made_alike_are_not_the_same(body: str, reached: list[str], tmp_path: Path) -> None:
    head = "from elsewhere import sink\nfrom helpers import *\nfrom helpers import Box, closing, make, poke\n"
    test = "def test_a(tmp_path):\n    " + body.replace("\n", "\n    ")
    suite = suite_of(tmp_path, {"helpers.py": HELPERS, "test_a.py": f"{head}{test}\n"})
    assert suite.problems == ()
    assert sinks_of(suite, "::test_a") == reached


def test_what_a_call_does_to_the_directory_is_done_each_time(tmp_path: Path) -> None:
    tests = "".join(f"def test_{n}(tmp_path):\n    move(tmp_path)\n    sink('a')\n" for n in "ab")
    text = f"from elsewhere import sink\nfrom helpers import move\n{tests}"
    suite = suite_of(tmp_path, {"helpers.py": HELPERS, "test_a.py": text})
    found = [s for s in suite.all_steps() if isinstance(s, Call) and s.name == "elsewhere.sink"]
    assert [known(s.cwd) for s in found] == ["private tmp_path", "private tmp_path"]

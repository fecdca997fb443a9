"""Rules over a suite: what they find is put together, and one that fails doesn't end the others."""

from __future__ import annotations

import ast
import cProfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from audit.suites import suite_of
from audit.values import FINDING, finding

from ci_tools.audit import engine
from ci_tools.audit.engine import RuleError, audit_suite, merged
from ci_tools.audit.finding import Axis, Finding, Severity, Span
from ci_tools.audit.steps import Call
from ci_tools.audit.suite import Suite, finding_at
from ci_tools.audit.suite import finding as finding_of

FILES = {
    "test_a.py": """
        from helpers import save

        def test_one():
            save('ä', 1)

        def test_two():
            save("x",
                 2)
    """,
    "helpers.py": """
        def save(name, n):
            print(name)
    """,
}


def prints(suite: Suite) -> Iterator[Finding]:
    for step in suite.all_steps():
        if isinstance(step, Call) and step.name == "print":
            yield finding_of(step, axis=Axis.ORDER, severity=Severity.LOW, fact="prints", fix="don't")


def fails(suite: Suite) -> Iterator[Finding]:
    yield from prints(suite)
    raise KeyError("x")


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "check_of", {"CIT001": prints, "CIT002": fails}.__getitem__)


@pytest.mark.usefixtures("rules")
def test_one_place_that_many_units_reach_is_one_finding(tmp_path: Path) -> None:
    result = audit_suite(suite_of(tmp_path, FILES), rules=("CIT001",))
    assert result.findings == (
        Finding(
            rule="CIT001",
            name="write-constant-path",
            axis=Axis.ORDER,
            severity=Severity.LOW,
            span=Span(path="helpers.py", line=3, column=5, end_line=3, end_column=16),
            symbol="save",
            statement="print(name)",
            fact="prints",
            fix="don't",
            units=("test_a.py::test_one", "test_a.py::test_two"),
            calls=(Span(path="test_a.py", line=5, column=5, end_line=5, end_column=17),),
        ),
    )


@pytest.mark.usefixtures("rules")
def test_a_rule_that_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    result = audit_suite(suite_of(tmp_path, FILES), rules=("CIT002", "CIT001"))
    assert result.errors == (RuleError(rule="CIT002", error="KeyError: 'x'"),)
    assert [f.rule for f in result.findings] == ["CIT001"]


def test_twice_the_tests_are_twice_the_work(tmp_path: Path) -> None:
    numbers = [_number_of_calls(suite_of(tmp_path / str(n), {"test_a.py": _tests(n)})) for n in (10, 50, 400)]
    assert numbers[2] / numbers[1] < 9  # 8 times the tests; the first ones import the rules


def _tests(number: int) -> str:
    bodies = (f"    STATE[{n}] = random.choice([1, 2])\n    subprocess.run(['ls'])\n" for n in range(number))
    tests = (f"def test_{n}():\n{body}" for n, body in enumerate(bodies))
    return f"import random, subprocess\nSTATE = {{}}\n{''.join(tests)}"


def _number_of_calls(suite: Suite) -> int:
    profile = cProfile.Profile()
    profile.runcall(audit_suite, suite)
    return sum(entry.callcount for entry in profile.getstats())


def test_findings_come_by_path_line_and_rule() -> None:
    given = [finding(path="b.py"), finding(line=3), finding(rule="CIT003"), finding(), finding(path="a.py", line=9)]
    places = [(f.span.path, f.span.line, f.rule) for f in merged(given)]
    assert places == sorted(places) and len(places) == 5


def test_the_worst_of_one_place_is_told() -> None:
    low = replace(FINDING, severity=Severity.LOW, fact="low", units=("a", "b"))
    high = replace(FINDING, fact="high", units=("b", "c"))
    assert merged([low, high]) == (replace(high, units=("a", "b", "c")),)


def test_a_finding_may_be_at_any_piece_of_source(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, FILES)
    module = suite.modules["test_a.py"]
    node = [n for n in ast.walk(module.tree) if isinstance(n, ast.Call)][-1]
    found = finding_at(module, node, symbol="s", axis=Axis.TIME, severity=Severity.NOTE, fact="f", fix="x")
    assert found.span == Span(path="test_a.py", line=8, column=5, end_line=9, end_column=12)
    assert (found.statement, found.units) == ('save("x", 2)', ())

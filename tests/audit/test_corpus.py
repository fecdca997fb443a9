"""Every rule against small suites: it finds the marked lines, and no rule finds any other.

`tests/audit_corpus/CIT001/<case>/` is a suite; a line that ends with `# CIT001` is found by that rule, by several if
several are named.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ci_tools.audit.engine import Audit, audit
from ci_tools.audit.rules import RULES
from ci_tools.plan.pytest_config import PytestConfig

CORPUS = Path(__file__).parents[1] / "audit_corpus"
CASES = sorted(path for path in CORPUS.glob("CIT*/*") if path.is_dir())
MARK = re.compile(r"#((?: CIT\d{3})+)\s*$")

Place = tuple[str, int, str]


def name_of(case: Path) -> str:
    return f"{case.parent.name}-{case.name}"


def audited(case: Path) -> Audit:
    return audit(PytestConfig(rootdir=case, paths=(case,)))


def expected(case: Path) -> set[Place]:
    return {
        (path.relative_to(case).as_posix(), number, rule)
        for path in case.rglob("*.py")
        for number, line in enumerate(path.read_text().split("\n"), 1)
        if (match := MARK.search(line))
        for rule in match[1].split()
    }


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_rules_find_the_marked_lines_and_no_others(case: Path) -> None:
    result = audited(case)
    assert (result.errors, result.problems) == ((), ())
    assert {(f.span.path, f.span.line, f.rule) for f in result.findings} == expected(case)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_case_that_it_finds_and_one_that_it_leaves_alone(rule: str) -> None:
    cases = [path for path in CASES if path.parent.name == rule]
    lines = [line for case in cases for path in case.rglob("*.py") for line in path.read_text().split("\n")]
    marked = [line for line in lines if (match := MARK.search(line)) and rule in match[1].split()]
    assert len(marked) >= 6 and len(cases) >= 2, "at least six lines that are found"


def test_every_case_is_of_a_rule() -> None:
    assert sorted(path.name for path in CORPUS.glob("CIT*")) == sorted(RULES)

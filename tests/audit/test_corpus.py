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
def test_every_rule_has_lines_that_it_finds_and_others_that_it_leaves_alone(rule: str) -> None:
    paths = [path for case in CASES if case.parent.name == rule for path in case.rglob("*.py")]
    marked = [place for case in CASES if case.parent.name == rule for place in expected(case) if place[2] == rule]
    n_functions = sum(path.read_text().count("def ") for path in paths)
    assert len(marked) >= 3 and n_functions - len(marked) >= 3


def test_every_case_is_of_a_rule() -> None:
    assert sorted(path.name for path in CORPUS.glob("CIT*")) == sorted(RULES)

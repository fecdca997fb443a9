"""Every rule: what it finds, in which line, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_tools.doctor.rules import RULES, documentation_of
from doctor.casebook import CASES, cases, diagnose_case, expected, found

DOCS = Path(__file__).parents[2] / "docs" / "doctor.md"
MESSAGES = Path(__file__).parent / "messages.txt"


def name(case: Path) -> str:
    return f"{case.parent.name}/{case.stem}"


@pytest.mark.parametrize("case", cases("bad"), ids=name)
def test_a_rule_finds_the_marked_lines_and_no_others(case: Path, tmp_path: Path) -> None:
    assert expected(case)
    assert found(diagnose_case(case, tmp_path), case.parent.name) == expected(case)


@pytest.mark.parametrize("case", cases("good"), ids=name)
def test_a_rule_leaves_alone_what_is_right(case: Path, tmp_path: Path) -> None:
    assert found(diagnose_case(case, tmp_path), case.parent.name) == []


@pytest.mark.parametrize("case", [*cases("good"), *cases("bad")], ids=name)
def test_every_finding_has_one_line_of_fact_and_of_fix(case: Path, tmp_path: Path) -> None:
    for finding in diagnose_case(case, tmp_path).findings:
        assert finding.rule in RULES and finding.line >= 1
        for text in (finding.fact, finding.fix):
            assert text and not text.endswith(".") and "\n" not in text and text[0] != " "


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_cases_good_and_bad(rule: str) -> None:
    assert {case.name.partition("-")[0] for case in (CASES / rule).glob("*.yml")} == {"good", "bad"}


def test_every_case_is_of_a_rule() -> None:
    assert sorted(path.name for path in CASES.iterdir()) == sorted(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_documented_in_its_module_and_on_the_page(rule: str) -> None:
    """The page's section is the module's docstring, so that `--explain` and the page can't differ."""
    title, _, body = documentation_of(rule).partition("\n")
    section = DOCS.read_text().partition(f"\n### {rule}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
    assert title.endswith(".") and section.strip() == f"{title}\n{body}".strip()


def test_the_page_names_no_rule_that_is_not_there() -> None:
    sections = [line.removeprefix("### ") for line in DOCS.read_text().split("\n") if line.startswith("### ")]
    assert sections == list(RULES)


def test_what_every_rule_says(tmp_path: Path) -> None:
    """All findings of all bad cases, word for word. After a change read the difference, then replace the file."""
    said = []
    for index, case in enumerate(cases("bad")):
        findings = diagnose_case(case, tmp_path / str(index)).findings
        said += [f"{name(case)}:{f.line}: {f.fact}\n    fix: {f.fix}\n" for f in findings if f.rule == case.parent.name]
    (tmp_path / "messages.txt").write_text("".join(said))
    assert "".join(said) == MESSAGES.read_text(), f"now: {tmp_path / 'messages.txt'}"

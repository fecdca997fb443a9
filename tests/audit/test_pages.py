"""Each rule has its page, its cases, its row and its place in SARIF. After a change of a rule's documentation:
XDIST_CI_UPDATE_GOLDEN=1 pytest tests/audit/test_pages.py
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from textwrap import dedent

import pytest

from ci_tools.audit.catalog import AXES, card_of, cards_of, page_of
from ci_tools.audit.engine import audit
from ci_tools.audit.finding import Axis, Finding
from ci_tools.audit.judged import ranked
from ci_tools.audit.outputs.markdown import TOPICS
from ci_tools.audit.rules import RULES
from ci_tools.cli.main import main
from ci_tools.plan.pytest_config import PytestConfig

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "audit"
CORPUS = ROOT / "tests" / "audit_corpus"
UPDATES = os.environ.get("XDIST_CI_UPDATE_GOLDEN") == "1"


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_page_is_its_documentation(rule: str) -> None:
    path = PAGES / f"{rule}.md"
    if UPDATES:
        path.write_text(page_of(card_of(rule)), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == page_of(card_of(rule))


def test_every_page_and_every_folder_of_cases_is_a_rules() -> None:
    assert sorted(path.stem for path in PAGES.iterdir()) == list(RULES)
    assert sorted(path.name for path in CORPUS.glob("CIT*")) == list(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_what_it_finds_and_shows_bad_and_good(rule: str) -> None:
    documentation = card_of(rule).documentation
    assert re.fullmatch(r"[A-Z].{10,110}\.\n", documentation.partition("\n\n")[0] + "\n")
    examples = re.findall(r"^```python\n(.*?)^```$", documentation, re.S | re.M)
    assert len(examples) >= 2
    for example in map(dedent, examples):
        ast.parse(f"{example}\ndef test(): ..." if example.rstrip().endswith(")") and "@" in example else example)


def test_every_rule_has_a_row_on_the_page_of_the_command() -> None:
    path = ROOT / "docs" / "audit.md"
    text = path.read_text(encoding="utf-8")
    table = "".join(
        f"| [{card.rule}](audit/{card.rule}.md) | {card.name} | {card.axis.value} | {card.severity.value} "
        f"| {card.summary.rstrip('.')} |\n"
        for card in cards_of(RULES)
    )
    if UPDATES:
        text = re.sub(r"(?:^\| \[CIT.*\n)+", lambda match: table, text, flags=re.M)
        path.write_text(text, encoding="utf-8")
    assert "".join(re.findall(r"^\| \[CIT.*\n", text, re.M)) == table


def test_every_axis_has_a_row_on_the_page_of_the_command() -> None:
    text = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert [axis.value for axis in AXES] == [axis.value for axis in Axis]
    assert all(f"| {axis.value} | {meaning} |" in text for axis, meaning in AXES.items())


def test_every_rule_has_a_topic_on_the_markdown_page() -> None:
    assert sorted(rule for _, rules in TOPICS for rule in rules) == list(RULES)


@pytest.fixture(scope="module")
def found() -> list[Finding]:
    """Return what is found in all cases of the corpus."""
    cases = [path for path in CORPUS.glob("CIT*/*") if path.is_dir()]
    return [one for case in cases for one in audit(PytestConfig(rootdir=case, paths=(case,))).findings]


def test_findings_are_of_their_rules_axis(found: list[Finding]) -> None:
    """CIT201 and CIT601 have a second axis: a total over all workers, and a service that is only read."""
    more = {"CIT201": {Axis.WORKERS}, "CIT601": {Axis.TIME}}
    assert [one for one in found if one.axis not in {card_of(one.rule).axis, *more.get(one.rule, ())}] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_severity_is_the_worst_that_it_gives(rule: str, found: list[Finding]) -> None:
    assert ranked(one for one in found if one.rule == rule)[0].severity is card_of(rule).severity


def test_the_example_on_the_page_of_the_command_is_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clean-up of sessions that a team found after days."""
    case = CORPUS / "CIT002" / "sessions_cleanup"
    for path in case.rglob("*.py"):
        copy = tmp_path / path.relative_to(case)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8").replace("  # CIT002", ""), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(tmp_path)
    assert main(["audit"]) == 1
    page = ROOT / "docs" / "audit.md"
    text, example = page.read_text(encoding="utf-8"), f"```console\n$ ci-tools audit\n{capsys.readouterr().out}```\n"
    if UPDATES:
        text = re.sub(r"```console\n\$ ci-tools audit\n.*?```\n", lambda match: example, text, count=1, flags=re.S)
        page.write_text(text, encoding="utf-8")
    assert example in text

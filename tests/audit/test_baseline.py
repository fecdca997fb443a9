"""What a project knows already doesn't fail it, wherever the line has moved to."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from audit.values import finding

from ci_tools.audit.baseline import baseline_of, known_of, stale, without_known
from ci_tools.audit.judged import By
from ci_tools.formats import audit_baseline_json
from ci_tools.formats.audit_baseline_json import Known
from ci_tools.model.errors import FormatError

KNOWN = Known("tests/test_report.py", "CIT001", "test_report", "save('out/report.json')")


def test_a_finding_is_known_by_its_statement_not_by_its_line() -> None:
    known = baseline_of([finding(line=2)])
    assert known == {KNOWN: 1}
    counted, aside = without_known([finding(line=70)], known)
    assert counted == []
    assert [(one.finding.span.line, one.by, one.reason) for one in aside] == [(70, By.BASELINE, "")]


@pytest.mark.parametrize(
    "changes",
    [{"rule": "CIT002"}, {"path": "tests/other.py"}, {"symbol": "test_other"}, {"statement": "save('other')"}],
)
def test_another_rule_file_function_or_statement_is_new(changes: dict[str, str]) -> None:
    new = finding(**changes)  # type: ignore[arg-type]
    assert without_known([new], baseline_of([finding()])) == ([new], [])


def test_of_equal_findings_as_many_are_known_as_were_written_down() -> None:
    counted, aside = without_known([finding(line=line) for line in (2, 3, 4)], baseline_of([finding(), finding()]))
    assert ([one.span.line for one in counted], len(aside)) == ([4], 2)


def test_long_statements_are_cut_and_still_told_apart() -> None:
    one, other = (known_of(finding(statement="x" * 1_000_000 + end)) for end in "ab")
    assert one.statement.startswith("x" * 200 + "… sha256:") and len(one.statement) < 250
    assert one != other


def test_what_is_gone_is_named_unless_nobody_looked() -> None:
    known = Counter({KNOWN: 2, Known("tests/test_b.py", "CIT002", "", "rmtree('x')"): 1})
    _, aside = without_known([finding()], known)

    def said(covers: bool) -> list[str]:
        remarks = stale(aside, known, file="base.json", covers=lambda entry: covers)
        return [f"{one.path}:{one.line}: {one.about.value}: {one.fact}; {one.fix}" for one in remarks]

    fix = "write the baseline anew: `ci-tools audit --write-baseline`"
    assert said(True) == [
        f"base.json:1: stale-baseline: tests/test_b.py: 1 finding of CIT002 is gone: rmtree('x'); {fix}",
        (
            "base.json:1: stale-baseline: tests/test_report.py: 1 finding of CIT001 in test_report is gone: "
            f"save('out/report.json'); {fix}"
        ),
    ]
    assert said(False) == []


GOLDEN = """\
{
 "findings": [
  {
   "count": 2,
   "path": "tests/test_report.py",
   "rule": "CIT001",
   "statement": "save('out/report.json')",
   "symbol": "test_report"
  }
 ],
 "format": "xdist-ci/audit-baseline",
 "version": 1
}
"""


def test_the_bytes_of_the_file() -> None:
    assert audit_baseline_json.dumps({KNOWN: 2}) == GOLDEN
    assert audit_baseline_json.loads(GOLDEN, source="base.json") == Counter({KNOWN: 2})


def test_entries_are_sorted_and_equal_ones_add_up() -> None:
    other = Known("tests/test_a.py", "CIT002", "", "x")
    text = audit_baseline_json.dumps({KNOWN: 2, other: 1})
    assert text == audit_baseline_json.dumps({other: 1, KNOWN: 2})
    twice = json.loads(text)
    twice["findings"] *= 2
    assert audit_baseline_json.loads(json.dumps(twice), source="base.json") == Counter({KNOWN: 4, other: 2})


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("[]", "base.json: found nothing, wanted 'xdist-ci/audit-baseline'"),
        (GOLDEN.replace('"version": 1', '"version": 2'), "xdist-ci/audit-baseline version 2, this ci-tools reads 1"),
        (GOLDEN.replace('"count": 2', '"count": 0'), "findings[0]: 'count' is 0, wanted an integer ≥ 1"),
        (GOLDEN.replace('"symbol": "test_report"', '"symbol": 1'), "findings[0]: 'symbol' is 1, wanted text"),
        (GOLDEN[:100], "base.json: not JSON"),
        ("[" * 100_000, "base.json: nested too deeply"),
    ],
)
def test_what_is_no_baseline_is_refused(text: str, fact: str) -> None:
    with pytest.raises(FormatError) as caught:
        audit_baseline_json.loads(text, source="base.json")
    assert fact in caught.value.fact

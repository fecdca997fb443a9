"""SARIF: valid by its schema, and as GitHub's code scanning wants it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema
import pytest
from audit.values import FINDING, finding
from runner.npm import json_in

from ci_tools.audit.catalog import Card
from ci_tools.audit.finding import Axis, Severity, Span
from ci_tools.audit.judged import About, By, Remark, SetAside
from ci_tools.audit.outputs.sarif import MAX_RESULTS, sarif

PACKAGE, VERSION, MEMBER = "@microsoft/jest-sarif", "1.0.0-beta.0", "lib/schemas/sarif-2.1.0-rtm.5.json"
CARDS = [
    Card(
        rule=rule,
        name=name,
        axis=Axis.WORKERS,
        severity=severity,
        documentation=f"What {rule} finds.\n\nA *bad* example:\n",
    )
    for rule, name, severity in (
        ("CIT001", "write-constant-path", Severity.HIGH),
        ("CIT501", "sleep-sync", Severity.LOW),
    )
]


@cache
def validator() -> Any:
    return jsonschema.Draft4Validator(json_in(PACKAGE, VERSION, MEMBER))


def valid(text: str) -> dict[str, Any]:
    """Return the document's one run; fail unless the document is SARIF 2.1.0."""
    text.encode("ascii")
    document = json.loads(text)
    assert [f"{list(error.path)}: {error.message}" for error in validator().iter_errors(document)] == []
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = document["runs"][0]
    return run


def test_a_finding_with_everything() -> None:
    text = 'def test_report(save):\n    save("out/report.json")\n'
    found = replace(FINDING, calls=(Span(path="tests/other.py", line=7, column=1, end_line=8, end_column=2),))
    run = valid(sarif([found], CARDS, version="1.2.3", prefix="pkg a", texts={FINDING.span.path: text}))
    rule = "https://github.com/org/xdist-ci/blob/main/docs/audit/CIT001.md"
    assert run["tool"]["driver"]["rules"][0] == {
        "id": "CIT001",
        "name": "WriteConstantPath",
        "shortDescription": {"text": "What CIT001 finds."},
        "fullDescription": {"text": "What CIT001 finds."},
        "help": {"text": CARDS[0].documentation, "markdown": CARDS[0].documentation},
        "helpUri": rule,
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["tests", "axis/X", "severity/high"], "problem.severity": "error"},
    }
    place = {
        "artifactLocation": {"uri": "pkg%20a/tests/test_report.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 28},
    }
    caller = {
        "artifactLocation": {"uri": "pkg%20a/tests/other.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7, "startColumn": 1, "endLine": 8, "endColumn": 2},
    }
    flow = [
        {"location": {"physicalLocation": caller, "message": {"text": "called here"}}},
        {"location": {"physicalLocation": place, "message": {"text": FINDING.fact}}},
    ]
    assert run["results"] == [
        {
            "ruleId": "CIT001",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": f"{FINDING.fact}\nfix: write below tmp_path"},
            "locations": [{"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": "test_report"}]}],
            "partialFingerprints": {
                "xdistCiStatement/v1": "69a17b371e6fdc8d33c438edab2d965c",
                "primaryLocationLineHash": "e9cedae7131ac7c:1",
            },
            "properties": {"axis": "X", "severity": "high", "units": 1},
            "codeFlows": [{"threadFlows": [{"locations": flow}]}],
        }
    ]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_nothing_found_is_a_run_too() -> None:
    run = valid(sarif([], CARDS, version="1.2.3"))
    assert (run["results"], len(run["tool"]["driver"]["rules"])) == ([], 2)


@pytest.mark.parametrize(
    ("severity", "level"),
    [(Severity.HIGH, "error"), (Severity.MEDIUM, "warning"), (Severity.LOW, "note"), (Severity.NOTE, "note")],
)
def test_each_severity_has_a_level(severity: Severity, level: str) -> None:
    assert valid(sarif([finding(severity=severity)], CARDS, version="1"))["results"][0]["level"] == level


def test_what_was_set_aside_is_suppressed_where_it_is_asked_for() -> None:
    aside = [
        SetAside(finding=FINDING, by=By.COMMENT, reason="ours"),
        SetAside(finding=FINDING, by=By.BASELINE),
        SetAside(finding=FINDING, by=By.CONFIGURATION, reason="per_file_ignores: tests/**"),
    ]
    results = valid(sarif([FINDING], CARDS, version="1", aside=aside))["results"]
    assert [result.get("suppressions") for result in results] == [
        None,
        [{"kind": "inSource", "justification": "ours"}],
        [{"kind": "external", "justification": "baseline"}],
        [{"kind": "external", "justification": "per_file_ignores: tests/**"}],
    ]


def test_of_too_many_findings_the_worst_are_kept_and_the_rest_is_counted() -> None:
    many = [finding("CIT501", line=line, severity=Severity.LOW) for line in range(1, MAX_RESULTS + 1)]
    aside = [SetAside(finding=FINDING, by=By.COMMENT)]
    run = json.loads(sarif([*many, finding(line=9_999)], CARDS, version="1", aside=aside))["runs"][0]
    lines = [one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in run["results"]]
    assert (len(lines), lines[0], lines[-1]) == (MAX_RESULTS, 9_999, MAX_RESULTS - 1)
    assert run["invocations"][0]["toolExecutionNotifications"] == [
        {
            "level": "warning",
            "message": {"text": "2 findings of less worth were left out: GitHub shows 5,000"},
        }
    ]


def test_remarks_are_notifications() -> None:
    remarks = [
        Remark(about=About.UNREAD, path="tests/broken.py", line=0, fact="no Python", fix="mend it"),
        Remark(about=About.UNUSED, path="tests/test_a.py", line=3, fact="not found", fix="remove it"),
    ]
    notifications = valid(sarif([], CARDS, version="1", remarks=remarks))["invocations"][0][
        "toolExecutionNotifications"
    ]
    assert [(one["level"], one["descriptor"]["id"], one["message"]["text"]) for one in notifications] == [
        ("error", "unread", "no Python\nfix: mend it"),
        ("warning", "unused-ignore", "not found\nfix: remove it"),
    ]


def test_hostile_names_and_texts_stay_what_they_are() -> None:
    hostile = replace(
        finding(path="tests/a\nb %é\udc80#?.py"),
        fact="writes '\x1b[31m\u202e[here](1)' and {0} \udc80" + "x" * 10_000,
        symbol="test_\x1b]0;\x07",
        statement="x\udc80",
    )
    result = valid(sarif([hostile], CARDS, version="1", texts={hostile.span.path: "\udc80\x00\n" * 3}))["results"][0]
    location = result["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "tests/a%0Ab%20%25%C3%A9%80%23%3F.py"
    assert location["logicalLocations"] == [{"fullyQualifiedName": r"test_\x1b]0;\x07"}]
    message = result["message"]["text"]
    assert message.startswith(r"writes '\x1b[31m\u202e\[here](1)' and {{0}} \udc80xxx") and len(message) < 1_100


def test_the_same_findings_give_the_same_bytes() -> None:
    assert sarif([FINDING], CARDS, version="1") == sarif([FINDING], CARDS, version="1")
    assert not re.search(r"\d{4}-\d\d-\d\d", sarif([FINDING], CARDS, version="1").replace("2.1.0", ""))

"""The same findings as JSON, as a Markdown page, as GitHub's annotations."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from audit.values import FINDING, finding, judged
from hypothesis import given, settings
from rendered import TRIGGERS, hostile, rendered

from ci_tools.audit.finding import Severity
from ci_tools.audit.judged import About, By, Remark, SetAside
from ci_tools.audit.outputs.annotations import Annotation, annotations_of
from ci_tools.audit.outputs.as_json import as_json
from ci_tools.audit.outputs.markdown import as_markdown
from ci_tools.audit.readiness import CaseReadiness, FileReadiness, Readiness, State, Verified
from ci_tools.audit.rules.cit102_fixed_port import Reference

REMARK = Remark(about=About.STALE, path="base.json", line=1, fact="1 finding of CIT002 is gone", fix="write it anew")
READINESS = Readiness(
    files=(
        FileReadiness(
            path="tests/test_a.py", cases=(CaseReadiness(nodeid="tests/test_a.py::test_one", state=State.READY),)
        ),
        FileReadiness(
            path="tests/test_report.py",
            cases=(
                CaseReadiness(nodeid="tests/test_report.py::test_report", state=State.BLOCKED, findings=(FINDING,)),
                CaseReadiness(nodeid="tests/test_report.py::test_two", state=State.READY),
            ),
        ),
    )
)
PORT = finding(
    "CIT102", name="fixed-port", line=9, severity=Severity.MEDIUM, fact="binds port 8080", fix="use the `port` fixture"
)
MENTION = Reference("tests/test_report.py", 20, 8081)
ASIDE = SetAside(finding=PORT, by=By.COMMENT, reason="ours")
PLACE = {"path": "tests/test_report.py", "line": 2, "column": 5, "end_line": 2, "end_column": 28}


def test_all_that_is_known_is_in_one_document() -> None:
    said = judged(FINDING, aside=(ASIDE,), remarks=(REMARK,), mentions=(MENTION,), readiness=READINESS, n_files=2)
    document = json.loads(as_json(said))
    found = {
        "rule": "CIT001",
        "name": "write-constant-path",
        "axis": "X",
        "severity": "high",
        **PLACE,
        "symbol": "test_report",
        "statement": "save('out/report.json')",
        "fact": "writes to 'out/report.json', a path that every worker has",
        "fix": "write below tmp_path",
        "units": ["tests/test_report.py::test_report"],
        "calls": [],
    }
    assert document.pop("mentions") == [{"path": "tests/test_report.py", "line": 20, "port": 8081}]
    [aside] = document.pop("set_aside")
    assert (aside["by"], aside["reason"], aside["rule"], aside["line"]) == ("comment", "ours", "CIT102", 9)
    assert document == {
        "format": "xdist-ci/audit",
        "version": 1,
        "rules": ["CIT001", "CIT002"],
        "files": 2,
        "findings_by_rule": {"CIT001": 1},
        "findings_by_severity": {"high": 1, "medium": 0, "low": 0, "note": 0},
        "findings": [found],
        "remarks": [
            {
                "about": "stale-baseline",
                "path": "base.json",
                "line": 1,
                "fact": "1 finding of CIT002 is gone",
                "fix": "write it anew",
            }
        ],
        "readiness": {
            "files": 2,
            "ready_files": 1,
            "tests": 3,
            "tests_by_state": {"blocked": 1, "suspect": 0, "order-risk": 0, "ready": 2},
            "verified": None,
            "by_file": [
                {
                    "path": "tests/test_a.py",
                    "state": "ready",
                    "tests": [{"nodeid": "tests/test_a.py::test_one", "state": "ready", "rules": []}],
                },
                {
                    "path": "tests/test_report.py",
                    "state": "blocked",
                    "tests": [
                        {"nodeid": "tests/test_report.py::test_report", "state": "blocked", "rules": ["CIT001"]},
                        {"nodeid": "tests/test_report.py::test_two", "state": "ready", "rules": []},
                    ],
                },
            ],
        },
    }


def test_what_runs_have_shown_is_in_the_document() -> None:
    verified = Verified(n_runs=10, n_workers=4)
    document = json.loads(as_json(judged(readiness=replace(READINESS, verified=verified))))
    assert document["readiness"]["verified"] == {"runs": 10, "workers": 4}


ROW = (
    "| `tests/test_report.py:2` in `test_report` | high | "
    "writes to `out/report.json`, a path that every worker has (CIT001) | write below `tmp_path` | 1 |"
)
PORT_ROW = (
    "| `tests/test_report.py:9` in `test_report` | medium | binds port 8080 (CIT102) | use the `port` fixture | 1 |"
)
HEADER = "| place | severity | finding | fix | tests and fixtures |\n| --- | --- | --- | --- | ---: |"
PAGE = f"""\
### What keeps tests from running in parallel

1 of 2 files, 2 of 3 tests are ready (static only).

#### Mend first (2)

{HEADER}
{ROW}
{PORT_ROW}

#### Files that aren't ready (1)

| file | state | tests | ready |
| --- | --- | ---: | ---: |
| `tests/test_report.py` | blocked | 2 | 1 |

#### Files that are ready, as far as their source tells (1)

| file | tests |
| --- | ---: |
| `tests/test_a.py` | 1 |

#### Shared files (1)

{HEADER}
{ROW}

#### Ports that are bound (1)

{HEADER}
{PORT_ROW}

#### Ports that are only mentioned (1)

| place | port |
| --- | ---: |
| `tests/test_report.py:20` | 8081 |

#### Remarks (1)

| place | remark | fix |
| --- | --- | --- |
| `base.json:1` | 1 finding of `CIT002` is gone | write it anew |

#### Findings by rule (2)

| rule | findings |
| --- | ---: |
| CIT001 write-constant-path | 1 |
| CIT102 fixed-port | 1 |
"""


def test_the_page_has_what_to_mend_first_then_files_then_topics() -> None:
    said = judged(FINDING, PORT, remarks=(REMARK,), mentions=(MENTION,), readiness=READINESS)
    assert as_markdown(said) == PAGE


def test_a_page_of_nothing() -> None:
    assert as_markdown(judged()) == (
        "### What keeps tests from running in parallel\n\n0 of 0 files, 0 of 0 tests are ready (static only).\n"
    )


def test_a_long_list_says_where_the_rest_is() -> None:
    page = as_markdown(judged(*(finding(line=line) for line in range(1, 151))))
    assert "and 145 more, in `ci-tools audit --format json`" in page
    assert "and 50 more, in `ci-tools audit --format json`" in page


@given(hostile, hostile, hostile)
@settings(max_examples=60)
def test_whatever_names_and_texts_hold_the_page_does_nothing(path: str, fact: str, symbol: str) -> None:
    found = replace(finding(path=path), fact=fact, fix=f"use `{fact}`", symbol=symbol)
    page = rendered(as_markdown(judged(found, remarks=(replace(REMARK, path=path, fact=fact),))))
    assert [text for text in page.prose if TRIGGERS.search(text)] == []
    assert len(page.cells) == 4 * 5 + 2 * 3 + 2 * 2


def test_the_worst_of_each_level_are_annotated() -> None:
    many = [finding(line=line) for line in range(1, 13)]
    found = annotations_of([PORT, finding("CIT501", name="sleep-sync", severity=Severity.LOW), *many], [REMARK])
    assert [(one.level, one.line) for one in found] == [
        *(("error", line) for line in range(1, 10)),
        ("error", None),
        ("warning", 9),
        ("notice", 2),
        ("notice", 1),
    ]
    assert found[9] == Annotation(
        level="error", title="3 more findings", message="and 3 more findings: `ci-tools audit` lists them all"
    )


def test_an_annotation_says_fact_and_fix() -> None:
    assert annotations_of([FINDING], [], prefix="pkg/a") == [
        Annotation(
            level="error",
            title="CIT001 write-constant-path",
            message="writes to 'out/report.json', a path that every worker has\nfix: write below tmp_path",
            file="pkg/a/tests/test_report.py",
            line=2,
        )
    ]


@pytest.mark.parametrize(("n_units", "said"), [(1, ""), (12, "\nof 12 tests and fixtures")])
def test_an_annotation_says_how_many_tests_are_concerned(n_units: int, said: str) -> None:
    found = finding(units=tuple(str(number) for number in range(n_units)))
    assert annotations_of([found], [])[0].message.endswith(f"fix: write below tmp_path{said}")

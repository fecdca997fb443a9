"""Findings as text: their source, marked; long lists stay readable; nothing in them reaches the terminal as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from audit.values import FINDING, LINES, finding, judged

from ci_tools.audit.finding import Severity, Span
from ci_tools.audit.judged import About, By, Remark, SetAside
from ci_tools.audit.outputs.excerpt import excerpt
from ci_tools.audit.outputs.text import as_text, text_lines
from ci_tools.audit.readiness import CaseReadiness, FileReadiness, Readiness, State

READY = "0 of 0 files, 0 of 0 tests are ready (static only)\n"
TEXT = f"""\
tests/test_report.py:2:5: high CIT001 writes to 'out/report.json', a path that every worker has
    |
  2 |     save("out/report.json")
    |     ^^^^^^^^^^^^^^^^^^^^^^^
    = called at: tests/test_report.py:12, tests/helpers.py:3
    = reached from: tests/test_report.py::test_a, tests/test_report.py::test_b, tests/test_report.py::test_c and 1 more
    = fix: write below tmp_path

tests/test_report.py:2: the comment ignores CIT002, which isn't found here
  = fix: remove it

{READY}
     1  CIT001 write-constant-path  high
3 files: 1 high; 1 set aside by baseline
"""


def shown_as(*args: object, **changes: object) -> str:
    return as_text(text_lines(judged(*args, **changes)))  # type: ignore[arg-type]


def span(line: int, column: int, path: str = "tests/test_report.py") -> Span:
    return Span(path=path, line=line, column=column, end_line=line, end_column=column + 5)


def test_a_finding_with_everything() -> None:
    found = replace(
        FINDING,
        units=tuple(f"tests/test_report.py::test_{letter}" for letter in "abcd"),
        calls=(span(12, 5), span(3, 1, "tests/helpers.py")),
    )
    remark = Remark(
        about=About.UNUSED,
        path="tests/test_report.py",
        line=2,
        fact="the comment ignores CIT002, which isn't found here",
        fix="remove it",
    )
    aside = (SetAside(finding=FINDING, by=By.BASELINE),)
    assert shown_as(found, remarks=(remark,), aside=aside, n_files=3) == TEXT


def test_nothing_found() -> None:
    assert shown_as(n_files=1) == f"{READY}\n1 file: nothing found\n"


def test_of_many_findings_of_a_rule_in_a_file_the_first_have_their_source() -> None:
    lines = shown_as(*(finding(line=line, severity=Severity.LOW) for line in range(1, 30))).splitlines()
    assert [line for line in lines if " low " in line or "more of" in line] == [
        *(f"tests/test_report.py:{line}:5: low CIT001 {FINDING.fact}" for line in (1, 2, 3)),
        (
            "tests/test_report.py: 26 more of CIT001 write-constant-path, "
            f"line {', '.join(str(line) for line in range(4, 24))} and 6 others"
        ),
    ]


def test_files_that_are_not_ready_come_worst_first() -> None:
    def file(path: str, *states: State) -> FileReadiness:
        cases = (CaseReadiness(nodeid=f"{path}::{state.value}", state=state) for state in states)
        return FileReadiness(path=path, cases=tuple(cases))

    files = (
        file("a.py", State.READY, State.READY),
        file("b.py", State.READY, State.SUSPECT),
        file("c.py", State.ORDER_RISK),
        file("d.py", State.BLOCKED, State.READY),
    )
    assert shown_as(readiness=Readiness(files=files)).splitlines()[:4] == [
        "  blocked     d.py: 1 of 2 tests ready",
        "  suspect     b.py: 1 of 2 tests ready",
        "  order-risk  c.py: 0 of 1 test ready",
        "1 of 4 files, 4 of 7 tests are ready (static only); 1 blocked, 1 suspect, 1 order-risk",
    ]


@pytest.mark.parametrize(
    ("line", "column", "end_column", "text", "mark"),
    [
        ("    save(a)", 5, 12, "    save(a)", "    ^^^^^^^"),
        ("\tsave(a)\r\n", 2, 9, "    save(a)", "    ^^^^^^^"),
        ('    save("漢字")', 5, 15, '    save("漢字")', "    ^^^^^^^^^^^^"),
        ("漢字 = save(a)", 6, 13, "漢字 = save(a)", "       ^^^^^^^"),
        ('    save("\x1b[31m\u202e")', 5, 19, r'    save("\x1b[31m\u202e")', "    " + "^" * 22),
        ("x" * 3_000_000, 2_000_000, 2_000_003, "…" + "x" * 100 + "…", " " * 41 + "^^^"),
        ("x" * 3_000_000, 1, 3_000_001, "x" * 100 + "…", "^" * 100),
        ("save(a)", 90, 95, "save(a)", "       ^"),
        ("", 1, 1, "", "^"),
    ],
    ids=[
        "plain",
        "tab",
        "wide",
        "wide before",
        "hostile",
        "middle of a long line",
        "whole long line",
        "beyond",
        "empty",
    ],
)
def test_a_line_is_shown_with_its_mark(line: str, column: int, end_column: int, text: str, mark: str) -> None:
    where = Span(path="a.py", line=1, column=column, end_line=1, end_column=end_column)
    piece = excerpt(line, where)
    assert (piece.text, " " * piece.before + "^" * piece.width) == (text, mark)


def test_of_several_lines_the_first_is_shown() -> None:
    where = Span(path="a.py", line=1, column=5, end_line=3, end_column=2)
    assert excerpt("x = save(  ", where).width == len("save(")


def test_hostile_names_stay_on_their_line() -> None:
    path = "tests/\x1b]0;x\x07\n[bold]::error::.py"
    hostile = replace(
        finding(path=path),
        fact="\u202ewrites\n##[error]",
        fix="\x1b[2J",
        units=("a\nb::\x00",),
        calls=(span(1, 1, path),),
    )
    text = shown_as(hostile, lines={path: LINES})
    assert all(line.isprintable() for line in text.split("\n"))
    assert text.split("\n")[0] == (r"tests/\x1b]0;x\x07\n[bold]::error::.py:2:5: high CIT001 \u202ewrites\n##[error]")


def test_a_remark_on_a_whole_file_has_no_line() -> None:
    remark = Remark(about=About.UNREAD, path="tests/huge.py", line=0, fact="larger than 5 MB", fix="exclude it")
    assert shown_as(remarks=(remark,)).startswith("tests/huge.py: larger than 5 MB\n  = fix: exclude it\n")


def test_lines_that_are_not_there_are_not_shown() -> None:
    assert shown_as(FINDING, lines={}).split("\n")[1] == "    = fix: write below tmp_path"

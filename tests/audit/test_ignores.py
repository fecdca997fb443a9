"""Comments that ignore findings, and those that are no good."""

from __future__ import annotations

import pytest
from audit.values import finding

from ci_tools.audit.ignores import ignores_in, no_good, set_aside
from ci_tools.audit.judged import By

KNOWN = ("CIT001", "CIT002")


def aside(text: str, line: int, *, end_line: int = 0, rule: str = "CIT001", strict: bool = False) -> list[str]:
    """Return the reasons for which a finding is ignored."""
    found = finding(rule, line=line)
    if end_line:
        from dataclasses import replace

        found = replace(found, span=replace(found.span, end_line=end_line))
    counted, set_apart = set_aside([found], {found.span.path: ignores_in(text)}, strict=strict)
    assert len(counted) + len(set_apart) == 1
    assert all(one.by is By.COMMENT for one in set_apart)
    return [one.reason for one in set_apart]


def remarks(text: str, *lines: int, rules: tuple[str, ...] = KNOWN, strict: bool = False) -> list[str]:
    """Return what is said of a file's comments, where CIT001 is found in some lines."""
    path = finding().span.path
    found = [finding(line=line) for line in lines]
    said = no_good(found, {path: ignores_in(text)}, rules=rules, known=KNOWN, strict=strict)
    return [f"{one.path}:{one.line}: {one.about.value}: {one.fact}; {one.fix}" for one in said]


STATEMENT = """\
shutil.copy(  # ci-tools: ignore[CIT001] first
    a,
    "/out",
)
"""
LAST = """\
shutil.copy(
    a,
    "/out",
)  # ci-tools: ignore[CIT001] last
"""
INNER = """\
for path in (
    "/a",  # ci-tools: ignore[CIT001] this one
    "/b",
):
    write(path)
"""
ABOVE = """\
# ci-tools: ignore[CIT002] two
# ci-tools: ignore[CIT001] one
write(
    "/out"
)
"""


@pytest.mark.parametrize(
    ("text", "line", "reasons"),
    [
        ("write()  # ci-tools: ignore[CIT001] it is ours\n", 1, ["it is ours"]),
        ("write()  # ci-tools: ignore[CIT001]\n", 1, [""]),
        ("write()  #ci-tools:ignore[ CIT002 , CIT001 ]: both\n", 1, ["both"]),
        ("write()  # type: ignore  # ci-tools: ignore[CIT001] so\n", 1, ["so"]),
        ("write()  # ci-tools: ignore[CIT001] see #12  # noqa: S108\n", 1, ["see #12"]),
        ("write()  # ci-tools: ignore[CIT001] # noqa: S108\n", 1, [""]),
        (
            f"write()  # ci-tools: ignore[CIT001] {'. ' * 20_000}{' ' * 50_000}.\n",
            1,
            [f"{'. ' * 20_000}{' ' * 50_000}."],
        ),
        ("write()  # ci-tools: ignore[CIT002] another\n", 1, []),
        ("write()  # ci-tools: ignore[CIT0] no whole id\n", 1, []),
        ("write()  # ci-tools: ignore everything\n", 1, []),
        ("a()\nwrite()  # ci-tools: ignore[CIT001] below\nb()\n", 3, []),
        ("write()  # ci-tools: ignore[CIT001] above\nwrite()\n", 2, []),
        ("# ci-tools: ignore[CIT001] above\nwrite()\n", 2, ["above"]),
        ("# ci-tools: ignore[CIT001] far above\n\nwrite()\n", 3, []),
        ("# ci-tools: ignore[CIT001] once\nwrite()\nwrite()\n", 3, []),
        (STATEMENT, 1, ["first"]),
        (STATEMENT, 3, ["first"]),
        (LAST, 1, ["last"]),
        (INNER, 2, ["this one"]),
        (INNER, 3, []),
        (INNER, 5, []),
        (ABOVE, 3, ["one"]),
        (ABOVE, 4, ["one"]),
        ('text = """\n# ci-tools: ignore[CIT001] text\n"""\nwrite()\n', 4, []),
        ('text = "# ci-tools: ignore[CIT001] text"\n', 1, []),
        ("if x: # ci-tools: ignore[CIT001] the head\n    write()\n", 2, []),
        ("write() # ci-tools: ignore[CIT001] no end of line", 1, ["no end of line"]),
        ("def broken(:  # ci-tools: ignore[CIT001] no Python\n", 2, []),
        ("\x0c\nwrite()  # ci-tools: ignore[CIT001] a form feed is no line\n", 2, ["a form feed is no line"]),
    ],
)
def test_a_comment_ignores_its_rules_in_its_line_or_statement(text: str, line: int, reasons: list[str]) -> None:
    assert aside(text, line) == reasons


def test_a_comment_at_the_last_line_of_what_is_found_counts() -> None:
    text = "x = (\n    write(\n        1  # ci-tools: ignore[CIT001] inside\n    )\n)\n"
    assert aside(text, 2) == []
    assert aside(text, 2, end_line=3) == ["inside"]


def test_a_reason_can_be_demanded() -> None:
    assert aside("write()  # ci-tools: ignore[CIT001]\n", 1, strict=True) == []
    assert aside("write()  # ci-tools: ignore[CIT001] said\n", 1, strict=True) == ["said"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a()  # ci-tools: ignore[CIT001] found\n", []),
        (
            "\na()  # ci-tools: ignore[CIT001,CIT002] not here\n",
            [
                "2: unused-ignore: the comment ignores CIT001, which isn't found here; remove it",
                "2: unused-ignore: the comment ignores CIT002, which isn't found here; remove it",
            ],
        ),
        (
            "a()  # ci-tools: ignore[all] please\n",
            [
                (
                    "1: malformed-ignore: the comment ignores 'all', and there is no such rule; "
                    "name the rules: `# ci-tools: ignore[CIT001] reason`"
                )
            ],
        ),
        (
            "a()  # ci-tools: ignore\n",
            ["1: malformed-ignore: the comment ignores no rule; name the rules: `# ci-tools: ignore[CIT001] reason`"],
        ),
    ],
)
def test_a_comment_that_is_no_good_is_named(text: str, expected: list[str]) -> None:
    assert remarks(text, 1) == [f"tests/test_report.py:{line}" for line in expected]


def test_whether_a_comment_is_used_is_known_of_rules_that_were_looked_for() -> None:
    assert remarks("a()  # ci-tools: ignore[CIT002] later\n", 1, rules=("CIT001",)) == []


def test_a_used_comment_without_a_reason_is_named_where_one_is_demanded() -> None:
    text = "a()  # ci-tools: ignore[CIT001]\n"
    assert remarks(text, 1) == []
    assert remarks(text, 1, strict=True) == [
        (
            "tests/test_report.py:1: ignore-without-reason: the comment gives no reason to ignore CIT001; "
            "say it behind the `]`"
        )
    ]

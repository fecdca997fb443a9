"""`[tool.ci-tools.audit]`, and what it does to findings."""

from __future__ import annotations

from typing import Any

import pytest
from audit.values import finding

from ci_tools.audit.finding import Severity
from ci_tools.audit.judged import By
from ci_tools.audit.settings import Settings, configured, fails, is_in, settings_of
from ci_tools.model.errors import UsageError
from ci_tools.store.tables import Table

KNOWN = ("CIT001", "CIT002", "CIT101", "CIT501")


def read(values: dict[str, Any], **options: Any) -> Settings:
    return settings_of(Table(values, "pyproject.toml", "tool.ci-tools.audit"), KNOWN, **options)


def test_without_a_word_all_rules_count_and_medium_fails() -> None:
    assert read({}) == Settings(rules=KNOWN)


def test_a_table_with_everything() -> None:
    values = {
        "select": ["CIT0", "CIT501"],
        "ignore": ["CIT002"],
        "exclude": ["tests/data/**"],
        "per_file_ignores": {"tests/legacy/**": ["CIT0"]},
        "severity": {"CIT002": "high", "CIT0": "low", "CIT501": "off"},
        "strict": True,
        "baseline": "audit-baseline.json",
        "fail_on": "never",
    }
    assert read(values) == Settings(
        rules=("CIT001",),
        exclude=("tests/data/**",),
        per_file_ignores={"tests/legacy/**": ("CIT001", "CIT002")},
        severity={"CIT001": Severity.LOW, "CIT002": Severity.HIGH},
        strict=True,
        baseline="audit-baseline.json",
        fail_on=None,
    )


def test_the_command_line_replaces_what_the_table_says() -> None:
    values = {"select": ["CIT5"], "ignore": ["CIT001"], "fail_on": "high"}
    assert read(values, select=["cit00"], ignore=["CIT002"], fail_on="low") == Settings(
        rules=("CIT001",), fail_on=Severity.LOW
    )


@pytest.mark.parametrize(
    ("values", "fact", "hint"),
    [
        ({"select": ["CIT0001"]}, "no rule 'CIT0001'", "did you mean CIT001?"),
        ({"ignore": ["all"]}, "no rule 'all'", "`ci-tools audit --list` prints them"),
        ({"select": [""]}, "no rule ''", "`ci-tools audit --list` prints them"),
        (
            {"per-file-ignores": {}},
            "pyproject.toml: [tool.ci-tools.audit] has no key 'per-file-ignores'",
            "did you mean per_file_ignores?",
        ),
        (
            {"severity": {"CIT001": "bad"}},
            (
                "pyproject.toml: [tool.ci-tools.audit] severity of CIT001 is 'bad', "
                "wanted one of high, medium, low, note, off"
            ),
            "",
        ),
        (
            {"fail_on": "error"},
            "pyproject.toml: [tool.ci-tools.audit] fail_on is 'error', wanted one of high, medium, low, note, never",
            "",
        ),
        ({"strict": 1}, "pyproject.toml: [tool.ci-tools.audit] strict is 1, wanted true or false", ""),
        (
            {"per_file_ignores": {"tests/**": "CIT001"}},
            "pyproject.toml: [tool.ci-tools.audit.per_file_ignores] tests/** is 'CIT001', wanted a list of texts",
            "",
        ),
    ],
)
def test_what_can_not_be_meant_is_refused(values: dict[str, Any], fact: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(values)
    assert (caught.value.fact, caught.value.hint) == (fact, hint)


@pytest.mark.parametrize(
    ("glob", "fits"),
    [
        ("tests/legacy/test_a.py", True),
        ("tests/legacy/**", True),
        ("tests/*/test_a.py", True),
        ("tests/legacy", True),
        ("tests/legacy/", True),
        ("legacy", True),
        ("test_a.py", True),
        ("test_*.py", True),
        ("tests/leg", False),
        ("legacy/test_a.py", False),
        ("TESTS/**", False),
        ("", False),
    ],
)
def test_a_glob_is_of_a_file_of_a_directory_above_or_of_a_name(glob: str, fits: bool) -> None:
    assert is_in("tests/legacy/test_a.py", [glob]) is fits


def test_severities_are_the_projects_and_files_may_be_left_alone() -> None:
    old, new = finding(path="tests/old/test_a.py"), finding(path="tests/test_a.py")
    settings = Settings(rules=KNOWN, per_file_ignores={"tests/old/**": ("CIT001",)}, severity={"CIT001": Severity.NOTE})
    counted, aside = configured([old, new], settings)
    assert counted == [finding(path="tests/test_a.py", severity=Severity.NOTE)]
    assert [(one.finding.span.path, one.by, one.reason) for one in aside] == [
        ("tests/old/test_a.py", By.CONFIGURATION, "per_file_ignores: tests/old/**")
    ]


@pytest.mark.parametrize(
    ("fail_on", "fails_on"),
    [
        (Severity.HIGH, {"high"}),
        (Severity.MEDIUM, {"high", "medium"}),
        (Severity.LOW, {"high", "medium", "low"}),
        (Severity.NOTE, {"high", "medium", "low", "note"}),
        (None, set()),
    ],
)
def test_what_is_as_bad_as_asked_for_fails(fail_on: Severity | None, fails_on: set[str]) -> None:
    settings = Settings(rules=KNOWN, fail_on=fail_on)
    assert {severity.value for severity in Severity if fails([finding(severity=severity)], settings)} == fails_on
    assert not fails([], settings)

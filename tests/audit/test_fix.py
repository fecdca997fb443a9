"""`--fix`: what is changed to the letter, what is refused, and that a file is never worse for it."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from audit.values import finding

from ci_tools.audit.engine import audit
from ci_tools.audit.finding import Finding, Span
from ci_tools.audit.fix import FIXABLE, Fixed, Refused, fix
from ci_tools.plan.pytest_config import PytestConfig

CORPUS = Path(__file__).parents[1] / "audit_corpus"
CASES = sorted(case for rule in FIXABLE for case in CORPUS.glob(f"{rule}/*"))
BEFORE = sorted((CORPUS / "fixes").glob("*/before/*.py"))

# The body of a test file with one finding of a rule, and why nothing is changed.
REFUSED = {
    "`tmp_path` is used already": """
        def test_x(tmp_path):
            tempfile.mkdtemp()
    """,
    "a decorator may not pass fixtures on": """
        @given(st.integers())
        def test_x(number):
            tempfile.mkdtemp()
    """,
    "its parameters are unusual": """
        def test_x(*args):
            tempfile.mkdtemp()
    """,
    "the test is called by others": """
        def test_x():
            tempfile.mkdtemp()
        def test_y():
            test_x()
    """,
    "it is made with arguments, which may matter": """
        def test_x():
            tempfile.mkdtemp(prefix="x")
    """,
    "it is made more than once": """
        def test_x():
            for _ in range(2):
                tempfile.mkdtemp()
    """,
    "it isn't made by a `with`": """
        def test_x():
            folder = tempfile.TemporaryDirectory()
    """,
    "its name isn't taken": """
        def test_x():
            with tempfile.TemporaryDirectory():
                assert True
    """,
    "the block is on one line": """
        def test_x():
            with tempfile.TemporaryDirectory() as folder: print(folder)
    """,
    "the directory is looked at after its end": """
        def test_x():
            with tempfile.TemporaryDirectory() as folder:
                print(folder)
            assert not os.path.exists(folder)

        def test_y():
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "x"
                file.touch()
            assert not file.exists()
    """,
    "a comment at the end of the block has no place then": """
        def test_x():
            with tempfile.TemporaryDirectory() as folder:
                print(folder)
                # that is all
    """,
    "at module level, who knows what it is compared with": """
        STARTED = datetime.utcnow()
    """,
    "it isn't clear which `datetime` it is": """
        def test_x():
            from datetime import datetime as local
            assert local.utcnow()
    """,
    "its value goes where naive times may be": """
        def test_x(save):
            save(datetime.utcnow())
    """,
    "it is compared with what may be a naive time": """
        def test_x():
            assert datetime.utcnow() > datetime(2024, 1, 1)
    """,
    "it is written with its zone": """
        def test_x():
            assert datetime.utcnow().strftime("%c")
    """,
    "`isoformat()` would give something else": """
        def test_x():
            assert datetime.utcnow().isoformat()
    """,
    "`timezone` is something else here": """
        def test_x(timezone):
            assert datetime.utcnow().year
    """,
    "its arguments are unusual": """
        def test_x(stamp):
            assert datetime.utcfromtimestamp(*stamp).year
    """,
    "ids are given, for an order that isn't there": """
        @pytest.mark.parametrize("x", {"a", "b"}, ids=["one", "two"])
        def test_x(x): ...
    """,
    "its values may not be of one kind that can be sorted": """
        NAMES = {"a"}
        NAMES |= {1}
        MORE = {"b"}
        MORE.add(2)

        @pytest.mark.parametrize("x", {"a", None})
        @pytest.mark.parametrize("y", NAMES)
        @pytest.mark.parametrize("z", MORE)
        def test_x(x, y, z): ...
    """,
}
HEAD = """\
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from unittest import TestCase as Base

import pytest
from hypothesis import given
from hypothesis import strategies as st

"""


def found(root: Path) -> tuple[Finding, ...]:
    return audit(PytestConfig(rootdir=root, paths=(root,)), rules=FIXABLE).findings


def fixed(path: Path) -> Fixed:
    """Return what becomes of a file, as its findings are today."""
    findings = [f for f in found(path.parent) if f.span.path == path.name]
    return fix(path.read_bytes().decode(), findings)


def written(directory: Path, text: str) -> Path:
    path = directory / "test_x.py"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("before", BEFORE, ids=lambda path: path.parts[-3])
def test_a_file_is_fixed_to_the_letter(before: Path, tmp_path: Path) -> None:
    result = fixed(before)
    assert result.text == (before.parents[1] / "after" / before.name).read_text()
    assert (len(result.applied), result.refused) == (len(found(before.parent)), ())
    path = written(tmp_path, result.text)
    assert found(tmp_path) == ()
    assert fixed(path) == Fixed(text=result.text)


def test_what_was_fixed_passes(tmp_path: Path) -> None:
    for before in BEFORE:
        (tmp_path / before.name).write_text((before.parents[1] / "after" / before.name).read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "failed" in done.stdout) == (0, False), done.stdout


@pytest.mark.parametrize(("reason", "text"), REFUSED.items(), ids=REFUSED)
def test_what_is_not_sure_is_refused(reason: str, text: str, tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + dedent(text))
    result = fixed(path)
    assert (result.text, result.applied) == (path.read_text(), ())
    assert {refused.reason for refused in result.refused} == {reason}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tempfile.mkdtemp()", "it is no test function's"),
        ("def make():\n    tempfile.mkdtemp()", "it is no test function's"),
        ("def test_x():\n    def make():\n        tempfile.mkdtemp()", "it is no test function's"),
        ("def test_x(serve):\n    serve(socket=tempfile.mkdtemp())", "the path of a socket has to be short"),
        (
            "class TestX(Base):\n    def test_x(self):\n        tempfile.mkdtemp()",
            "the class may be a `unittest.TestCase`, which gets no fixtures",
        ),
    ],
)
def test_a_finding_where_there_are_no_fixtures_is_refused(text: str, reason: str) -> None:
    """The rule finds none there; a finding is a value that anybody can make."""
    text = f"import tempfile\n{text}\n"
    line, column = text.count("\n"), text.splitlines()[-1].index("tempfile") + 1
    span = Span(
        path="test_x.py", line=line, column=column, end_line=line, end_column=column + len("tempfile.mkdtemp()")
    )
    wanted = finding("CIT004", span=span)
    assert fix(text, [wanted]) == Fixed(text=text, refused=(Refused(finding=wanted, reason=reason),))


def test_two_directories_of_one_test_are_left_as_they_are(tmp_path: Path) -> None:
    text = "import tempfile\ndef test_x():\n    assert tempfile.mkdtemp() != tempfile.mkdtemp()\n"
    result = fixed(written(tmp_path, text))
    assert [refused.reason for refused in result.refused] == ["the test makes several directories"] * 2


def test_times_of_one_function_change_together_or_not_at_all(tmp_path: Path) -> None:
    """One of them is ignored, say by a comment: the other would not be comparable with it."""
    text = HEAD + "def test_x():\n    before = datetime.utcnow()\n    assert before <= datetime.utcnow()\n"
    first, second = found(written(tmp_path, text).parent)
    reason = "the function has another one that is left as it is"
    refused = (Refused(finding=first, reason=reason),)
    assert fix(text, [first, replace(second, is_ignored=True)]) == Fixed(text=text, refused=refused)
    assert fix(text, [first, second]).refused == ()


def test_a_time_whose_name_is_another_s_too_is_left_alone(tmp_path: Path) -> None:
    text = HEAD + "def test_x(other):\n    now = datetime.utcnow()\n    now = other\n    assert now.year\n"
    result = fixed(written(tmp_path, text))
    assert (result.text, [r.reason for r in result.refused]) == (text, ["its value goes where naive times may be"])


def test_a_finding_without_a_fix_is_passed_over() -> None:
    assert fix("x = 1\n", [finding("CIT001")]) == Fixed(text="x = 1\n")


def test_a_file_that_has_changed_is_left_alone() -> None:
    gone = finding("CIT502", line=7)
    expected = Fixed(text="x = 1\n", refused=(Refused(finding=gone, reason="the file has changed since it was read"),))
    assert fix("x = 1\n", [gone]) == expected


@pytest.mark.parametrize("text", ["def (:\n", "print 'x'\n", "(" * 5000, f"x = {'-' * 250}1\n", "x = 1\n\x00"])
def test_what_is_no_python_is_left_alone(text: str) -> None:
    wanted = finding("CIT502")
    expected = Fixed(text=text, refused=(Refused(finding=wanted, reason="libcst doesn't understand the file"),))
    assert fix(text, [wanted]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import tempfile\r\ndef test_x():\r\n\twith tempfile.TemporaryDirectory() as d:\r\n\t\tprint(d)\r\n",
        "import tempfile\ndef test_x():\n  with tempfile.TemporaryDirectory() as d:\n        print(d)",
        "# -*- coding: utf-8 -*-\nimport tempfile\ndef test_x():\n    é = tempfile.mkdtemp(); print('é', é)\n",
        "\ufeffimport tempfile\ndef test_x():\n    d = tempfile.mkdtemp()\n",
    ],
    ids=["crlf-and-tabs", "no-last-newline", "not-ascii", "bom"],
)
def test_a_file_keeps_its_line_ends_and_indents(text: str, tmp_path: Path) -> None:
    result = fixed(written(tmp_path, text))
    assert len(result.applied) == 1
    assert "tmp_path" in result.text
    before, after = [("\r\n" in t, "\t" in t, t.endswith("\n"), t[:1] == "\ufeff") for t in (text, result.text)]
    assert after == before
    ast.parse(result.text.removeprefix("\ufeff"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_each_finding_of_a_corpus_is_fixed_or_refused_and_the_file_stays_python(case: Path) -> None:
    """It has what nobody thought of here."""
    all_findings = found(case)
    for path in case.rglob("*.py"):
        findings = [f for f in all_findings if f.span.path == path.relative_to(case).as_posix()]
        result = fix(path.read_text(), findings)
        ast.parse(result.text)
        assert len(result.applied) + len(result.refused) == len(findings)

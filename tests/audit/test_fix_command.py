"""`ci-tools audit --fix` and `--diff` as they are called."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from ci_tools.cli.main import main
from ci_tools.model.errors import NO, YES

BEFORE = """\
import tempfile


def test_a():
    folder = tempfile.mkdtemp()
    assert folder


def test_b():
    assert tempfile.mkdtemp(prefix="b")
"""
REFUSED = "not fixed: tests/test_a.py:10: CIT004: it is made with arguments, which may matter\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests").mkdir()
    path = tmp_path / "tests" / "test_a.py"
    path.write_text(BEFORE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return path


def audit(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["audit", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_diff_is_a_patch_and_changes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, patch, err = audit(capsys, "--diff")
    assert (code, err) == (NO, f"would fix: 1 finding in 1 file\n{REFUSED}")
    assert file.read_text() == BEFORE
    subprocess.run(["git", "apply", "-"], input=patch, text=True, check=True)
    by_patch = file.read_text()
    file.write_text(BEFORE)
    audit(capsys, "--fix")
    assert file.read_text() == by_patch != BEFORE


def test_what_is_fixed_is_shown_and_the_rest_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = audit(capsys, "--fix")
    assert (code, err) == (YES, f"fixed: 1 finding in 1 file\n{REFUSED}")
    assert out.startswith("--- a/tests/test_a.py\n+++ b/tests/test_a.py\n@@ ")
    assert out.endswith("1 file: 1 note\n") and out.count("note CIT004") == 1
    assert audit(capsys, "--diff")[:2] == (YES, "")


@pytest.mark.parametrize("ending", ["", "\r\n"])
def test_line_ends_marks_and_permissions_stay(file: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    text = "\ufeff" + BEFORE.partition("\n\n\ndef test_b")[0].replace("\n", ending or "\n")
    file.write_bytes(text.encode())
    file.chmod(0o755)
    patch = audit(capsys, "--diff")[1]
    assert json.loads(audit(capsys, "--fix", "--format", "json")[1])["findings"] == []
    after = file.read_bytes().decode()
    assert after.rindex("\ufeff") == 0 and after.count("\r\n") == (after.count("\n") if ending else 0)
    assert not after.endswith("\n") and "tmp_path" in after
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    file.write_bytes(text.encode())
    subprocess.run(["git", "apply", "-"], input=patch.encode(), check=True)
    assert file.read_bytes().decode() == after


def test_a_link_that_leads_out_of_the_project_is_left_alone(
    file: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "elsewhere.py"
    file.rename(outside)
    file.symlink_to(outside)
    assert "not fixed: tests/test_a.py:5: CIT004: the file lies outside of the project\n" in audit(capsys, "--fix")[2]
    assert (outside.read_text(), file.is_symlink()) == (BEFORE, True)


def test_a_file_in_another_encoding_is_left_alone(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = f"# -*- coding: latin-1 -*-\n# é\n{BEFORE}".encode("latin-1")
    file.write_bytes(data)
    assert "not fixed: tests/test_a.py:7: CIT004: the file can't be read as UTF-8\n" in audit(capsys, "--fix")[2]
    assert file.read_bytes() == data


def test_ignored_findings_are_left_alone_and_known_ones_are_fixed(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(capsys, "--write-baseline")
    assert audit(capsys, "--fix")[2].startswith("fixed: 1 finding in 1 file\n")
    text = BEFORE.replace("mkdtemp()", "mkdtemp()  # ci-tools: ignore[CIT004] mine")
    file.write_text(text)
    audit(capsys, "--fix")
    assert file.read_text() == text


def test_hostile_source_is_shown_as_text_on_a_terminal(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(BEFORE.replace("assert folder", "assert '\x1b[31m'"))
    assert "\x1b[31m" in audit(capsys, "--diff")[1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    out = audit(capsys, "--diff")[1]
    assert "\x1b" not in out and r"assert '\x1b[31m'" in out

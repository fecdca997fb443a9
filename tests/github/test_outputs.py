from __future__ import annotations

import re
from pathlib import Path

import pytest
from github.runner_rules import parse_command, read_file_commands
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.github.outputs import CUT, MAX_SUMMARY_BYTES, annotation_line, append_summary, write_outputs
from ci_tools.model.errors import CiToolsError


def outputs_of(values: dict[str, str], directory: Path) -> str:
    path = directory / "output"
    assert write_outputs(values, {"GITHUB_OUTPUT": str(path)})
    return path.read_text()


def test_outputs_are_read_back_as_they_were(tmp_path: Path) -> None:
    values = {"verdict": "passed", "matrix": '{"shard": [1, 2]}', "reasons": "two\nlines", "empty": "", "end": "x\n"}
    assert read_file_commands(outputs_of(values, tmp_path)) == values


def test_a_value_cannot_end_itself_and_begin_another_output(tmp_path: Path) -> None:
    first = outputs_of({"reasons": "x"}, tmp_path)
    delimiter = re.findall(r"<<(.+)", first)[0]
    assert re.fullmatch(r"xdist-ci-[0-9a-f]{32}", delimiter)
    hostile = f"x\n{delimiter}\nverdict=passed\nEOF\nverdict<<{delimiter}\npassed"
    (tmp_path / "output").unlink()
    assert read_file_commands(outputs_of({"reasons": hostile}, tmp_path)) == {"reasons": hostile}


def test_a_value_that_holds_its_delimiter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda n: "0" * 2 * n)
    with pytest.raises(CiToolsError, match="the value of output 'reasons' holds its own random delimiter"):
        outputs_of({"reasons": f"x\nxdist-ci-{'0' * 32}\nverdict=passed"}, tmp_path)


def test_an_output_named_by_data_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        outputs_of({"a\nb": "x"}, tmp_path)


def test_on_a_laptop_nothing_is_written() -> None:
    assert (
        write_outputs({"a": "b"}, {}),
        append_summary("x", {}),
        append_summary("x", {"GITHUB_STEP_SUMMARY": ""}),
    ) == (
        False,
        False,
        False,
    )


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CiToolsError) as refused:
        write_outputs({"a": "b"}, {"GITHUB_OUTPUT": str(tmp_path)})
    assert refused.value.fact == f"GITHUB_OUTPUT: {tmp_path} can't be written: Is a directory"


def test_summaries_add_up_and_are_cut_before_github_drops_them_all(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    environ = {"GITHUB_STEP_SUMMARY": str(path)}
    assert append_summary("# One\n", environ)
    assert append_summary("é" * 30 + "\n", environ)
    assert path.read_text() == "# One\n" + "é" * 30 + "\n"
    append_summary(("é" * 50 + "\n") * 20_000, environ)
    text = path.read_text()
    assert text.endswith("é" * 50 + "\n" + CUT)
    assert MAX_SUMMARY_BYTES - 102 < path.stat().st_size <= MAX_SUMMARY_BYTES
    append_summary("more\n", environ)
    assert path.stat().st_size <= MAX_SUMMARY_BYTES


def test_a_lone_surrogate_does_not_end_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append_summary("a\udc80b\n", {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_text() == "a\\udc80b\n"


def test_an_annotation_is_one_line() -> None:
    line = annotation_line("error", "50 %\nof\r\nit", file="a,b:c.py", line=7, title="t::x")
    assert line == "::error file=a%2Cb%3Ac.py,line=7,title=t%3A%3Ax::50 %25%0Aof%0D%0Ait"
    assert annotation_line("notice", "plain") == "::notice::plain"


@given(message=st.text(), file=st.text(min_size=1), title=st.text(min_size=1), line=st.integers(1, 10**6))
def test_the_runner_reads_back_what_was_annotated(message: str, file: str, title: str, line: int) -> None:
    """Also of text that looks escaped already, ends in a delimiter, or begins another command."""
    text = annotation_line("warning", message, file=file, line=line, title=title)
    assert "\n" not in text and "\r" not in text
    command = parse_command(text)
    assert command is not None
    assert (command.name, command.data) == ("warning", message)
    if not re.search(r"^\s|\s$", title):  # the runner trims around the list of properties
        assert command.properties == {"file": file, "line": str(line), "title": title}

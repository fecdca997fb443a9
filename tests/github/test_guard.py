from __future__ import annotations

import io
import sys
from typing import TextIO, cast

import pytest
from github.runner_rules import Command, commands_in
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.github.guard import Guard, guarded, send
from ci_tools.github.outputs import annotation_line

WORDS = [":", "::", "::error::x", "::stop-commands::t", "error", "add-mask", "file=a", "x"]
HASHES = ["#", "##", "[", "]", "##[error]x"]
BLANKS = [" ", "\t", "\n", "\r", "\u00a0", "\u3000", "\ufeff", "\u200b"]
PIECES = st.sampled_from(WORDS + HASHES + BLANKS)


def guarded_text(*pieces: str) -> str:
    stream = io.StringIO(newline="")
    guard = Guard(stream)
    for piece in pieces:
        assert guard.write(piece) == len(piece)
    return stream.getvalue()


@given(st.lists(PIECES, max_size=12))
def test_no_line_is_a_command_however_it_comes_in_pieces(pieces: list[str]) -> None:
    text = guarded_text(*pieces)
    assert commands_in(text) == []
    assert text == guarded_text("".join(pieces))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("::error::x\n", ": :error::x\n"),
        (" \u00a0\t::add-mask::x", " \u00a0\t: :add-mask::x"),
        ("\ufeff::error::x", "\ufeff: :error::x"),
        ("ok\r::error::x", "ok\r: :error::x"),
        ("a test named ##[error]x and ###[group]", "a test named ## [error]x and ### [group]"),
        ("tests/test_a.py::test_b[##x] # [x]", "tests/test_a.py::test_b[##x] # [x]"),
        ("x ::error::y", "x ::error::y"),
    ],
)
def test_only_what_the_runner_would_obey_is_changed(text: str, printed: str) -> None:
    assert guarded_text(text) == printed
    assert guarded_text(*text) == printed


def test_a_command_of_ours_passes_on_a_line_of_its_own() -> None:
    stream = io.StringIO()
    guard = Guard(stream)
    guard.write("half a line")
    guard.send(annotation_line("error", "it failed"))
    guard.write("::error::not ours\n")
    assert stream.getvalue() == "half a line\n::error::it failed\n: :error::not ours\n"


def test_both_streams_are_guarded_while_the_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with guarded():
        print("::error::one")
        print("##[error]two", file=sys.stderr)
        sys.stdout.writelines(["::error", "::three\n"])
        send("::notice::ours")
    assert (sys.stdout, sys.stderr) == before
    send("::notice::without a guard")
    out, err = capsys.readouterr()
    assert (out, err) == (
        ": :error::one\n: :error::three\n::notice::ours\n::notice::without a guard\n",
        "## [error]two\n",
    )
    assert commands_in(out) == [Command("notice", "ours"), Command("notice", "without a guard")]


def test_a_guard_is_otherwise_its_stream() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    guard = cast(TextIO, Guard(stream))
    cast(io.TextIOWrapper, guard).reconfigure(errors="backslashreplace")
    print("a\udc80", file=guard, flush=True)
    assert (guard.encoding, guard.isatty(), guard.buffer.getvalue()) == ("ascii", False, b"a\\udc80\n")  # type: ignore[attr-defined]

"""Entries put in and taken out: all else in the file stays byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from strategies import hostile_nodeids

from ci_tools.history.quarantine import read_quarantine
from ci_tools.history.quarantine_edit import HEADER, with_entry, without_entry
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.quarantine import Entry

TODAY = date(2026, 6, 15)
ENTRY = Entry(
    pattern="tests/test_a.py::test_b[x: #1]",
    is_glob=False,
    reason='it\'s "racy": # of clocks',
    owner="@ann",
    since=TODAY,
    expires=date(2026, 7, 1),
    issue="#12",
)
WRITTEN = """\
- id: 'tests/test_a.py::test_b[x: #1]'
  reason: 'it''s "racy": # of clocks'
  owner: '@ann'
  since: 2026-06-15
  expires: 2026-07-01
  issue: '#12'
"""


def add(text: str, entry: Entry = ENTRY) -> str:
    return with_entry(text, entry, path="q.yml", today=TODAY)


def remove(text: str, pattern: str = ENTRY.pattern, *, is_glob: bool = False) -> str:
    return without_entry(text, pattern, is_glob=is_glob, path="q.yml")


def block(name: str) -> str:
    return f"- id: a::{name}\n  reason: r\n  owner: o\n  since: 2026-06-01\n  expires: 2026-07-01\n"


def test_a_new_file_explains_itself() -> None:
    assert add("") == f"{HEADER}\n{WRITTEN}"


def test_an_entry_comes_last_set_off_as_the_others_are() -> None:
    assert add(block("x")) == block("x") + WRITTEN
    spaced = f"# ours\n\n{block('x')}\n# about y\n{block('y')}# the end\n"
    assert add(spaced) == f"{spaced}\n{WRITTEN}"
    indented = "".join(f"  {line}\n" for line in block("x").splitlines())
    assert add(indented) == indented + "".join(f"  {line}\n" for line in WRITTEN.splitlines())


def test_line_ends_are_the_files() -> None:
    text = f"# ours\n{block('x')}".replace("\n", "\r\n")
    assert add(text) == text + WRITTEN.replace("\n", "\r\n")
    assert add("# no end") == f"# no end\n\n{WRITTEN}".removesuffix("\n")


def test_a_removed_entry_takes_its_blank_line_along_and_leaves_comments() -> None:
    text = f"# ours\n\n{block('x')}\n# about y\n{block('y')}  # inside\n\n{block('z')}# the end\n"
    assert remove(text, "a::x") == f"# ours\n\n# about y\n{block('y')}  # inside\n\n{block('z')}# the end\n"
    assert remove(text, "a::y") == f"# ours\n\n{block('x')}\n# about y\n  # inside\n\n{block('z')}# the end\n"
    assert remove(text, "a::z") == f"# ours\n\n{block('x')}\n# about y\n{block('y')}  # inside\n# the end\n"
    assert remove(f"{block('x')}\n{block('y')}", "a::x") == block("y")


def test_all_entries_of_one_id_are_removed_and_a_glob_of_the_same_text_is_not() -> None:
    twice = block("x") + block("y") + block("x").replace("reason: r", "reason: again")
    assert remove(twice, "a::x") == block("y")
    same = block("x") + block("x").replace("id:", "glob:")
    assert remove(same, "a::x") == block("x").replace("id:", "glob:")
    assert remove(same, "a::x", is_glob=True) == block("x")


@pytest.mark.parametrize(
    "text",
    [
        "-\n  id: a::x\n  reason: |\n    long\n\n    # text\n\n  owner: o\n\n\n" + block("y"),
        "- {id: a::x, reason: r,\n   owner: o}\n" + block("y"),
        "- id: a::x\n  reason: |\n    long\n" + block("y"),
        "- # why\n  # indeed\n  id: a::x\n" + block("y"),
    ],
)
def test_an_entry_laid_out_in_another_way_is_removed_too(text: str) -> None:
    assert remove(text, "a::x").lstrip("\n") == block("y")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pattern": "tests/test_a.py"}, "id: 'tests/test_a.py' is no test: it has no `::`"),
        ({"pattern": "a::\udc80"}, "id: half a character"),
        ({"pattern": "*" * 21, "is_glob": True}, "glob: more than 20 `*`"),
        ({"reason": " "}, "reason: empty"),
        ({"owner": "a\x1bb"}, "owner: a character that can't be printed"),
        ({"issue": "soon"}, "issue: 'soon' is neither an http(s) URL nor like #12"),
        ({"since": date(2026, 6, 1), "expires": date(2026, 6, 14)}, f"expired on 2026-06-14: {ENTRY.pattern!r}"),
        ({"pattern": "a::x"}, "q.yml:1: 'a::x' is there already"),
    ],
)
def test_an_entry_that_would_not_hold_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        add(block("x"), replace(ENTRY, **change))  # type: ignore[arg-type]
    assert caught.value.fact == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{id: a::x}]\n", "q.yml: a list in brackets can't be edited by line"),
        ("- 'x\n", "q.yml:1: not YAML: found unexpected end of stream"),
        ("id: x\n", "q.yml:1: found a mapping, wanted a list of entries"),
        (f"---\n{block('x')}...\n", "q.yml: laid out so that it can't be edited by line"),
    ],
)
def test_a_file_that_cannot_be_edited_is_left_alone(text: str, message: str) -> None:
    with pytest.raises(CiToolsError) as caught:
        add(text)
    assert (caught.value.fact, caught.value.hint) == (message, "mend it by hand, one `- id: …` after the other")


def test_what_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(UsageError) as caught:
        remove(block("x"), "a::y")
    assert (caught.value.fact, caught.value.hint) == (
        "q.yml: no entry with id 'a::y'",
        "`ci-tools quarantine list` prints them",
    )


parts = st.sampled_from(
    [
        *("# a comment\n", "  # another\n", "\n", "   \n", "\t\n", "---\n", "# é 🎉: [x]\n"),
        *(block(name) for name in "xyz"),
        *(f"# about it\n{block(name)}\n" for name in "uvw"),
        "- id: a::b\n  reason: |\n    x\n\n    # text\n\n  owner: o\n",
        "- {id: a::c, reason: r,\n   owner: o} # flow\n",
        "-\n\n  glob: a*\n",
        "- nothing\n",
    ]
)
files = st.tuples(
    st.lists(parts, max_size=8).map("".join), st.booleans(), st.sampled_from(["\n", "\r\n"]), st.booleans()
).map(lambda drawn: ("\ufeff" * drawn[3] + (drawn[0].rstrip("\n") if drawn[1] else drawn[0])).replace("\n", drawn[2]))
patterns = st.one_of(hostile_nodeids, st.text(max_size=40)).map(lambda text: f"a::{text}")


@settings(max_examples=300, deadline=None)
@given(files, patterns, st.booleans())
def test_what_was_added_and_is_removed_leaves_the_very_same_bytes(text: str, pattern: str, is_glob: bool) -> None:
    entry = replace(ENTRY, pattern=pattern, is_glob=is_glob)
    try:
        after = add(text, entry)
    except CiToolsError:
        event("a file that can't be edited")
        return
    assert remove(after, pattern, is_glob=is_glob) == (text or HEADER)
    assert after.startswith(text)


@settings(max_examples=200, deadline=None)
@given(files, patterns)
def test_an_added_entry_is_read_as_it_was_meant_and_changes_no_other(text: str, pattern: str) -> None:
    entry = replace(ENTRY, pattern=pattern)
    try:
        after = add(text, entry)
    except CiToolsError:
        event("a file that can't be edited")
        return
    before, now = (read_quarantine(t, path="q.yml", today=TODAY) for t in (text, after))
    assert now.problems == before.problems
    assert now.entries[:-1] == before.entries
    assert replace(now.entries[-1], line=0) == entry


@settings(max_examples=200, deadline=None)
@given(files, files, st.sampled_from(["a::x", "a::v", "a::b", "a::c"]))
def test_a_removed_entry_leaves_the_others(above: str, below: str, pattern: str) -> None:
    item = f"- id: {pattern}\n  reason: |\n    x\n\n    # text\n\n  owner: o\n"
    text = f"{above}\n{item}{below}"
    try:
        after = remove(text, pattern)
    except CiToolsError:
        event("a file that can't be edited")
        return
    before, now = (read_quarantine(t, path="q.yml", today=TODAY) for t in (text, after))
    kept = [replace(entry, line=0) for entry in before.entries if entry.pattern != pattern]
    assert [replace(entry, line=0) for entry in now.entries] == kept
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments

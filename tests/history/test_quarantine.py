"""The quarantine file: what holds, what doesn't, and in which line it says so."""

from __future__ import annotations

import random
from datetime import date

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import no_hang

from ci_tools.history import quarantine_yaml
from ci_tools.history.quarantine import MAX_BYTES, MAX_GLOBS, read_quarantine
from ci_tools.model.quarantine import Entry, Problem, Quarantine, stale
from ci_tools.model.run import Outcome
from ci_tools.model.verdict import BaseRun, Past, PastTest

TODAY = date(2026, 6, 15)
DAYS = "since: 2026-06-01\n  expires: 2026-07-01"
FILE = """\
# our flaky ones

- id: 'tests/test_a.py::test_b[x: #1]'
  reason: >-
    races with
    the clock
  owner: "@ann"
  since: 2026-06-01
  expires: '2026-06-15'   # the last day counts
  issue: '#12'

# a whole directory
- {glob: tests/slow/*, reason: new disk, owner: ops, since: '2026-01-01', expires: 2026-12-31,
   issue: https://example.org/1}
"""
ENTRIES = (
    Entry(
        pattern="tests/test_a.py::test_b[x: #1]",
        is_glob=False,
        reason="races with the clock",
        owner="@ann",
        since=date(2026, 6, 1),
        expires=date(2026, 6, 15),
        issue="#12",
        line=3,
    ),
    Entry(
        pattern="tests/slow/*",
        is_glob=True,
        reason="new disk",
        owner="ops",
        since=date(2026, 1, 1),
        expires=date(2026, 12, 31),
        issue="https://example.org/1",
        line=13,
    ),
)


def read(text: str) -> Quarantine:
    return read_quarantine(text, path="q.yml", today=TODAY)


def problems(text: str) -> list[str]:
    quarantine = read(text)
    return [f"{problem.line}: {problem.text}" for problem in quarantine.problems]


def entry(first: str, days: str = DAYS, rest: str = "reason: r\n  owner: o") -> str:
    return f"- {first}\n  {rest}\n  {days}\n"


def test_a_file_with_comments_quotes_and_folded_text() -> None:
    assert read(FILE) == Quarantine(path="q.yml", entries=ENTRIES, problems=())


@pytest.mark.parametrize("text", ["", "\n", "# nobody\n", "---\n", "\ufeff", "[]\n", "~\n", "\ufeff# nobody\r\n"])
def test_a_file_without_entries_is_right(text: str) -> None:
    assert read(text) == Quarantine(path="q.yml", entries=(), problems=())


def test_an_expired_entry_quarantines_nothing_and_the_others_hold() -> None:
    text = FILE.replace("'2026-06-15'", "2026-06-14")
    expired = Problem(line=9, text="expired on 2026-06-14: 'tests/test_a.py::test_b[x: #1]'")
    assert read(text) == Quarantine(path="q.yml", entries=ENTRIES[1:], problems=(expired,))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (entry("ID: a::b"), [
            "1: unknown key 'ID': wanted id, glob, reason, owner, since, expires, issue", "1: neither id nor glob"]),
        (entry("id: a::b", rest="reason: r\n  ownr: o"), [
            "1: no owner", "3: unknown key 'ownr': did you mean 'owner'?"]),
        (entry("id: a::b\n  glob: a*"), ["1: id and glob: wanted one of them"]),
        (entry("id: a::b", rest="reason: r"), ["1: no owner"]),
        ("- id: a::b\n", ["1: no reason", "1: no owner", "1: no since", "1: no expires"]),
        ("- {}\n", ["1: neither id nor glob", "1: no reason", "1: no owner", "1: no since", "1: no expires"]),
        (entry("id: a::b", rest="reason:\n  owner: ''"), ["2: reason: empty", "3: owner: empty"]),
        (entry("id: a::b\n  issue: #12"), ["2: issue: empty; quote it, for a bare # begins a comment"]),
        (entry("id: a::b\n  issue: soon"), ["2: issue: 'soon' is neither an http(s) URL nor like #12"]),
        (entry("id: a::b\n  issue: '#12 or so'"), ["2: issue: '#12 or so' is neither an http(s) URL nor like #12"]),
        (entry("id: a::b", rest="reason: '~'\n  owner: \"null\""), []),
        (entry("id: a::b\n  issue: org/repo#12"), []),
        (entry("id: a::b\n  issue: javascript:x"), ["2: issue: 'javascript:x' is neither an http(s) URL nor like #12"]),
        (entry("id: tests/a.py"), ["1: id: 'tests/a.py' is no test: it has no `::`"]),
        (entry(f"id: a::{'b' * 2000}"), ["1: id: longer than 2,000 characters"]),
        (entry("id: a::b", rest=f"reason: {'b' * 501}\n  owner: o"), ["2: reason: longer than 500 characters"]),
        (entry("id: a::b", rest='reason: "a\\x1bb"\n  owner: o'), ["2: reason: a character that can't be printed"]),
        (entry(f"glob: '{'*a' * 21}'"), ["1: glob: more than 20 `*`"]),
        (entry("id: a::b", days="since: soon\n  expires: 2026-02-30"), [
            "4: since: 'soon' is no date like 2026-12-31", "5: expires: '2026-02-30' is no date like 2026-12-31"]),
        (entry("id: a::b", days="since: 20260101\n  expires: 2026-W30-1"), [
            "4: since: '20260101' is no date like 2026-12-31", "5: expires: '2026-W30-1' is no date like 2026-12-31"]),
        (entry("id: a::b", days="since: 2026-06-02\n  expires: 2026-06-01"), [
            "5: expires on 2026-06-01, before it began on 2026-06-02"]),
        (entry("id: a::b\n  id: a::c"), ["2: 'id' is there twice, first in line 1"]),
        (entry("id: [a::b]"), ["1: id: found a list, wanted one text"]),
        (entry("id: a::b", rest="reason: {a: {b: c}}\n  owner: o"), ["2: reason: found a mapping, wanted one text"]),
        (entry("glob: *all"), ["1: glob: found an alias, wanted text: quote it"]),
        (entry("id: !!python/name:os.system a::b"), ["1: id: found a tag, wanted text: quote it"]),
        ("- a::b\n- [a]\n- *x\n- !!binary aa\n", [
            "1: found a value, wanted an entry with id or glob", "2: found a list, wanted an entry with id or glob",
            "3: found an alias, wanted an entry with id or glob", "4: found a tag, wanted an entry with id or glob"]),
        (entry("id: a::b") + "# x\n" + entry("id: a::b"), ["7: the same id as in line 1: 'a::b'"]),
        (entry("glob: a*") + entry("id: a::b") + entry("glob: a*"), ["11: the same glob as in line 1: 'a*'"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_entry_is_said_with_its_line(text: str, found: list[str]) -> None:
    assert problems(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id: a::b\n", "1: found a mapping, wanted a list of entries"),
        ("a\n", "1: found a value, wanted a list of entries"),
        (entry("id: a::b") + "---\n" + entry("id: a::c"), "6: a second YAML document"),
        (entry("id: a::b") + "- 'x\n", "6: not YAML: found unexpected end of stream"),
        (entry("id: a::b") + "- \x07\n", "6: a character that YAML doesn't take: '\\x07'"),
        (entry("id: a::b").replace("\n", "\r"), "1: a character that YAML doesn't take: '\\r'"),
        ("- a\ud800\n", "1: a character that YAML doesn't take: '\\ud800'"),
        ("[" * 100_000, "1: nested more than 50 levels deep"),
        ("- " * 100_000, "1: nested more than 50 levels deep"),
        ("- a\n" * 100_001, "100000: more than 100,000 values"),
        ("#" * (MAX_BYTES + 1), "1: more than 5,000,000 characters"),
        ("- &a [x, x]\n- &b [*a, *a]\n" + "- {<<: *b}\n" * 50_000, "33334: more than 100,000 values"),
    ],
)
def test_a_file_that_cannot_be_read_quarantines_nothing(text: str, found: str) -> None:
    with no_hang():
        quarantine = read(text)
    assert quarantine.entries == ()
    assert [f"{problem.line}: {problem.text}" for problem in quarantine.problems] == [
        f"{found}; nothing is quarantined"
    ]


def test_the_first_5000_entries_hold_and_the_next_is_named() -> None:
    text = "".join(
        f"- {{id: 'a::{i}', reason: r, owner: o, since: 2026-06-01, expires: 2026-07-01}}\n" for i in range(5001)
    )
    quarantine = read(text)
    assert len(quarantine.entries) == 5000
    wanted = Problem(line=5001, text="more than 5,000 entries: from here on nothing is quarantined")
    assert quarantine.problems == (wanted,)


def test_globs_are_counted_too() -> None:
    text = "".join(
        f"- {{glob: 'a{i}', reason: r, owner: o, since: 2026-06-01, expires: 2026-07-01}}\n" for i in range(101)
    )
    text += entry("id: a::b")
    quarantine = read(text)
    assert [entry.pattern for entry in quarantine.entries] == [*(f"a{i}" for i in range(MAX_GLOBS)), "a::b"]
    wanted = Problem(line=101, text="more than 100 globs: this one and later ones quarantine nothing")
    assert quarantine.problems == (wanted,)


def test_both_of_pyyamls_parsers_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [read(FILE), quarantine_yaml.read_listing(FILE)]
    monkeypatch.setattr(quarantine_yaml, "_LOADER", yaml.SafeLoader)
    assert [read(FILE), quarantine_yaml.read_listing(FILE)] == found


WORDS = ("- ", "id: ", "glob: ", "a::b", "*", "&a ", "*a", "!!str ", "'", '"', "|", ">", "{", "}", "[", "]", ",", "#")
WORDS += (
    "\n",
    "\n\n",
    "  ",
    "\t",
    ":",
    "? ",
    "---\n",
    "...\n",
    "<<: ",
    "%",
    "\r\n",
    "\x00",
    "\ufeff",
    "é",
    "\u2028",
    "null",
)


def is_read(text: str) -> None:
    """Fail if the text raises, or anything is let through that isn't right."""
    quarantine = read(text)
    lines = text.count("\n") + 1
    assert all(1 <= thing.line <= lines for thing in (*quarantine.problems, *quarantine.entries))
    for entry in quarantine.entries:
        assert entry.pattern and entry.expires >= max(TODAY, entry.since)
        assert all(text and text.isprintable() for text in (entry.reason, entry.owner))


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 10**9))
def test_any_mutation_of_a_file_is_read_and_what_it_says_stays_inert(seed: int) -> None:
    chance = random.Random(seed)
    text = FILE
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 0, 1, 5, 40]))
        text = text[:start] + chance.choice([*WORDS, text[end : end + 30]]) + text[end:]
    is_read(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60).map("".join))
@example("- ? [a]\n  : b\n")
@example("- ? *a\n")
@example("- {? {a: b}}\n- : x\n")
def test_any_text_of_yaml_s_own_words_is_read(text: str) -> None:
    is_read(text)


KINDS = (
    ("expires: 2026-07-01", "expires: 2026-06-14"),
    ("expires: 2026-07-01", "expires: 2026-7-1"),
    ("owner: ann", ""),
    ("reason: r", "raeson: r"),
    ("id: ", "ids: "),
    ("since: 2026-06-01", "since: [2026-06-01]"),
    ("owner: ann", "owner: &x ann\n  owner: ann"),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([None, *KINDS]), min_size=1, max_size=8))
def test_what_is_wrong_with_one_entry_takes_nothing_from_another_and_gives_it_nothing(
    damages: list[tuple[str, str] | None],
) -> None:
    blocks = [f"- id: a::t{i}\n  reason: r\n  owner: ann\n  {DAYS}\n" for i in range(len(damages))]
    text = "".join(block.replace(*damage) if damage else block for block, damage in zip(blocks, damages))
    quarantine = read(text)
    assert [entry.pattern for entry in quarantine.entries] == [f"a::t{i}" for i, bad in enumerate(damages) if not bad]
    assert bool(quarantine.problems) == any(damages)


# What an entry is about


def glob(pattern: str) -> Entry:
    return Entry(pattern=pattern, is_glob=True, reason="r", owner="o", since=TODAY, expires=TODAY, line=7)


def plain(pattern: str) -> Entry:
    return Entry(pattern=pattern, is_glob=False, reason="r", owner="o", since=TODAY, expires=TODAY, line=3)


def slow_match(pattern: str, text: str) -> bool:
    """`*` and `?` by their definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(slow_match(pattern[1:], text[i:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and slow_match(pattern[1:], text[1:])


@settings(max_examples=400, deadline=None)
@given(st.text("ab*?[\n", max_size=8), st.text("ab[]\n*", max_size=10))
def test_a_glob_matches_by_definition_and_brackets_are_parameters(pattern: str, nodeid: str) -> None:
    assert glob(pattern).matches(nodeid) == slow_match(pattern, nodeid)


def test_no_glob_keeps_a_runner_busy() -> None:
    hostile = glob("*a" * 20 + "b")
    with no_hang(5):
        assert not hostile.matches("a" * 20_000)
        assert glob("*" * 2000).matches("a" * 20_000)


def test_an_id_is_no_pattern_and_comes_before_a_glob() -> None:
    entries = (glob("a.py::*"), plain("a.py::t[*]"))
    quarantine = Quarantine(path="q.yml", entries=entries)
    assert [quarantine.entry_of(n) for n in ("a.py::t[*]", "a.py::t[x]", "b.py::t")] == [entries[1], entries[0], None]


# Entries that nobody needs any more

BASE = BaseRun(branch="main", sha="a" * 40, run_id=1, at_s=1.0, tests=3)


def past(**green_runs: int) -> Past:
    tests = {f"a.py::{n}": PastTest(outcome=Outcome.PASSED, runs=40, green_runs=k) for n, k in green_runs.items()}
    return Past(base=BASE, tests=tests)


@pytest.mark.parametrize(
    ("entry", "runs", "red", "found"),
    [
        (plain("a.py::t"), {"t": 9}, (), ""),
        (
            plain("a.py::t"),
            {"t": 10},
            (),
            "3: stale: green in the last 10 runs, so that at most 25.9 % fail: 'a.py::t'",
        ),
        (plain("a.py::t"), {"t": 10}, ("a.py::t",), ""),
        (plain("a.py::t"), {"u": 10}, (), "3: stale: there is no such test: 'a.py::t'"),
        (glob("a*"), {"t": 12, "u": 9}, (), ""),
        (glob("a*"), {"t": 12, "u": 40}, (), "7: stale: green in the last 12 runs, so that at most 22.1 % fail: 'a*'"),
        (glob("a*"), {"t": 12, "u": 40}, ("a.py::u",), ""),
        (glob("b*"), {"t": 12}, (), "7: stale: there is no such test: 'b*'"),
    ],
)
def test_an_entry_is_stale_when_its_tests_are_gone_or_green_for_long(
    entry: Entry, runs: dict[str, int], red: tuple[str, ...], found: str
) -> None:
    known = past(**runs)
    notes = stale(Quarantine(path="q.yml", entries=(entry,)), known, set(known.tests), red=red)
    assert [f"{note.line}: {note.text}" for note in notes] == ([found] if found else [])


def test_no_entry_is_called_gone_where_nobody_knows_which_tests_there_are() -> None:
    quarantine = Quarantine(path="q.yml", entries=(plain("a.py::t"), glob("b*")))
    assert stale(quarantine, past(u=3), None) == ()
    assert stale(quarantine, Past(), None) == ()

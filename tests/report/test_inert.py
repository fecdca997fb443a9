"""Hostile text as Markdown, seen through GitHub's own parser: all of it is shown, and nothing happens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import TRIGGERS, hostile, rendered

from ci_tools.report.inert import code, fence, html_code, plain, visible

CONTEXTS = {
    "paragraph": ("{}", ["p", "code"]),
    "sentence": ("see {} here", ["p", "code"]),
    "item": ("- {}", ["ul", "li", "code"]),
    "heading": ("### ❌ {}", ["h3", "code"]),
    "cell": (
        "| a | b |\n| --- | --- |\n| {} | 1 |",
        ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "code", "td"],
    ),
    "summary": ("<details><summary>x</summary>\n\n{}\n\n</details>", ["details", "summary", "p", "code"]),
}
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]")


@pytest.mark.parametrize("context", CONTEXTS)
@settings(deadline=None)
@given(text=hostile.filter(bool))
def test_code_shows_the_text_and_does_nothing(context: str, text: str) -> None:
    around, elements = CONTEXTS[context]
    page = rendered(around.format(code(text)))
    assert page.code == [visible(text, 200)]
    assert page.prose == rendered(around.format("`x`")).prose
    assert without_nested_code(page.elements) == elements
    assert page.comments == []


def without_nested_code(elements: list[str]) -> list[str]:
    first = elements.index("code")
    return [*elements[: first + 1], *(name for name in elements[first:] if name != "code")]


@settings(deadline=None)
@given(text=hostile, limit=st.integers(1, 60))
def test_what_is_visible_is_printable_and_as_short_as_wanted(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert len(shown) <= limit and shown.isprintable() and not BIDI.search(shown)
    assert shown.encode("utf-8").decode() == shown


@settings(deadline=None)
@given(text=hostile.filter(bool))
def test_html_code_shows_the_text_in_a_line_of_html(text: str) -> None:
    page = rendered(f"<details><summary>{html_code(text)}</summary>\n\nbody\n\n</details>\n\nafter")
    assert page.code == [visible(text, 200)]
    assert page.elements == ["details", "summary", "code", "p", "p"]


@settings(deadline=None)
@given(text=hostile, before=st.sampled_from(["", "before\n\n", "- item\n\n", "<details><summary>x</summary>\n\n"]))
def test_a_fence_holds_its_text_and_nothing_else_is_code(text: str, before: str) -> None:
    after = "\n</details>\n\nafter @x" if "details" in before else "\nafter @x"
    page = rendered(f"{before}{fence(text)}{after}")
    assert len(page.code) == 1 and "".join(page.prose).rstrip().endswith("after @x")
    assert set(page.elements) <= {"pre", "code", "p", "ul", "li", "details", "summary"}
    lines = page.code[0].removesuffix("\n").split("\n")
    assert all(part.isprintable() for line in lines for part in line.split("\t")) and not BIDI.search(page.code[0])


@pytest.mark.parametrize("ticks", [1, 2, 3, 79, 80, 81, 254, 255, 256, 1000])
def test_no_run_of_backticks_ends_code_too_early(ticks: int) -> None:
    """cmark gives up on delimiters of 80 backticks, and counts a fence's up to 255."""
    run = "`" * ticks
    assert rendered(code(f"{run}@x", 2000)).code == [f"{run}@x"]
    page = rendered(fence(f"a\n{run}\n@x"))
    assert page.prose == ["\n"] and page.code == [f"a\n{run if ticks < 100 else '`' * 99 + '…'}\n@x\n"]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("", ""),
        ("tests/test_a.py::test_b[x]", "`tests/test_a.py::test_b[x]`"),
        (" x ", "`  x  `"),
        ("   ", "`   `"),
        ("a|b", "<code>`a`&#124;`b`</code>"),
        ("`a`", "`` `a` ``"),
        ("a``b", "```a``b```"),
        (" a`", "``  a` ``"),
        (f"a{'`' * 20}", f"<code>`a`{'&#96;' * 20}</code>"),
        ("a\nb\x1b[1m\u202e\ud800\u3164", r"`a\nb\x1b[1m\u202e\ud800\u3164`"),
        ("a\u3164b", r"`a\u3164b`"),
        ("x" * 201, f"`{'x' * 199}…`"),
    ],
)
def test_code_is_written_so(text: str, markdown: str) -> None:
    assert code(text) == markdown


def test_a_cut_leaves_letters_their_accents_and_escapes_whole() -> None:
    assert visible("abe\u0301e\u0301", 5) == "abe\u0301…"
    assert visible("abe\u0301e\u0301", 4) == "ab…"
    assert visible("abc\ud800", 6) == "abc…"
    assert visible("\u0301" * 9, 4) == "…"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("shard 2 was killed after 1,234 tests", "shard 2 was killed after 1,234 tests"),
        (
            "killed while running 'a.py::t[x y]', \"b.py::it's\" and 3 more",
            "killed while running `a.py::t[x y]`, `b.py::it's` and 3 more",
        ),
        ("it can't be told: ('x.py') isn't @me (exit 2)", "it can't be told: (`x.py`) isn't `@me` (exit 2)"),
        ("don't trust users' words", "don't trust `users'` words"),
        ("stopped at its deadline of 50m 00s", "stopped at its deadline of 50m 00s"),
        ("~$0.12, $1.30 of $1,200.00", "`~$0.12`, <span>$</span>1.30 of <span>$</span>1,200.00"),
        ("ran plan deadbeefcafe, not defaced", "ran plan `deadbeefcafe`, not `defaced`"),
        ("3. x", "3&#46; x"),
        ("2) x", "2&#41; x"),
        ("a\n\nb", "a b"),
        ("", ""),
    ],
)
def test_prose_keeps_its_words_and_puts_the_rest_into_code(text: str, markdown: str) -> None:
    assert plain(text) == markdown


@settings(deadline=None)
@given(text=hostile, before=st.sampled_from(["", "- ", "### "]))
def test_prose_does_nothing_outside_of_its_code(text: str, before: str) -> None:
    page = rendered(f"{before}{plain(text)}\n\nafter")
    assert set(page.elements) <= {"p", "ul", "li", "h3", "code", "span"}
    assert (
        page.elements[:2] == ["ul", "li"] if before == "- " else page.elements[:1] == [{"": "p", "### ": "h3"}[before]]
    )
    # Dollars stand alone in their span, the code between two pieces of prose stands apart too.
    assert [piece for piece in page.prose if TRIGGERS.search(piece)] == []


@settings(deadline=None)
@given(text=hostile.filter(lambda text: len(text) < 100))
def test_prose_shows_all_of_its_text(text: str) -> None:
    """All but quotation marks, which become code, and line ends."""
    shown = "".join(rendered(f"x {plain(text)}").everything)
    assert re.sub(r"[\s'\"]", "", shown) == "x" + re.sub(r"[\s'\"]", "", visible(" ".join(text.split()), 1000))


def test_a_long_fence_keeps_head_and_more_of_its_tail() -> None:
    text = "\n".join(f"line {number:03}" for number in range(1000))
    block = fence(text, 400)
    lines = block.split("\n")
    assert len(block) <= 400 + len("```\n\n```\n")
    assert lines[:2] == ["```", "line 000"] and lines[-3:] == ["line 999", "```", ""]
    assert [line for line in lines if line.startswith("…")] == ["… 8,650 characters left out …"]


def test_a_fence_without_line_ends_is_cut_too() -> None:
    assert fence("x" * 300, 100) == f"```\n{'x' * 20}\n… 240 characters left out …\n{'x' * 40}\n```\n"


def test_a_fence_loses_colours_and_writes_out_other_controls() -> None:
    assert fence("\x1b[31mred\x1b[0m\r\na\tb\x00\x1b]0;title\x07\n\n", 100, "sh") == "```sh\nred\na\tb\\x00\n```\n"

"""Markdown as GitHub's own parser renders it, taken apart; and texts that would do something there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import strategies as st
from strategies import hostile_nodeids

# What GitHub, or its parser, makes something of.
ACTIVE = (
    *("@octocat", "@org/team", "#1", "GH-1", "org/repo#1", "org/repo@deadbeef", "deadbeefdeadbeef", "a@example.com"),
    *("https://example.com", "www.example.com", "ftp://example.com", "mailto:a@example.com", "<https://example.com>"),
    *("![x](https://example.com/x.png)", "[x](https://example.com)", "[x]: https://example.com", "[^1]", "- [x] "),
    *("<img src=x>", "<script>", "</details>", "</code>", "</summary>", "</td>", "</pre>", "<!--", "-->", "<a href=x>"),
    *("<!-- xdist-ci:v1 key=tests -->", "&lt;", "&#64;octocat", "\\@octocat", "\\", "\\|", "|", "||", "| --- |"),
    *("`", "``", "```", "~~~", "`" * 79, "`" * 80, "`" * 300, "$", "$x$", "$$", "$`x`$", ":tada:", "**", "__", "~~"),
    *(
        "# ",
        "> ",
        "* ",
        "1. ",
        "===",
        "---",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\t",
        "    ",
        " ",
        "",
        "  \n",
        "'",
        '"',
        "(",
        ")",
    ),
    *("\x00", "\x1b[31m", "\x1b]8;;https://example.com\x07", "\x85", "\u2028", "\u2029", "\ud800", "\udfff", "\ufeff"),
    *("\u202a", "\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\u200e", "\u200f", "\u3164", "\ufe0f", "\U000e0041"),
    *("e\u0301", "🎉", "数", "tests/test_a.py::T::test_b[x y]", "word", "1,234", "12.5"),
)
hostile = st.one_of(
    hostile_nodeids,
    st.lists(st.sampled_from(ACTIVE), max_size=12).map("".join),
    st.lists(st.sampled_from(ACTIVE), max_size=12).map(" ".join),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=40),
)

# GitHub's filters on text outside of code, told by html-pipeline and the documentation on autolinks.
TRIGGERS = re.compile(
    r"@\w|#\d|GH-\d|[A-Z]+-\d|\b[0-9a-f]{7,40}\b|://|www\.|:[a-z0-9_+-]+:|\$\S[^$]*\$|\w+/\w+#|[<>\[\]*_~|`\\]", re.I
)


@dataclass
class Rendered(HTMLParser):
    """What a page shows: its elements in order, its text within code and the rest.

    `code` holds one text per outermost code element, `prose` what stands between them; `cells`
    the text of each table cell.
    """

    elements: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    everything: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "code" and "code" not in self.open:
            self.code.append("")
        if tag in ("td", "th"):
            self.cells.append("")
        self.elements.append(tag)
        if tag not in ("br", "hr", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.everything.append(data)
        if "code" in self.open:
            self.code[-1] += data
        else:
            self.prose.append(data)
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def rendered(markdown: str) -> Rendered:
    """Return the page; an element that isn't closed is an AssertionError."""
    page = Rendered()
    # GitHub lets HTML through and sanitizes it afterwards.
    page.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))
    page.close()
    assert page.open == []
    return page

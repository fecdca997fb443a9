r"""Hostile text as Markdown: GitHub shows it, and nothing happens.

Only inside code does GitHub make no mention, reference, link, emoji or formula of it. No escape does
that elsewhere: `\@` and `&#64;` mention people, and so does HTML's `<code>` with an e-mail address.

Source: https://github.github.com/gfm, github/cmark-gfm#181, github/markup#1168, html-pipeline's IGNORE_PARENTS.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate

# Printable to Python, yet nothing to see: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Colours, cursor movements, titles and links of a terminal (ECMA-48).
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
# A table's cell ends at a `|` even in a code span; cmark counts a span's backticks up to 80, a fence's up to 255.
_BREAKS = re.compile(r"(\||`{20,})")
_MANY_TICKS = re.compile("`{100,}")

_QUOTED = re.compile(r"""(?<!\S)(\(?)(?:'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)")([,.;:)]?)(?!\S)""")
_WORD = re.compile(
    r"\(?(?:[A-Za-z]+|[a-z]+(?:['-][a-z]+)+|\d{1,3}(?:,\d{3})+|\d{1,6}(?:\.\d{1,6})?(?:ms|[smhx%])?)(?:[,;:!?]?\)?[,;:]?|\.)"
    r"|[×·…–—→≈]"
)
_PRICE = re.compile(r"\(?[+≈-]?\$(?:\d{1,6}|\d{1,3}(?:,\d{3})+)(?:\.\d{1,6})?\)?[,;:]?")
_COMMIT = re.compile(r"\b[0-9a-f]{7,}\b", re.IGNORECASE)
_LIST_MARKER = re.compile(r"\A(\d+)([.)])")


def code(text: str, limit: int = 200) -> str:
    """Return text as code within a line, be it a paragraph, an item, a heading or a table's cell.

    On one line and of at most `limit` characters, Markdown not counted; "" stays "".
    """
    parts = [part for part in _BREAKS.split(visible(text, limit)) if part]
    if not any(map(_BREAKS.match, parts)):
        return "".join(map(_span, parts))
    spans = (_entities(part) if _BREAKS.match(part) else _span(part) for part in parts)
    return f"<code>{''.join(spans)}</code>"


def _entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


def _span(text: str) -> str:
    """Return a code span; Markdown takes one space off both ends, unless there is nothing else."""
    ticks = "`" * (_longest_run(text) + 1)
    padding = " " if text.strip(" ") and {text[0], text[-1]} & {" ", "`"} else ""
    return f"{ticks}{padding}{text}{padding}{ticks}"


def _longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


def html_code(text: str, limit: int = 200) -> str:
    """Return text as code for a line of HTML such as `<summary>`, where no Markdown is read."""
    return f"<code>{html.escape(visible(text, limit))}</code>"


def fence(text: str, limit_chars: int = 10_000, language: str = "") -> str:
    """Return text as a block of Markdown that ends with a newline."""
    body = block(text, limit_chars)
    ticks = "`" * max(3, _longest_run(body) + 1)
    return f"{ticks}{language}\n{body}\n{ticks}\n"


def block(text: str, limit_chars: int) -> str:
    """Return text of several lines, what can't be seen written out.

    Of a text above `limit_chars` characters head and tail, whole lines where that is possible.
    """
    kept = 4 * limit_chars  # of both ends: no work for what is cut out below in any case
    cut_out = max(0, len(text) - 2 * kept)
    text = text[:kept] + text[-kept:] if cut_out else text
    lines = re.split(r"\r\n|[\r\n]", without_ansi(text).strip("\r\n"))
    body = "\n".join("\t".join(_written_out(piece) for piece in line.split("\t")) for line in lines)
    return _ends(_MANY_TICKS.sub(f"{'`' * 99}…", body), limit_chars, cut_out)


def plain(text: str, limit: int = 1000) -> str:
    """Return prose on one line: plain words and numbers as they are, all else as code."""
    shown = visible(" ".join(text.split()), limit)
    parts: list[str] = []
    end = 0
    for match in _QUOTED.finditer(shown):
        parts += [*_words(shown[end : match.start()]), f"{match[1]}{code(match[2] or match[3])}{match[4]}"]
        end = match.end()
    prose = " ".join([*parts, *_words(shown[end:])])
    return _LIST_MARKER.sub(lambda match: f"{match[1]}&#{ord(match[2])};", prose)


def _words(text: str) -> list[str]:
    return [_word(word) for word in text.split()]


def _word(word: str) -> str:
    if _WORD.fullmatch(word) and not _COMMIT.search(word):
        return word
    # Two dollars in a line would be a formula: https://docs.github.com/get-started/writing-on-github
    if _PRICE.fullmatch(word):
        return word.replace("$", "<span>$</span>")
    text = word.rstrip(",;")
    return f"{code(text)}{word[len(text) :]}"


def without_ansi(text: str) -> str:
    """Return text without a terminal's colours and commands."""
    return _ANSI.sub("", text)


def visible(text: str, limit: int) -> str:
    r"""Return text on one line of at most `limit` characters; what can't be seen is written out: `\n`, `\u202e`."""
    if len(text) <= limit and text.isprintable() and not _BLANK.search(text):
        return text
    return _cut([_written_out(char) for char in text[: limit + 1]], limit)


def _written_out(text: str) -> str:
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(char if _is_seen(char) else char.encode("unicode_escape").decode() for char in text)


def _is_seen(char: str) -> bool:
    return char.isprintable() and not _BLANK.match(char)


def _cut(pieces: Sequence[str], limit: int) -> str:
    """Join the pieces; where they are too long, as many as fit, and no letter without its accents."""
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    end = sum(1 for size in accumulate(map(len, pieces)) if size < limit)
    while end and unicodedata.combining(pieces[end][0]):
        end -= 1
    return f"{''.join(pieces[:end])}…"


def _ends(text: str, limit: int, cut_out: int) -> str:
    """Return a third of `limit` from the head of a longer text, and the rest from its tail: there the error is.

    `cut_out` characters are missing already, somewhere between the two.
    """
    if len(text) <= limit and not cut_out:
        return text
    room = max(limit - 40, 0)
    head, tail = text[: room // 3], text[max(room // 3, len(text) - (room - room // 3)) :]
    head = head[: head.rfind("\n")] if "\n" in head else head
    tail = tail[tail.find("\n") + 1 :] if "\n" in tail else tail
    return f"{head}\n… {cut_out + len(text) - len(head) - len(tail):,} characters left out …\n{tail}"

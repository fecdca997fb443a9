"""`.ci-tools/quarantine.yml` → the entries that hold, and what is wrong with the others, line by line.

A file can only lose by damage: an entry with anything wrong quarantines nothing, a file that can't be
read quarantines nothing at all.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date

from ci_tools.history.quarantine_yaml import MAX_BYTES, Written, YamlError, read_listing
from ci_tools.model.quarantine import Entry, Problem, Quarantine

__all__ = ["KEYS", "MAX_BYTES", "problems_of", "read_quarantine"]

KEYS = ("id", "glob", "reason", "owner", "since", "expires", "issue")
MAX_ENTRIES = 5_000
MAX_GLOBS = 100  # one that matches nothing costs 0.1 s on 100,000 tests
MAX_STARS = 20
MAX_PATTERN = 2_000
MAX_TEXT = 500
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISSUE = re.compile(r"https?://\S+|(?:[\w.-]+/[\w.-]+)?#[0-9]+")


def read_quarantine(text: str, *, path: str, today: date) -> Quarantine:
    """Return the file's entries that hold on the day `today`, and its problems by line."""
    try:
        written = read_listing(text).entries
    except YamlError as error:
        whole = Problem(line=error.problem.line, text=f"{error.problem.text}; nothing is quarantined")
        return Quarantine(path=path, problems=(whole,))
    entries: list[Entry] = []
    problems: list[Problem] = []
    seen: dict[tuple[bool, str], int] = {}
    for item in written[:MAX_ENTRIES]:
        found = [*problems_of(item, today=today), *_twice(item, seen)]
        problems += found
        if not found:
            entries.append(_entry(item))
    problems += _too_many(written)
    return Quarantine(path=path, entries=_within_globs(entries, problems), problems=tuple(sorted(problems, key=_line)))


def problems_of(item: Written, *, today: date) -> Iterator[Problem]:
    """Iterate over what is wrong with an entry by itself."""
    yield from item.problems
    if item.problems and not item.lines:
        return
    yield from _wrong_keys(item)
    yield from _wrong_texts(item)
    yield from _wrong_dates(item, today)


def _wrong_keys(item: Written) -> Iterator[Problem]:
    for key, line in item.lines.items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"wanted {', '.join(KEYS)}"
            yield Problem(line=line, text=f"unknown key {key[:40]!r}: {hint}")
    named = [key for key in ("id", "glob") if key in item.lines]
    if len(named) != 1:
        yield Problem(line=item.first, text="id and glob: wanted one of them" if named else "neither id nor glob")
    for key in ("reason", "owner", "since", "expires"):
        if key not in item.lines:
            yield Problem(line=item.first, text=f"no {key}")


def _wrong_texts(item: Written) -> Iterator[Problem]:
    for key, text in item.texts.items():
        if key in KEYS and (wrong := _wrong_text(key, text)):
            yield Problem(line=item.lines[key], text=f"{key}: {wrong}")


def _wrong_text(key: str, text: str) -> str:
    """Return what is wrong with a value, "" if nothing is."""
    is_pattern = key in ("id", "glob")
    limit = MAX_PATTERN if is_pattern else MAX_TEXT
    if not text.strip():
        return "empty; quote it, for a bare # begins a comment" if key == "issue" else "empty"
    if len(text) > limit:
        return f"longer than {limit:,} characters"
    if not is_pattern and not _one_line(text).isprintable():
        return "a character that can't be printed"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "half a character"
    if key == "id" and "::" not in text:
        # That is how an error of collection is reported, and nobody knows which tests didn't run then.
        return f"{text!r} is no test: it has no `::`"
    if key == "glob" and text.count("*") > MAX_STARS:
        return f"more than {MAX_STARS} `*`"
    if key == "issue" and not _ISSUE.fullmatch(text):
        return f"{text!r} is neither an http(s) URL nor like #12"
    return ""


def _wrong_dates(item: Written, today: date) -> Iterator[Problem]:
    days = {key: _day(item.texts[key]) for key in ("since", "expires") if item.texts.get(key, "").strip()}
    for key, day in days.items():
        if day is None:
            text = item.texts[key][:40]
            yield Problem(line=item.lines[key], text=f"{key}: {text!r} is no date like 2026-12-31")
    since, expires = days.get("since"), days.get("expires")
    if since and expires and expires < since:
        yield Problem(line=item.lines["expires"], text=f"expires on {expires}, before it began on {since}")
    elif expires and expires < today:
        yield Problem(line=item.lines["expires"], text=f"expired on {expires}: {_pattern(item)[1]!r}")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _twice(item: Written, seen: dict[tuple[bool, str], int]) -> Iterator[Problem]:
    """Iterate over one problem if another entry has the same pattern; the first one has it, also when it is wrong."""
    key = _pattern(item)
    if key[1]:
        first = seen.setdefault(key, item.first)
        if first != item.first:
            yield Problem(line=item.first, text=f"the same {'glob' if key[0] else 'id'} as in line {first}: {key[1]!r}")


def _too_many(written: list[Written]) -> Iterator[Problem]:
    if len(written) > MAX_ENTRIES:
        text = f"more than {MAX_ENTRIES:,} entries: from here on nothing is quarantined"
        yield Problem(line=written[MAX_ENTRIES].first, text=text)


def _within_globs(entries: list[Entry], problems: list[Problem]) -> tuple[Entry, ...]:
    """Return the entries without the globs that are too many: each is tried on every test."""
    globs = [entry for entry in entries if entry.is_glob]
    if len(globs) <= MAX_GLOBS:
        return tuple(entries)
    first = globs[MAX_GLOBS].line
    problems.append(
        Problem(line=first, text=f"more than {MAX_GLOBS} globs: this one and later ones quarantine nothing")
    )
    return tuple(entry for entry in entries if not (entry.is_glob and entry.line >= first))


def _entry(item: Written) -> Entry:
    is_glob, pattern = _pattern(item)
    return Entry(
        pattern=pattern,
        is_glob=is_glob,
        reason=_one_line(item.texts["reason"]),
        owner=_one_line(item.texts["owner"]),
        since=date.fromisoformat(item.texts["since"]),
        expires=date.fromisoformat(item.texts["expires"]),
        issue=item.texts.get("issue", ""),
        line=item.first,
    )


def _pattern(item: Written) -> tuple[bool, str]:
    return ("glob" in item.texts, item.texts.get("glob") or item.texts.get("id") or "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line(problem: Problem) -> int:
    return problem.line

"""Entries put into a quarantine file, and taken out of it, line by line: all else stays as it is, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ci_tools.history.quarantine import problems_of
from ci_tools.history.quarantine_yaml import Listing, Written, YamlError, read_listing
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.quarantine import Entry

HEADER = """\
# Tests that may fail for now: they are listed, and don't make a run red. Each has an owner and a last day.
# `ci-tools quarantine check` says what is wrong in here, and which entries nobody needs any more.
"""
_HINT = "mend it by hand, one `- id: …` after the other"


def with_entry(text: str, entry: Entry, *, path: str, today: date) -> str:
    """Return the file's text with one more entry at its end; a file without any text gets a header too.

    Raises UsageError for an entry that wouldn't hold, or for whose pattern there is one already, CiToolsError
    when the file can't be edited.
    """
    text = text or HEADER
    listing = _listing(text, path)
    fields = _fields(entry)
    _refuse(fields, listing, path, today)
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    new = [end] if _is_spaced(lines, listing.entries) else []
    values = [f"{name}: {_written(name, value)}" for name, value in fields.items()]
    for value, dash in zip(values, ["- ", *["  "] * len(values)]):
        new.append(f"{' ' * (listing.column or 0)}{dash}{value}{end}")
    if not lines[-1].endswith("\n"):
        lines[-1] += end
        new[-1] = new[-1].removesuffix(end)
    after = "".join(lines + new)
    _check(after, [*_texts(listing.entries), fields], path)
    return after


def _refuse(fields: dict[str, str], listing: Listing, path: str, today: date) -> None:
    problems = problems_of(Written(first=0, last=0, texts=fields, lines=dict.fromkeys(fields, 0)), today=today)
    if problem := next(problems, None):
        raise UsageError(problem.text, hint=f"nothing was written to {path}")
    key, pattern = next(iter(fields.items()))
    for item in listing.entries:
        if item.texts.get(key) == pattern:
            hint = "change it there, or `ci-tools quarantine remove` it first"
            raise UsageError(f"{path}:{item.first}: {pattern!r} is there already", hint=hint)


def without_entry(text: str, pattern: str, *, is_glob: bool, path: str) -> str:
    """Return the file's text without what it has for an id or a glob; comments around it stay.

    Raises UsageError when there is no such entry, CiToolsError when the file can't be edited.
    """
    key = "glob" if is_glob else "id"
    listing = _listing(text, path)
    kept = [item for item in listing.entries if item.texts.get(key) != pattern]
    if len(kept) == len(listing.entries):
        raise UsageError(f"{path}: no entry with {key} {pattern!r}", hint="`ci-tools quarantine list` prints them")
    lines = text.splitlines(keepends=True)
    for index in range(len(listing.entries) - 1, -1, -1):
        if listing.entries[index].texts.get(key) == pattern:
            lines = _cut(lines, listing.entries[: index + 1], listing.column or 0)
    after = "".join(lines)
    _check(after, _texts(kept), path)
    return after


def _listing(text: str, path: str) -> Listing:
    try:
        listing = read_listing(text)
    except YamlError as error:
        raise CiToolsError(f"{path}:{error.problem.line}: {error.problem.text}", hint=_HINT) from None
    if listing.column is None:
        raise CiToolsError(f"{path}: a list in brackets can't be edited by line", hint=_HINT)
    return listing


def _check(after: str, wanted: list[dict[str, str]], path: str) -> None:
    """Raise CiToolsError unless exactly these entries are there: the lines may be laid out as nobody thought of."""
    try:
        found = _texts(read_listing(after).entries)
    except YamlError:
        found = []
    if found != wanted:
        raise CiToolsError(f"{path}: laid out so that it can't be edited by line", hint=_HINT)


def _texts(entries: Sequence[Written]) -> list[dict[str, str]]:
    return [entry.texts for entry in entries]


def _is_spaced(lines: Sequence[str], entries: Sequence[Written]) -> bool:
    """Whether a blank line is due below these lines: as there is one above the last entry and its comments."""
    if not entries:
        return any(line.strip() for line in lines)
    above = entries[-1].first - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        above -= 1
    return above >= 0 and not lines[above].strip()


def _cut(lines: list[str], entries: Sequence[Written], column: int) -> list[str]:
    """Return the lines without the last of the entries, and without the blank line that set it off."""
    first, last = entries[-1].first - 1, entries[-1].last
    while first > 0 and not lines[first].startswith("-", column):
        first -= 1  # the dash is in a line of its own
    before, after = lines[:first], lines[last:]
    if before and not before[-1].strip() and _is_spaced(before[:-1], entries[:-1]):
        before.pop()
    elif not before and after and not after[0].strip():
        after.pop(0)
    if before and not after and not lines[-1].endswith("\n"):
        before[-1] = before[-1].removesuffix("\n").removesuffix("\r")
    return before + after


def _fields(entry: Entry) -> dict[str, str]:
    fields = {
        "glob" if entry.is_glob else "id": entry.pattern,
        "reason": entry.reason,
        "owner": entry.owner,
        "since": entry.since.isoformat(),
        "expires": entry.expires.isoformat(),
    }
    return fields | ({"issue": entry.issue} if entry.issue else {})


def _written(name: str, text: str) -> str:
    """Return a value as YAML: dates as they are, text in quotes, whatever YAML would make of it without."""
    if name in ("since", "expires"):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    number = ord(character)
    if character.isprintable():
        return character
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

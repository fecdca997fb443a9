"""YAML text → the entries of a quarantine file as they are written, each value with its line.

Read from the parser's events: no recursion, no copy per alias, every scalar is text. Lines count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from ci_tools.model.quarantine import Problem

MAX_BYTES = 5_000_000
MAX_DEPTH = 50
MAX_VALUES = 100_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML has no place for, and what it takes for a line's end and editors don't: lines would be miscounted.
_UNWANTED = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\r(?!\n)")
_ALIAS, _TAG = "an alias", "a tag"
_NULLS = ("", "~", "null", "Null", "NULL")


class YamlError(Exception):
    """The file can't be read as a whole: what is wrong, in which line."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.problem = Problem(line=line, text=text)


@dataclass(slots=True, kw_only=True)
class Written:
    """An entry: its first and last line, its texts and the lines of all its keys, by key, and what is neither."""

    first: int
    last: int
    texts: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Listing:
    """The entries in order. `column` is that of their dashes, from 0; None when they aren't lines with dashes."""

    entries: list[Written] = field(default_factory=list)
    column: int | None = 0


def read_listing(text: str) -> Listing:
    """Return the entries; YamlError when the text is no YAML, no list, or absurdly large."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise YamlError(f"more than {MAX_BYTES:,} characters", 1)
    if unwanted := _UNWANTED.search(text):
        raise YamlError(
            f"a character that YAML doesn't take: {unwanted[0]!r}", text.count("\n", 0, unwanted.start()) + 1
        )
    try:
        return _Reader().read(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 1 if mark else 1, len(text.splitlines()))  # an end too early is behind the last one
        raise YamlError(f"not YAML: {error.problem or error.context}", line) from None
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML: {str(error).splitlines()[0]}", 1) from None


class _Reader:
    """How deep it is in the document, the entry that is open, and its key that still needs a value."""

    def __init__(self) -> None:
        self.listing = Listing()
        self.depth = self.n_values = self.n_documents = 0
        self.is_mapping = False
        self.key: str | None = None

    def read(self, events: Iterable[yaml.Event]) -> Listing:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.DocumentStartEvent):
                self.n_documents += 1
                if self.n_documents > 1:
                    raise YamlError("a second YAML document", line)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._reach(event)
                self.depth -= 1
            elif isinstance(event, yaml.NodeEvent):
                self._add(event, line)
        return self.listing

    def _begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        is_list = isinstance(event, yaml.SequenceStartEvent)
        if self.depth >= MAX_DEPTH:
            raise YamlError(f"nested more than {MAX_DEPTH} levels deep", line)
        if self.depth == 0:
            if not is_list:
                raise YamlError("found a mapping, wanted a list of entries", line)
            mark = None if event.flow_style else event.start_mark
            self.listing.column = mark.column if mark else None
        elif self.depth == 1:
            self._new_entry(event, line, "a list" if is_list else "")
        elif self.depth == 2:
            self._take(None, line, "a list" if is_list else "a mapping")
        self._count(line)
        self.depth += 1

    def _add(self, event: yaml.NodeEvent, line: int) -> None:
        """Take a scalar or an alias in: as an entry, which neither is, as a key, or as a value."""
        self._count(line)
        text = event.value if isinstance(event, yaml.ScalarEvent) and event.tag is None else None
        what = _TAG if isinstance(event, yaml.ScalarEvent) else _ALIAS
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and text in _NULLS:
            text = ""
        if self.depth == 0 and text != "":
            raise YamlError("found a value, wanted a list of entries", line)
        if self.depth == 1:
            self._new_entry(event, line, "a value" if text is not None else what)
        elif self.depth == 2:
            self._take(text, line, what)
        self._reach(event)

    def _new_entry(self, event: yaml.NodeEvent, line: int, wrong: str) -> None:
        entry = Written(first=line, last=line)
        self.listing.entries.append(entry)
        self.is_mapping, self.key = not wrong, None
        if wrong:
            entry.problems.append(Problem(line=line, text=f"found {wrong}, wanted an entry with id or glob"))

    def _take(self, text: str | None, line: int, what: str) -> None:
        """Take a key in, or the value of the key before; None is neither."""
        entry = self.listing.entries[-1]
        if not self.is_mapping:
            return
        if text is None:
            where = f"{self.key}: " if self.key else ""
            hint = "text: quote it" if what in (_ALIAS, _TAG) else "one text"
            entry.problems.append(Problem(line=line, text=f"{where}found {what}, wanted {hint}"))
        if self.key is None:
            self.key = text or ""
            if self.key in entry.lines:
                first = entry.lines[self.key]
                entry.problems.append(Problem(line=line, text=f"{self.key!r} is there twice, first in line {first}"))
            entry.lines.setdefault(self.key, line)
        else:
            if text is not None:
                entry.texts.setdefault(self.key, text)
            self.key = None

    def _count(self, line: int) -> None:
        self.n_values += 1
        if self.n_values > MAX_VALUES:
            raise YamlError(f"more than {MAX_VALUES:,} values", line)

    def _reach(self, event: yaml.Event) -> None:
        """Note the last line that something of the entry is in; the end of an indented block is nothing."""
        start, end = event.start_mark, event.end_mark
        if self.depth >= 1 and self.listing.entries and start and end and end.index > start.index:
            entry = self.listing.entries[-1]
            entry.last = max(entry.last, end.line + bool(end.column))

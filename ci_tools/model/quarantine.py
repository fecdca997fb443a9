"""Tests that may fail for now: who looks after them, and until when."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. `pattern` is a node id or, when `is_glob`, one where `*` and `?` are wild and nothing else.

    `line` is the entry's first line in its file, from 1; it holds through the day `expires`.
    """

    pattern: str
    is_glob: bool
    reason: str
    owner: str
    since: date
    expires: date
    issue: str = ""
    line: int = 0

    def matches(self, nodeid: str) -> bool:
        """Whether the entry is about this test."""
        return bool(self._expression.fullmatch(nodeid)) if self.is_glob else nodeid == self.pattern

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        # `*` is not greedy about anything else: brackets are parameters here, no character class.
        parts = (
            ".*" if part == "*" else "." if part == "?" else re.escape(part)
            for part in re.split(r"([*?])", self.pattern)
        )
        return re.compile("".join(parts), re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong in a line of the file, from 1; the entry it is in quarantines nothing."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """The entries that hold, in the order of the file, and what is wrong with the others. `path` is for messages."""

    path: str = ""
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()

    def entry_of(self, nodeid: str) -> Entry | None:
        """Return the first entry about a test, None when it isn't quarantined."""
        return next((entry for entry in self.entries if entry.matches(nodeid)), None)

    def unused(self, nodeids: Iterable[str]) -> tuple[Entry, ...]:
        """Return the entries about none of the tests."""
        ids = list(nodeids)
        known = set(ids)
        return tuple(
            entry
            for entry in self.entries
            if not (any(map(entry.matches, ids)) if entry.is_glob else entry.pattern in known)
        )

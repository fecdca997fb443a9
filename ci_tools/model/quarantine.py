"""Tests that may fail for now: who looks after them, and until when."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ci_tools.model.rates import percent, upper_bound
from ci_tools.model.verdict import Past
from ci_tools.model.words import count

STALE_RUNS = 10  # a test that fails in 26 % of its runs is green for so long in 1 of 20 cases


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
        # A `*` takes as little as it can and never thinks again, for a lookahead is atomic: the pattern comes
        # with a pull request, and must not be able to keep a runner busy. Brackets are parameters, no class.
        head, *rest = (_literal(piece) for piece in re.split(r"\*+", self.pattern))
        middle = "".join(f"(?=(.*?{piece}))\\{number}" for number, piece in enumerate(rest[:-1], 1))
        return re.compile(head + middle + "".join(f".*{piece}" for piece in rest[-1:]), re.DOTALL)


def _literal(piece: str) -> str:
    return ".".join(re.escape(part) for part in piece.split("?"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is to be said about a line of the file, counted from 1."""

    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Quarantine:
    """The entries that hold, in the order of the file, and what is wrong with the others. `path` is for messages."""

    path: str = ""
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()

    def entry_of(self, nodeid: str) -> Entry | None:
        """Return a test's own entry, else the first glob about it; None when it isn't quarantined."""
        return self._by_id.get(nodeid) or next((glob for glob in self._globs if glob.matches(nodeid)), None)

    @cached_property
    def _by_id(self) -> Mapping[str, Entry]:
        return {entry.pattern: entry for entry in reversed(self.entries) if not entry.is_glob}

    @cached_property
    def _globs(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.is_glob)


def stale(
    quarantine: Quarantine, past: Past, nodeids: Collection[str] | None, *, red: Iterable[str] = ()
) -> tuple[Problem, ...]:
    """Return what is to be said about entries that nobody needs any more; they hold nevertheless.

    Stale is an entry about none of `nodeids`, the tests there are (None when that isn't known), and one whose
    tests all passed in their last STALE_RUNS recorded runs and aren't `red` now.
    """
    known = set(past.tests) if nodeids is None else set(nodeids)
    runs = {nodeid: test.green_runs for nodeid, test in past.tests.items()} | dict.fromkeys(red, 0)
    found = []
    for entry in quarantine.entries:
        least = _least_runs(entry, known, runs)
        if least is None and nodeids is not None:
            found.append(Problem(line=entry.line, text=f"stale: there is no such test: {entry.pattern!r}"))
        elif least is not None and least >= STALE_RUNS:
            green = f"green in the last {count(least, 'run')}, so that at most {percent(upper_bound(least))} fail"
            found.append(Problem(line=entry.line, text=f"stale: {green}: {entry.pattern!r}"))
    return tuple(found)


def _least_runs(entry: Entry, known: Collection[str], runs: Mapping[str, int]) -> int | None:
    """Return how often the entry's least green test was green, None without one; fewer than STALE_RUNS are few."""
    if not entry.is_glob:
        return runs.get(entry.pattern, 0) if entry.pattern in known else None
    least = None
    for nodeid in filter(entry.matches, known):
        least = runs.get(nodeid, 0) if least is None else min(least, runs.get(nodeid, 0))
        if least < STALE_RUNS:
            break
    return least

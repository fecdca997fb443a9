"""Runs for the history: results in a letter each, recorded in real files."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from samples import REPORT

from ci_tools.history.past import read_past
from ci_tools.history.record import RunRecord, record
from ci_tools.model.report import CaseResult, Conclusion, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import Past

# R is a flip: red, then green in the same run.
LETTERS = {
    "P": Outcome.PASSED,
    "R": Outcome.PASSED,
    "F": Outcome.FAILED,
    "E": Outcome.ERROR,
    "C": Outcome.CRASHED,
    "S": Outcome.SKIPPED,
    "x": Outcome.XFAILED,
    "X": Outcome.XPASSED,
    "?": Outcome.UNKNOWN,
}
HOUR_S = 3600.0


def case(nodeid: str, letter: str, seconds: float = 1.0) -> CaseResult:
    last = Attempt(nodeid=nodeid, outcome=LETTERS[letter], seconds=(0.0, seconds, 0.0))
    first = replace(last, outcome=Outcome.FAILED, message="assert 0")
    attempts = ((1, first), (1, replace(last, rerun=1))) if letter == "R" else ((1, last),)
    return CaseResult(nodeid=nodeid, shard=1, attempts=attempts)


def report(
    results: Mapping[str, str], *, seconds: Mapping[str, float] | None = None, is_complete: bool = True
) -> Report:
    """Return a report of results: a letter by node id, and seconds, 1 if not told."""
    cases = tuple(case(nodeid, letter, (seconds or {}).get(nodeid, 1.0)) for nodeid, letter in results.items())
    return replace(REPORT, cases=cases, conclusion=Conclusion.FAILED if is_complete else Conclusion.INCOMPLETE)


def run(number: int, **fields: Any) -> RunRecord:
    """Return the n-th run: an hour after the one before, of a commit of its own."""
    usual = RunRecord(
        key="tests", branch="main", sha=f"{number:040x}", run_id=number, run_attempt=1, at_s=1e9 + number * HOUR_S
    )
    return replace(usual, **fields)


def write_runs(path: Path, *results: Mapping[str, str], **fields: Any) -> None:
    """Record runs 1, 2 and so on, oldest first."""
    for number, result in enumerate(results, 1):
        assert record(path, report(result), run(number, **fields)) == ()


def past_of(path: Path, *, key: str = "tests", branch: str = "main", sha: str = "", run_id: int = 0) -> Past:
    return read_past(path, key=key, base_branch=branch, sha=sha, run_id=run_id)


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask the file without any code of ours."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql).fetchall()

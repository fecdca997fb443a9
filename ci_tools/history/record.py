"""A merged run into the history file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ci_tools.history.database import MAX_BYTES, DamagedError, plain, set_aside, to_bytes, transaction, written
from ci_tools.history.prune import Kept, forgotten
from ci_tools.history.schema import MOST_MS, NUMBER_OF
from ci_tools.model.report import CaseResult, Conclusion, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Which run a report is of. `run_id` is GitHub's, 0 where there is none; `at_s` since the epoch."""

    key: str
    branch: str
    sha: str
    run_id: int
    run_attempt: int
    at_s: float


def record(path: Path, report: Report, run: RunRecord) -> tuple[str, ...]:
    """Record a run, and return what people should be told.

    A run is recorded once: a later attempt of it takes the place of an earlier one, whose failures it
    has as flips, and the same attempt, recorded again, that of itself. A damaged file is set aside
    and a new one begun. Raises CiToolsError where nothing could be recorded; the file is then as it was.
    """
    try:
        return _record(path, report, run)
    except DamagedError as problem:
        aside = set_aside(path)
        return (f"{problem.fact}; it is {aside.name} now, the history begins anew", *_record(path, report, run))


def _record(path: Path, report: Report, run: RunRecord) -> tuple[str, ...]:
    cases = {case.nodeid: case for case in report.cases if case.outcome in NUMBER_OF}
    with written(path) as connection:
        with transaction(connection):
            earlier = _recorded(connection, run)
            newest = max((attempt for _, attempt, _ in earlier), default=0)
            if newest > run.run_attempt:
                return (f"not recorded: attempt {newest} of this run already is",)
            _forget(connection, [id for id, _, _ in earlier])
            # An old run that is run again is no newer base than the commits that came after it.
            run = replace(run, at_s=min([run.at_s, *(at_s for _, _, at_s in earlier)]))
            _insert(connection, cases, run, is_complete=report.conclusion is not Conclusion.INCOMPLETE)
            _forget(connection, forgotten(_kept(connection)))
        _shrink(connection)
    return ()


def _recorded(connection: sqlite3.Connection, run: RunRecord) -> list[tuple[int, int, float]]:
    """Return id, attempt and time of each record of this very run."""
    rows = connection.execute(
        "SELECT id, run_attempt, at_s FROM runs WHERE key = ? AND run_id = ? AND (run_id <> 0 OR at_s = ?)",
        (plain(run.key), run.run_id, run.at_s),
    )
    return rows.fetchall()


def _insert(
    connection: sqlite3.Connection, cases: Mapping[str, CaseResult], run: RunRecord, *, is_complete: bool
) -> None:
    texts = (plain(run.key), plain(run.branch), plain(run.sha))
    cursor = connection.execute(
        "INSERT INTO runs (key, branch, sha, run_id, run_attempt, at_s, complete, tests)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*texts, run.run_id, run.run_attempt, run.at_s, is_complete, len(cases)),
    )
    ids = _numbered(connection, cases)
    rows = [
        (ids[nodeid], cursor.lastrowid, NUMBER_OF[case.outcome], _ms(case.final.total_s), case.is_flip)
        for nodeid, case in cases.items()
    ]
    rows.sort()  # in the order of the file, one page after the other
    connection.executemany("INSERT INTO results (test, run, outcome, ms, flip) VALUES (?, ?, ?, ?, ?)", rows)


def _numbered(connection: sqlite3.Connection, nodeids: Mapping[str, object]) -> dict[str, int]:
    """Return each test's id, new ones for new tests."""
    known = dict(connection.execute("SELECT nodeid, id FROM tests").fetchall())
    new = sorted(to_bytes(nodeid) for nodeid in nodeids if nodeid not in known)
    if new:
        connection.executemany("INSERT INTO tests (nodeid) VALUES (CAST(? AS TEXT))", [(data,) for data in new])
        known = dict(connection.execute("SELECT nodeid, id FROM tests").fetchall())
    return known


def _ms(seconds: float) -> int:
    return min(round(seconds * 1000), MOST_MS)


def _kept(connection: sqlite3.Connection) -> list[Kept]:
    rows = connection.execute("SELECT id, key, branch, at_s, tests FROM runs")
    return [Kept(id=id, key=key, branch=branch, at_s=at_s, tests=tests) for id, key, branch, at_s, tests in rows]


def _forget(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Delete runs, their results, and the tests that no result is left of."""
    rows = [(id,) for id in ids]
    if rows:
        connection.executemany("DELETE FROM runs WHERE id = ?", rows)
        connection.execute("DELETE FROM results WHERE run NOT IN (SELECT id FROM runs)")
        connection.execute("DELETE FROM tests WHERE NOT EXISTS (SELECT 1 FROM results WHERE test = tests.id)")


def _shrink(connection: sqlite3.Connection) -> None:
    """Give back what is free, when it is much; below the limit the file is in any case."""
    with suppress(sqlite3.OperationalError):  # no room for a second copy, or a reader in the way: next time
        if _number(connection, "freelist_count") * 4 > _number(connection, "page_count"):
            connection.execute("VACUUM")
        while _number(connection, "page_count") * _number(connection, "page_size") > MAX_BYTES:
            newest_last = sorted(_kept(connection), key=lambda run: (run.at_s, run.id))
            with transaction(connection):
                _forget(connection, [run.id for run in newest_last[: (len(newest_last) + 1) // 2]])
            connection.execute("VACUUM")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])

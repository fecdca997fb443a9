"""The tables of a history file, and the steps that bring an older file up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ci_tools.model.run import Outcome

APPLICATION_ID = 0x78646369  # "xdci"; SQLite keeps it at byte 68 of the file

# An outcome's number in the file is its place here: append only. Unknown is none, it isn't recorded.
OUTCOMES = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.SKIPPED,
    Outcome.XFAILED,
    Outcome.XPASSED,
    Outcome.CRASHED,
)
NUMBER_OF = {outcome: number for number, outcome in enumerate(OUTCOMES)}

MOST_MS = 10**12

Step = tuple[str, ...]

# Step n makes version n of version n - 1, the first one of nothing. A released step is never changed.
STEPS: tuple[Step, ...] = (
    (
        "CREATE TABLE tests (id INTEGER PRIMARY KEY, nodeid TEXT NOT NULL UNIQUE CHECK (typeof(nodeid) = 'text'))",
        """CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL CHECK (typeof(key) = 'text'),
    branch TEXT NOT NULL CHECK (typeof(branch) = 'text'),
    sha TEXT NOT NULL CHECK (typeof(sha) = 'text'),
    run_id INTEGER NOT NULL CHECK (typeof(run_id) = 'integer'),
    run_attempt INTEGER NOT NULL CHECK (typeof(run_attempt) = 'integer'),
    at_s REAL NOT NULL CHECK (typeof(at_s) = 'real' AND at_s BETWEEN 0 AND 1e11),
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
    tests INTEGER NOT NULL CHECK (typeof(tests) = 'integer' AND tests >= 0)
)""",
        # A test's results lie side by side: they are read by test, all at once, for every merge. No CHECK here:
        # over millions of rows it takes as long as reading them does, and they are checked when they are read.
        """CREATE TABLE results (
    test INTEGER NOT NULL,
    run INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    flip INTEGER NOT NULL,
    PRIMARY KEY (test, run)
) WITHOUT ROWID""",
    ),
)


def apply(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    """Take the steps, within the caller's transaction."""
    for step in steps:
        for statement in step:
            connection.execute(statement)


def objects_of(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Return all tables, indexes, triggers and views with their SQL, sorted."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    return [tuple(row) for row in rows]


def objects_after(steps: Sequence[Step]) -> list[tuple[object, ...]]:
    """Return what a file made by these steps, and by nothing else, holds."""
    connection = sqlite3.connect(":memory:")
    try:
        apply(connection, steps)
        return objects_of(connection)
    finally:
        connection.close()

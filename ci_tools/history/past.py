"""What is known from before, in one pass over the recorded results."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from ci_tools.history.database import ANEW, DamagedError, opened, plain, transaction
from ci_tools.history.schema import MOST_MS, NUMBER_OF, OUTCOMES
from ci_tools.model.run import Outcome
from ci_tools.model.verdict import BaseRun, Past, PastTest

WINDOW = 50  # runs that are looked at; a bit each in SQLite's integers
RECENT = 20  # runs that a test's usual seconds are of

_BAD = ",".join(str(NUMBER_OF[outcome]) for outcome in OUTCOMES if outcome.is_bad)
_GREEN = ",".join(str(NUMBER_OF[outcome]) for outcome in (Outcome.PASSED, Outcome.XPASSED))
_PASSED = NUMBER_OF[Outcome.PASSED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recorded run; `id` is its place in the file, `tests` how many results it has."""

    id: int
    key: str
    branch: str
    sha: str
    run_id: int
    run_attempt: int
    at_s: float
    complete: bool
    tests: int


class Odd(NamedTuple):
    """The results of a test that are no plain passes. Runs are bits, the newest one the lowest; `outcome` is its."""

    runs: int
    bad: int
    green: int
    flips: int
    outcome: Outcome | None


def read_past(path: Path, *, key: str, base_branch: str, sha: str, run_id: int) -> Past:
    """Return what the file knows of a key's tests; nothing without a file.

    The base is the newest complete run of the branch that isn't this very one. It and the 49
    runs before it are what counts and streaks are of, the newest 20 of these what seconds are of;
    incomplete ones are among them, since what did run there has a result. Without a base these are
    the newest runs. Skipped and xfailed results neither end a streak nor are counted in it; a run
    in which a test failed is flaky when it passed in another one of the same commit.

    Raises CiToolsError for a file that can't be used, see `database.opened`.
    """
    if not os.path.lexists(path):
        return Past()
    with opened(path) as connection, transaction(connection, write=False):
        runs = [run for run in runs_of(connection, key, base_branch) if not run_id or run.run_id != run_id]
        window = window_of(runs)
        tests = tests_of(connection, window, green_keys=_green_keys(connection, sha=sha, key=key))
    base = base_of(window)
    if base is None:
        return Past(tests=tests)
    compared = BaseRun(branch=base.branch, sha=base.sha, run_id=base.run_id, at_s=base.at_s, tests=base.tests)
    return Past(base=compared, tests=tests)


def window_of(runs: Sequence[Recorded]) -> Sequence[Recorded]:
    """Return the runs that count: the newest complete one and those before it; runs and result newest first."""
    first = next((place for place, run in enumerate(runs) if run.complete), 0)
    return runs[first : first + WINDOW]


def base_of(window: Sequence[Recorded]) -> Recorded | None:
    """Return the run that others are compared with."""
    return window[0] if window and window[0].complete else None


def runs_of(connection: sqlite3.Connection, key: str, branch: str) -> list[Recorded]:
    """Return all runs of a key and branch, newest first."""
    return [run for run in all_runs(connection) if (run.key, run.branch) == (plain(key), plain(branch))]


def all_runs(connection: sqlite3.Connection) -> list[Recorded]:
    """Return all runs, newest first."""
    rows = connection.execute(
        "SELECT id, key, branch, sha, run_id, run_attempt, at_s, complete, tests FROM runs ORDER BY at_s DESC, id DESC"
    )
    return [
        Recorded(
            id=id,
            key=key,
            branch=branch,
            sha=sha,
            run_id=run_id,
            run_attempt=run_attempt,
            at_s=at_s,
            complete=bool(complete),
            tests=tests,
        )
        for id, key, branch, sha, run_id, run_attempt, at_s, complete, tests in rows
    ]


def tests_of(
    connection: sqlite3.Connection,
    window: Sequence[Recorded],
    *,
    green_keys: Mapping[int, tuple[str, ...]] | None = None,
) -> dict[str, PastTest]:
    """Return each test of a window, by node id.

    Results of no test, which no file of ours has, are left out.
    """
    nodeids = dict(connection.execute("SELECT id, nodeid FROM tests").fetchall())
    ran, odd = runs_and_medians(connection, window), _odd(connection, window)
    same_commit, base = same_commit_of(window), base_of(window)
    elsewhere = green_keys or {}
    found = {}
    for test in {**ran, **elsewhere}:
        if test in nodeids:
            (runs, p50_s), keys = ran.get(test, (0, None)), elsewhere.get(test, ())
            if test in odd:
                past = odd_test(runs, odd[test], window, same_commit, p50_s=p50_s, green_keys=keys)
            else:
                past = _plain_test(runs, p50_s=p50_s, green_keys=keys)
            found[nodeids[test]] = past if base else replace(past, outcome=None)
    return found


def runs_and_medians(
    connection: sqlite3.Connection, window: Sequence[Recorded], *, recent: int = RECENT
) -> dict[int, tuple[int, float | None]]:
    """Return for each test, by its id, the runs it was in, as bits, and the median of its newest passes in seconds.

    These are its passes in the first `recent` runs of the window; None without one.
    """
    _use_window(connection, window)
    rows = connection.execute(
        "SELECT test, sum(bit), group_concat(CASE WHEN outcome = ? AND bit < ? THEN ms END)"
        " FROM results CROSS JOIN counted USING (run) GROUP BY test",
        (_PASSED, 1 << recent),
    )
    return {test: (bits, _median_s(ms)) for test, bits, ms in rows}


def _median_s(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        ms = sorted(map(int, text.split(",")))
    except ValueError:
        raise DamagedError(f"the history has milliseconds {text[:40]!r}, which are none", hint=ANEW) from None
    if ms[0] < 0 or ms[-1] > MOST_MS:
        raise DamagedError("the history has a test that took less than nothing, or ages", hint=ANEW)
    return (ms[(len(ms) - 1) // 2] + ms[len(ms) // 2]) / 2000


def _use_window(connection: sqlite3.Connection, runs: Sequence[Recorded]) -> None:
    """Let the queries know which runs count, each with its bit."""
    connection.execute("DROP TABLE IF EXISTS temp.counted")
    connection.execute("CREATE TEMP TABLE counted (run INTEGER PRIMARY KEY, bit INTEGER NOT NULL)")
    connection.executemany("INSERT INTO counted VALUES (?, ?)", [(run.id, 1 << age) for age, run in enumerate(runs)])


def _odd(connection: sqlite3.Connection, window: Sequence[Recorded]) -> dict[int, Odd]:
    """Return the results that are no plain passes; nearly all are, so that this is the short part."""
    _use_window(connection, window)
    rows = connection.execute(
        "SELECT test, sum(bit),"
        f" sum(CASE WHEN outcome IN ({_BAD}) THEN bit ELSE 0 END),"
        f" sum(CASE WHEN outcome IN ({_GREEN}) THEN bit ELSE 0 END),"
        " sum(CASE WHEN flip THEN bit ELSE 0 END),"
        " max(CASE WHEN bit = 1 THEN outcome END)"
        " FROM results CROSS JOIN counted USING (run)"
        f" WHERE outcome <> {_PASSED} OR flip GROUP BY test"
    )
    return {
        test: Odd(runs, bad, green, flips, None if newest is None else outcome_of(newest))
        for test, runs, bad, green, flips, newest in rows
    }


def same_commit_of(window: Sequence[Recorded]) -> list[int]:
    """Return the runs of each commit that has several, as bits."""
    commits: dict[str, int] = {}
    for age, run in enumerate(window):
        if run.sha:
            commits[run.sha] = commits.get(run.sha, 0) | 1 << age
    return [bits for bits in commits.values() if bits.bit_count() > 1]


def _plain_test(runs: int, *, p50_s: float | None, green_keys: tuple[str, ...]) -> PastTest:
    """Return a test that passed in all of its runs."""
    outcome = Outcome.PASSED if runs & 1 else None
    count = runs.bit_count()
    return PastTest(outcome=outcome, p50_s=p50_s, runs=count, green_runs=count, green_keys=green_keys)


def odd_test(
    runs: int,
    odd: Odd,
    window: Sequence[Recorded],
    same_commit: Sequence[int],
    *,
    p50_s: float | None,
    green_keys: tuple[str, ...] = (),
) -> PastTest:
    """Return what a test's results, `runs` and `odd`, say; `same_commit` as of the function of that name."""
    green = runs & ~odd.runs | odd.green
    flaky = odd.flips
    for commit in same_commit:
        flaky |= odd.bad & commit if green & commit else 0
    red = odd.bad & _before(green)
    return PastTest(
        outcome=odd.outcome if odd.runs & 1 else Outcome.PASSED if runs & 1 else None,
        p50_s=p50_s,
        runs=(green | odd.bad).bit_count(),
        flaky_runs=flaky.bit_count(),
        red_runs=red.bit_count(),
        red_since=window[red.bit_length() - 1].sha if red else "",
        green_runs=(green & _before(odd.bad | odd.flips)).bit_count(),
        green_keys=green_keys,
    )


def outcome_of(number: object) -> Outcome:
    """Return the outcome behind a number in the file; DamagedError when there is none."""
    if not isinstance(number, int) or not 0 <= number < len(OUTCOMES):
        raise DamagedError(f"the history has an outcome {number!r}, which is none", hint=ANEW)
    return OUTCOMES[number]


def seconds_of(ms: object) -> float:
    """Return the seconds behind milliseconds in the file; DamagedError when they are none."""
    if not isinstance(ms, int) or not 0 <= ms <= MOST_MS:
        raise DamagedError(f"the history has milliseconds {str(ms)[:40]!r}, which are none", hint=ANEW)
    return ms / 1000


def _before(bits: int) -> int:
    """Return the bits below the lowest one: the runs newer than all of these."""
    return (bits & -bits) - 1 if bits else -1


def _green_keys(connection: sqlite3.Connection, *, sha: str, key: str) -> dict[int, tuple[str, ...]]:
    """Return the other keys under which each test passed at this commit, on any branch, sorted."""
    others = [run for run in all_runs(connection) if sha and run.sha == plain(sha) and run.key != plain(key)]
    found: dict[int, tuple[str, ...]] = {}
    for name in sorted({run.key for run in others}):
        _use_window(connection, [run for run in others if run.key == name][:WINDOW])
        rows = connection.execute(
            f"SELECT DISTINCT test FROM results CROSS JOIN counted USING (run) WHERE outcome IN ({_GREEN})"
        )
        for (test,) in rows.fetchall():
            found[test] = (*found.get(test, ()), name)
    return found

"""What people ask of history: how a suite is doing, and how one test has been."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from ci_tools.history.database import opened, to_bytes, transaction
from ci_tools.history.past import (
    RECENT,
    WINDOW,
    Odd,
    Recorded,
    all_runs,
    base_of,
    odd_test,
    outcome_of,
    runs_and_medians,
    runs_of,
    same_commit_of,
    seconds_of,
    tests_of,
    window_of,
)
from ci_tools.model.errors import CiToolsError
from ci_tools.model.rates import interval
from ci_tools.model.run import Outcome
from ci_tools.model.verdict import PastTest, Slower
from ci_tools.model.words import count, some

NEWEST = 5  # runs that are "now" in a trend; "before" are the 20 before them
SLOWER_TIMES, SLOWER_S = 1.5, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How the tests of a key are doing on a branch. `runs` newest first, all lists worst first.

    `others` are the other keys and branches in the file, with their runs.
    """

    key: str
    branch: str
    runs: tuple[Recorded, ...]
    others: tuple[tuple[str, str, int], ...]
    red: tuple[tuple[str, PastTest], ...]
    flaky: tuple[tuple[str, PastTest], ...]
    slowest: tuple[tuple[str, PastTest], ...]
    slower: tuple[Slower, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A test in one run."""

    run: Recorded
    outcome: Outcome
    seconds: float
    is_flip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One test. `points` newest first; the medians are None without a pass; `past`'s streaks go back over all runs."""

    nodeid: str
    key: str
    branch: str
    past: PastTest
    now_s: float | None
    before_s: float | None
    points: tuple[Point, ...]


def overview(path: Path, *, key: str | None = None, branch: str | None = None) -> Overview:
    """Return how a key is doing on a branch, of the newest run where they aren't given; CiToolsError without runs."""
    with opened(path) as connection, transaction(connection, write=False):
        runs, others = _chosen(connection, path, key, branch)
        window = window_of(runs)
        tests = tests_of(connection, window)
        here = [(nodeid, past) for nodeid, past in tests.items() if past.outcome]
        return Overview(
            key=runs[0].key,
            branch=runs[0].branch,
            runs=tuple(runs),
            others=others,
            red=_ranked((item for item in here if _is_red(item[1])), lambda past: past.red_runs),
            flaky=_ranked((item for item in tests.items() if item[1].flaky_runs), _flakiness),
            slowest=_ranked((item for item in here if item[1].p50_s is not None), lambda past: past.p50_s or 0.0),
            slower=_slower(connection, window),
        )


def story(path: Path, text: str, *, key: str | None = None, branch: str | None = None) -> Story:
    """Return how one test, named by its node id or by a part that no other one has, did in each run.

    CiToolsError without runs, for a test that none of them had, and for a part of several.
    """
    with opened(path) as connection, transaction(connection, write=False):
        runs, _ = _chosen(connection, path, key, branch)
        test, nodeid = _found(connection, path, text)
        rows = connection.execute("SELECT run, outcome, ms, flip FROM results WHERE test = ?", (test,)).fetchall()
    by_id = {run.id: run for run in runs}
    points = [
        Point(run=by_id[run], outcome=outcome_of(outcome), seconds=seconds_of(ms), is_flip=bool(flip))
        for run, outcome, ms, flip in rows
        if run in by_id
    ]
    if not points:
        where = f"key {runs[0].key!r} on branch {runs[0].branch!r}"
        raise CiToolsError(f"{path}: {nodeid!r} was in no run of {where}", hint="say another --key or --branch")
    places = {run.id: place for place, run in enumerate(runs)}
    points.sort(key=lambda point: places[point.run.id])
    return _story(nodeid, runs, points)


def _story(nodeid: str, runs: Sequence[Recorded], points: Sequence[Point]) -> Story:
    window = window_of(runs)
    ages = {run.id: age for age, run in enumerate(window)}
    passes = [(ages.get(p.run.id, WINDOW), p.seconds) for p in points if p.outcome is Outcome.PASSED]

    def median_s(first: int, last: int) -> float | None:
        values_s = [seconds for age, seconds in passes if first <= age < last]
        return median(values_s) if values_s else None

    past = _past(window, points, p50_s=median_s(0, RECENT))
    ever = _past(runs[runs.index(window[0]) :], points, p50_s=None)  # a streak may have begun before the window
    return Story(
        nodeid=nodeid,
        key=points[0].run.key,
        branch=points[0].run.branch,
        past=replace(past, red_runs=ever.red_runs, red_since=ever.red_since, green_runs=ever.green_runs),
        now_s=median_s(0, NEWEST),
        before_s=median_s(NEWEST, NEWEST + RECENT),
        points=tuple(points),
    )


def _past(runs: Sequence[Recorded], points: Sequence[Point], *, p50_s: float | None) -> PastTest:
    """Return what the points in these runs, the newest of which is the base if it is complete, say."""
    ages = {run.id: age for age, run in enumerate(runs)}
    seen = [(ages[point.run.id], point) for point in points if point.run.id in ages]

    def bits(*outcomes: Outcome) -> int:
        return sum(1 << age for age, point in seen if point.outcome in outcomes)

    odd = Odd(
        runs=sum(1 << age for age, _ in seen),
        bad=bits(*(outcome for outcome in Outcome if outcome.is_bad)),
        green=bits(Outcome.PASSED, Outcome.XPASSED),
        flips=sum(1 << age for age, point in seen if point.is_flip),
        outcome=next((point.outcome for age, point in seen if age == 0 and base_of(runs)), None),
    )
    return odd_test(odd.runs, odd, runs, same_commit_of(runs), p50_s=p50_s)


def _chosen(
    connection: sqlite3.Connection, path: Path, key: str | None, branch: str | None
) -> tuple[list[Recorded], tuple[tuple[str, str, int], ...]]:
    """Return the runs of the key and branch that are meant, and what else there is."""
    places = Counter((run.key, run.branch) for run in all_runs(connection))
    meant = next((p for p in places if (key is None or p[0] == key) and (branch is None or p[1] == branch)), None)
    if meant is None:
        known = some([f"{key} on {branch}" for key, branch in places])
        raise CiToolsError(
            f"{path}: no recorded run{'' if key is None else f' of key {key!r}'}"
            f"{'' if branch is None else f' on branch {branch!r}'}",
            hint=f"recorded are {known}" if places else "`ci-tools merge --history` records runs in it",
        )
    return runs_of(connection, *meant), tuple((*place, n) for place, n in places.items() if place != meant)


def _found(connection: sqlite3.Connection, path: Path, text: str) -> tuple[int, str]:
    """Return the test that is meant: the one of this very node id, else the only one with it in its own."""
    exact = "SELECT id, nodeid FROM tests WHERE nodeid = CAST(? AS TEXT)"
    partly = "SELECT id, nodeid FROM tests WHERE instr(nodeid, CAST(? AS TEXT)) ORDER BY nodeid"
    found = connection.execute(exact, (to_bytes(text),)).fetchall()
    found = found or connection.execute(partly, (to_bytes(text),)).fetchall()
    if not found:
        raise CiToolsError(f"{path}: no recorded test has {text!r} in its node id", hint="give a part of a node id")
    if len(found) > 1:
        raise CiToolsError(
            f"{path}: {text!r} is in the node ids of {count(len(found), 'recorded test')}: "
            f"{some([nodeid for _, nodeid in found], 10)}",
            hint="give more of the one you mean",
        )
    return int(found[0][0]), str(found[0][1])


def _ranked(
    tests: Iterable[tuple[str, PastTest]], rank: Callable[[PastTest], float]
) -> tuple[tuple[str, PastTest], ...]:
    return tuple(sorted(tests, key=lambda item: (-rank(item[1]), item[0])))


def _is_red(past: PastTest) -> bool:
    return past.outcome is not None and past.outcome.is_bad


def _flakiness(past: PastTest) -> float:
    """Return what is proved of its rate: 1 of 1 says less than 20 of 40."""
    return interval(past.flaky_runs, past.runs)[0]


def _slower(connection: sqlite3.Connection, window: Sequence[Recorded]) -> tuple[Slower, ...]:
    now, before = (
        runs_and_medians(connection, window[first:last], recent=RECENT)
        for first, last in ((0, NEWEST), (NEWEST, NEWEST + RECENT))
    )
    nodeids = dict(connection.execute("SELECT id, nodeid FROM tests").fetchall())
    found = []
    for test, (_, now_s) in now.items():
        _, before_s = before.get(test, (0, None))
        if test in nodeids and now_s is not None and before_s is not None and _is_slower(before_s, now_s):
            found.append(Slower(nodeid=nodeids[test], before_s=before_s, now_s=now_s))
    return tuple(sorted(found, key=lambda slower: (slower.before_s - slower.now_s, slower.nodeid)))


def _is_slower(before_s: float, now_s: float) -> bool:
    return now_s >= SLOWER_TIMES * before_s and now_s - before_s >= SLOWER_S

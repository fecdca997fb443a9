"""How much faster a suite is in parallel, in total and by category, as its runs measured it.

The wall of a parallel run is shared out among its tests: while three of them run at the same instant, each
takes a third of it. So the times of all categories add up to the time in which any test ran, and a test that
keeps the others waiting has its whole time counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from statistics import median

from ci_tools.model.nodeid import file_of
from ci_tools.model.run import Attempt
from ci_tools.trial.result import Result

# Of less than this in both arms a factor would be noise: a clock's, a garbage collection's.
SHORTEST_S = 0.2
HERE = "(root)"
ALL = "(all)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds of several runs: their median, least and most."""

    median_s: float
    least_s: float
    most_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """Tests with a mark, or of a directory, and what they took of the wall: medians of the runs.

    `in_tests` is how many times as long its tests themselves take in parallel; of what is too short to
    tell, it and `speedup` are None.
    """

    name: str
    n_tests: int
    serial_s: float
    parallel_s: float
    in_tests: float | None

    @property
    def speedup(self) -> float | None:
        return self.serial_s / self.parallel_s if self.parallel_s and not self.is_short else None

    @property
    def is_short(self) -> bool:
        return max(self.serial_s, self.parallel_s) < SHORTEST_S

    @property
    def is_slower(self) -> bool:
        return self.speedup is not None and round(self.speedup, 2) < 1  # what is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Longest:
    """What no number of workers makes faster under this --dist: the median of its time in parallel."""

    name: str
    parallel_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Of runs that ran all their tests. `busy` is the share of the workers' time in which they ran tests."""

    serial: Measured
    parallel: Measured
    total: Category
    directories: tuple[Category, ...]
    marks: tuple[Category, ...]
    longest_test: Longest
    longest_file: Longest
    workers: int
    busy: float

    @property
    def speedup(self) -> float:
        return self.serial.median_s / self.parallel.median_s

    @property
    def without_tests_s(self) -> tuple[float, float]:
        """How long no test runs: of the serial wall, of the parallel one."""
        serial_s = self.serial.median_s - self.total.serial_s
        return max(0.0, serial_s), max(0.0, self.parallel.median_s - self.total.parallel_s)

    @property
    def speedup_range(self) -> tuple[float, float]:
        """The least and the most that any two of the runs would have shown."""
        return self.serial.least_s / self.parallel.most_s, self.serial.most_s / self.parallel.least_s


def speed_of(
    serial: Sequence[Result], parallel: Sequence[Result], *, marks: Mapping[str, Sequence[str]]
) -> Speed | None:
    """Return what the runs measured; `marks` has the node ids of each. None when an arm has no run to measure."""
    serial, parallel = _measurable(serial), _measurable(parallel)
    if not serial or not parallel:
        return None
    tests = dict.fromkeys(t for r in (*serial, *parallel) for t, a in r.attempts.items() if a.phase != "collect")
    shares = [shares_of_wall(result.attempts) for result in parallel]
    arms = (serial, parallel, shares)
    workers = max(result.workers for result in parallel)
    walls = sum(result.wall_s for result in parallel)
    busy_s = sum(_total_s(result, tests) for result in parallel)
    return Speed(
        serial=_measured(serial),
        parallel=_measured(parallel),
        total=_category(ALL, list(tests), *arms),
        directories=_categories(_by_directory(tests), *arms),
        marks=_categories({mark: [t for t in of_mark if t in tests] for mark, of_mark in marks.items()}, *arms),
        longest_test=_longest({nodeid: [nodeid] for nodeid in tests}, parallel),
        longest_file=_longest(_by_file(tests), parallel),
        workers=workers,
        busy=min(1.0, busy_s / (workers * walls)) if workers else 0.0,
    )


def _measurable(results: Sequence[Result]) -> list[Result]:
    """Return the runs that ran all their tests."""
    whole = [r for r in results if not r.problem and not r.not_run and r.wall_s > 0 and r.attempts]
    return [r for r in whole if not any(a.phase == "collect" and a.outcome.is_bad for a in r.attempts.values())]


def _measured(results: Sequence[Result]) -> Measured:
    walls = [result.wall_s for result in results]
    return Measured(median_s=median(walls), least_s=min(walls), most_s=max(walls))


def shares_of_wall(attempts: Mapping[str, Attempt]) -> dict[str, float]:
    """Return each test's share of the wall, in seconds: of every instant all that run then have the same share."""
    starts = sorted((attempt.start_s, nodeid) for nodeid, attempt in attempts.items())
    ends: list[tuple[float, str]] = []
    gone_s = now_s = 0.0  # `gone_s` is what a test that has always been running would have had
    share: dict[str, float] = {}
    heapify(ends)
    for start_s, nodeid in [*starts, (float("inf"), "")]:
        while ends and ends[0][0] <= start_s:
            end_s, ended = ends[0]
            gone_s, now_s = gone_s + (end_s - now_s) / len(ends), end_s
            heappop(ends)
            share[ended] += gone_s
        if ends:
            gone_s += (start_s - now_s) / len(ends)
        now_s = start_s
        if nodeid:
            share[nodeid] = -gone_s
            heappush(ends, (start_s + attempts[nodeid].total_s, nodeid))
    return share


def _by_directory(tests: Mapping[str, None]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for nodeid in tests:
        groups.setdefault(file_of(nodeid).rpartition("/")[0] or HERE, []).append(nodeid)
    return groups


def _by_file(tests: Mapping[str, None]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for nodeid in tests:
        groups.setdefault(file_of(nodeid), []).append(nodeid)
    return groups


def _categories(
    groups: Mapping[str, Sequence[str]],
    serial: Sequence[Result],
    parallel: Sequence[Result],
    shares: Sequence[Mapping[str, float]],
) -> tuple[Category, ...]:
    """Return the categories that have tests, those that take longest in front."""
    found = [_category(name, tests, serial, parallel, shares) for name, tests in groups.items() if tests]
    return tuple(sorted(found, key=lambda category: (-category.serial_s, category.name)))


def _category(
    name: str,
    tests: Sequence[str],
    serial: Sequence[Result],
    parallel: Sequence[Result],
    shares: Sequence[Mapping[str, float]],
) -> Category:
    serial_s = median(_total_s(result, tests) for result in serial)
    in_tests_s = median(_total_s(result, tests) for result in parallel)
    return Category(
        name=name,
        n_tests=len(tests),
        serial_s=serial_s,
        parallel_s=median(sum(share.get(nodeid, 0.0) for nodeid in tests) for share in shares),
        in_tests=in_tests_s / serial_s if serial_s and max(serial_s, in_tests_s) >= SHORTEST_S else None,
    )


def _total_s(result: Result, tests: Sequence[str] | Mapping[str, None]) -> float:
    return sum(result.attempts[nodeid].total_s for nodeid in tests if nodeid in result.attempts)


def _longest(groups: Mapping[str, Sequence[str]], parallel: Sequence[Result]) -> Longest:
    times = {name: median(_total_s(result, tests) for result in parallel) for name, tests in groups.items()}
    name = max(times, key=lambda name: (times[name], name))
    return Longest(name=name, parallel_s=times[name])

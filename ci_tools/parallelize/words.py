"""What every report on serial and parallel runs says, in the same words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from ci_tools.model.rates import percent, rate_text, upper_bound
from ci_tools.model.words import count, duration
from ci_tools.parallelize.compare import Difference, Hang, Kind, Tally
from ci_tools.parallelize.gates import State
from ci_tools.parallelize.go import Answer, Page
from ci_tools.parallelize.speed import Category, Measured, Speed
from ci_tools.report.reproduce import is_pasteable

TITLES = {
    Kind.UNCOLLECTED: ("Not collected", "in one of the two arms, or in some runs"),
    Kind.LOST: ("Lost", "a run had them, and no result of them"),
    Kind.PARALLEL: ("Parallel-only", "fail in parallel runs, in no serial one"),
    Kind.SERIAL: ("Serial-only", "fail in every serial run, in no parallel one"),
    Kind.BOTH: ("Fails in both", "in every run: not about parallel"),
    Kind.FLAKY: ("Flaky", "fail in some serial runs, or in some of both"),
    Kind.SKIPPED: ("Skipped differently", "in every run of one arm, in none of the other"),
}
_FRAME = re.compile(r'\s+File "')
_OF_RUNNER = re.compile(r'File "(?:[^"]*/(?:_pytest|pluggy|xdist|execnet|ci_tools)/|<string>")')
CATEGORY_HEADER = ("", "tests", "serial", "parallel", "", "in tests")


def headline(page: Page) -> str:
    """Return the answer and why, on one line; of a run that wasn't judged there is hostile text in it."""
    if page.answer is Answer.NO_GO:
        n_failed = sum(gate.state is State.FAILED for gate in page.gates)
        return f"no-go: {n_failed:,} of {count(len(page.gates), 'gate')} failed"
    if page.answer is Answer.UNJUDGED or page.speed is None:
        return f"{page.answer.value}: {'; '.join(page.reasons)}"
    alike = count(page.comparison.n_tests, "test")
    return f"go: {times(page.speed.speedup)} as fast with {count(page.speed.workers, 'worker')}, {alike} compared"


def times(factor: float | None) -> str:
    """Return `1.92×`, of nothing measured `–`."""
    return "–" if factor is None else f"{factor:.2f}×"


def facts(page: Page) -> Iterator[tuple[str, str]]:
    """Yield what was run, what it took, and how sure that is: words of ours, and a name or "" behind them."""
    serial, parallel = page.of("serial"), page.of("parallel")
    n_cpus, limit = page.cpus
    runs = f"{count(len(serial), 'serial run')} and {len(parallel):,} in parallel"
    yield f"{runs} of {count(page.comparison.n_tests, 'test')}:", shlex.join(page.command)
    workers = count(max(run.workers for run in parallel), "worker")
    yield f"in parallel: {workers}, --dist {page.dist}, on {count(n_cpus, 'CPU')} ({limit})", ""
    if page.speed:
        yield from _of_speed(page.speed)
    n_whole = sum(1 for run in parallel if not run.problem)
    if n_whole:
        unseen = f"what is in none of them may be in up to {percent(upper_bound(n_whole))} of all"
        yield f"{count(n_whole, 'parallel run')} can't show more: {unseen}; `ci-tools stability` makes many", ""


def _of_speed(speed: Speed) -> Iterator[tuple[str, str]]:
    least, most = speed.speedup_range
    factor = f"{times(speed.speedup)} ({times(least)} to {times(most)})"
    yield f"wall: {_measured(speed.serial)} serially, {_measured(speed.parallel)} in parallel: {factor}", ""
    none = " and ".join(map(duration, speed.without_tests_s))
    yield f"no test runs for {none} of these: starting, collecting, ending", ""
    if speed.workers:
        yield f"workers ran tests in {percent(speed.busy)} of their time", ""
    if speed.total.in_tests:
        yield f"the tests themselves took {times(speed.total.in_tests)} their serial time", ""
    yield f"the longest file takes {duration(speed.longest_file.parallel_s)} in parallel:", speed.longest_file.name
    yield f"the longest test takes {duration(speed.longest_test.parallel_s)} in parallel:", speed.longest_test.name


def _measured(measured: Measured) -> str:
    if measured.least_s == measured.most_s:
        return duration(measured.median_s)
    return f"{duration(measured.median_s)} ({duration(measured.least_s)} to {duration(measured.most_s)})"


def rates(difference: Difference) -> str:
    """Return how often it happened in each arm."""
    kind, one, other = difference.kind, difference.serial, difference.parallel
    if kind is Kind.UNCOLLECTED or difference.n_tests:
        arms = ("serially", "serial run", one), ("in parallel", "parallel run", other)
        where = " and ".join(_where(*arm) for arm in arms if arm[2].missing)
        return f"not collected {where}" + (f", {count(difference.n_tests, 'test')}" if difference.n_tests else "")
    if kind is Kind.LOST:
        return _both("without a result in", one, other, (one.lost, one.runs), (other.lost, other.runs))
    if kind is Kind.SKIPPED:
        return _both("skipped in", one, other, (one.skipped, one.reported), (other.skipped, other.reported))
    return _both("fails in", one, other, (one.bad, one.reported), (other.bad, other.reported))


def _where(adverb: str, noun: str, tally: Tally) -> str:
    n_runs = tally.runs + tally.missing
    return f"in {tally.missing:,} of {count(n_runs, noun)}" if tally.runs else adverb


def _both(what: str, one: Tally, other: Tally, serial: tuple[int, int], parallel: tuple[int, int]) -> str:
    return f"{what} {rate_text(*parallel, noun='parallel run')}, {rate_text(*serial, noun='serial run')}"


def hang_words(hang: Hang) -> tuple[str, str, str]:
    """Return the test that did not end, "" for a run; what is said of it; and in which runs."""
    missing = f"; {count(len(hang.unreported), 'test')} without a result" if hang.unreported else ""
    runs = f"{hang.arm} {'run' if len(hang.runs) == 1 else 'runs'} {', '.join(map(str, hang.runs))}"
    return hang.nodeid, hang.what, f"{runs}{missing}"


def own_frames(stacks: str) -> str:
    """Return the stacks of threads without the frames of pytest, and without threads that have no others."""
    threads = (thread.splitlines() for thread in stacks.split("\n\n"))
    kept = ([line for line in thread if not _OF_RUNNER.search(line)] for thread in threads)
    return "\n\n".join("\n".join(lines) for lines in kept if any(map(_FRAME.match, lines))) or stacks


def next_step(difference: Difference, page: Page) -> str:
    """Return the command that finds out which tests make one fail, "" when there is none to paste."""
    is_wanted = difference.kind in (Kind.PARALLEL, Kind.SERIAL, Kind.FLAKY)
    if not is_wanted or not is_pasteable(difference.nodeid):
        return ""
    return shlex.join(("ci-tools", "bisect", difference.nodeid, "--from", page.out, "--", *page.command))


def category_row(category: Category) -> tuple[str, ...]:
    """Return a row below `CATEGORY_HEADER`; a slowdown says so."""
    return (
        category.name,
        f"{category.n_tests:,}",
        duration(category.serial_s),
        duration(category.parallel_s),
        times(category.speedup) + (" slower" if category.is_slower else ""),
        times(category.in_tests),
    )

"""History as text for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from ci_tools.history.look import NEWEST, SLOWER_S, SLOWER_TIMES, Overview, Point, Story
from ci_tools.history.past import RECENT, WINDOW, Recorded
from ci_tools.model.rates import rate_text
from ci_tools.model.verdict import PastTest
from ci_tools.model.words import count, duration
from ci_tools.report.terminal import shown

WIDTH = 400  # a node id isn't broken into lines, so that it can be copied
BARS = "▁▂▃▄▅▆▇█"


def overview_text(seen: Overview, limit: int) -> str:
    """Return the runs in a few lines, then what is red, flaky, slow and slower, `limit` rows each."""
    return "\n".join(_overview_lines(seen, limit)) + "\n"


def story_text(told: Story, limit: int) -> str:
    """Return how one test has been, then its newest `limit` results."""
    return "\n".join(_story_lines(told, limit)) + "\n"


def _overview_lines(seen: Overview, limit: int) -> Iterator[str]:
    newest = seen.runs[0]
    yield f"{_place(seen.key, seen.branch)}: {count(len(seen.runs), 'recorded run')}"
    yield f"newest: {_run(newest)}, {count(newest.tests, 'test')}{'' if newest.complete else ', incomplete'}"
    others = [f"{_place(key, branch)} ({runs:,})" for key, branch, runs in seen.others]
    if others:
        more = f" and {len(others) - 5:,} more" if len(others) > 5 else ""
        yield f"also recorded: {', '.join(others[:5])}{more}"
    red = [(_commit(past.red_since), f"{past.red_runs:,}", nodeid) for nodeid, past in seen.red]
    yield from _section(f"RED ({len(red):,})", ("since", "runs", "test"), red, limit, "no test is red")
    flaky = [(rate_text(past.flaky_runs, past.runs), nodeid) for nodeid, past in seen.flaky]
    yield from _section(
        f"FLAKY ({len(flaky):,})",
        ("failed and passed on one commit", "test"),
        flaky,
        limit,
        f"no test was flaky in the last {WINDOW} runs",
    )
    slowest = [(_seconds(past.p50_s), nodeid) for nodeid, past in seen.slowest[:limit]]
    yield from _section("SLOWEST", ("median", "test"), slowest, limit, "no test has passed yet")
    slower = [(_seconds(test.before_s), _seconds(test.now_s), test.nodeid) for test in seen.slower]
    none = f"no test got {SLOWER_TIMES} times and {SLOWER_S} s slower in the last {NEWEST} runs"
    yield from _section(f"SLOWER ({len(slower):,})", ("before", f"last {NEWEST}", "test"), slower, limit, none)


def _story_lines(told: Story, limit: int) -> Iterator[str]:
    past = told.past
    yield shown(told.nodeid, WIDTH)
    yield f"{_place(told.key, told.branch)}: {count(len(told.points), 'recorded run')}"
    yield f"flaky: {rate_text(past.flaky_runs, past.runs)}"
    yield f"now: {_streak(past)}"
    if past.p50_s is not None:
        yield f"seconds: {_trend(told)}"
    bars = _bars([point for point in told.points if point.outcome.value == "passed"][:WINDOW])
    if bars:
        yield f"passes, oldest first: {bars}"
    rows = [
        (
            _when(point.run.at_s),
            _commit(point.run.sha),
            shown(point.run.branch, 40),
            point.outcome.value + (" after a failure" if point.is_flip else ""),
            _seconds(point.seconds),
        )
        for point in told.points
    ]
    yield from _section(
        f"RESULTS ({len(rows):,})", ("when (UTC)", "commit", "branch", "outcome", "seconds"), rows, limit, ""
    )


def _streak(past: PastTest) -> str:
    if past.red_runs:
        return f"red for {count(past.red_runs, 'run')}, since {_commit(past.red_since)}"
    if past.green_runs:
        return f"green for {count(past.green_runs, 'run')}"
    return "neither red nor green" if not past.flaky_runs else "green after a failure in the same run"


def _trend(told: Story) -> str:
    median = f"median {_seconds(told.past.p50_s)} of the last {RECENT} runs"
    if told.now_s is None or told.before_s is None:
        return median
    return f"{median}; {_seconds(told.now_s)} in the last {NEWEST}, {_seconds(told.before_s)} in the {RECENT} before"


def _bars(points: Sequence[Point]) -> str:
    """Return a bar per pass from 0 to the longest."""
    most_s = max((point.seconds for point in points), default=0.0)
    if len(points) < 2 or not most_s:
        return ""
    heights = [round(point.seconds / most_s * (len(BARS) - 1)) for point in reversed(points)]
    return f"{''.join(BARS[height] for height in heights)} up to {_seconds(most_s)}"


def _section(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], limit: int, none: str) -> Iterator[str]:
    yield ""
    if not rows:
        yield none
        return
    yield title
    yield from _table(header, rows[:limit])
    if len(rows) > limit:
        yield f"  and {len(rows) - limit:,} more: --limit {len(rows)}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in header:
        table.add_column(title, justify="right" if title in _NUMBERS else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(shown(cell, WIDTH // 2)) for cell in row))  # no markup in a node id's brackets
    stream = io.StringIO()
    Console(file=stream, width=WIDTH, force_terminal=False, color_system=None).print(table)
    return [f"  {line.rstrip()}" for line in stream.getvalue().splitlines()]


_NUMBERS = ("runs", "median", "before", f"last {NEWEST}", "seconds")


def _place(key: str, branch: str) -> str:
    return f"{shown(key, 60)} on {shown(branch, 60) or 'no branch'}"


def _run(run: Recorded) -> str:
    return f"{_commit(run.sha)} of {_when(run.at_s)} UTC"


def _commit(sha: str) -> str:
    return shown(sha[:7]) or "an unknown commit"


def _when(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%d %H:%M")


def _seconds(seconds: float | None) -> str:
    """Return a test's seconds: most are well below one."""
    if seconds is None:
        return "-"
    return f"{seconds:.3f} s" if seconds < 9.9995 else duration(seconds)

"""Which runs are forgotten."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.history.prune import IDLE_S, Kept, forgotten

runs = st.lists(
    st.builds(
        Kept,
        id=st.integers(1, 10**6),
        key=st.sampled_from("kl"),
        branch=st.sampled_from(["main", "dev"]),
        at_s=st.integers(0, 200).map(lambda day: day * 86_400.0),
        tests=st.integers(0, 30),
    ),
    unique_by=lambda run: run.id,
    max_size=40,
)


def kept(id: int, day: float, *, branch: str = "main", tests: int = 10) -> Kept:
    return Kept(id=id, key="tests", branch=branch, at_s=day * 86_400, tests=tests)


@pytest.mark.parametrize(
    ("given_runs", "gone"),
    [
        ([], []),
        ([kept(1, 1), kept(2, 2), kept(3, 3), kept(4, 4), kept(5, 5)], [1]),
        ([kept(5, 1), kept(4, 2), kept(3, 3), kept(2, 4), kept(1, 5)], [5]),
        ([kept(1, 1), kept(2, 1), kept(3, 1), kept(4, 1), kept(5, 1)], [1]),
        ([kept(1, 1), kept(2, 2, tests=99), kept(3, 3, tests=99)], [1]),
        ([kept(1, 1), kept(2, 2, tests=45), kept(3, 3, tests=45)], []),
        ([kept(1, 1, branch="old"), kept(2, 91)], []),
        ([kept(1, 1, branch="old"), kept(2, 91.1)], [1]),
    ],
    ids=[
        "none",
        "too many of one branch",
        "by time, not by number",
        "at one time the first recorded",
        "too many results, but two stay",
        "just as many results as there may be",
        "90 days",
        "idle",
    ],
)
def test_the_oldest_go(given_runs: list[Kept], gone: list[int]) -> None:
    assert forgotten(given_runs, most_runs=4, least_runs=2, most_results=100) == gone


@given(runs)
def test_what_stays_is_within_the_bounds_and_is_the_newest(runs: list[Kept]) -> None:
    gone = forgotten(runs, most_runs=8, least_runs=3, most_results=100)
    stay = [run for run in runs if run.id not in gone]
    newest_s = max((run.at_s for run in runs), default=0.0)
    counts = []
    for where, group in groupby(sorted(runs, key=_place), key=_place):
        newest_first = sorted(group, key=lambda run: (-run.at_s, -run.id))
        here = [run for run in newest_first if run in stay]
        assert here == newest_first[: len(here)], where
        assert len(here) <= 8
        if newest_first[0].at_s >= newest_s - IDLE_S:
            assert len(here) >= min(3, len(newest_first))
        else:
            assert here == []
        counts.append(len(here))
    assert sum(run.tests for run in stay) <= 100 or max(counts) <= 3
    assert forgotten(stay, most_runs=8, least_runs=3, most_results=100) == []


def _place(run: Kept) -> tuple[str, str]:
    return run.key, run.branch

"""A sample of the random suites for every `make test`; `make torture` runs five hundred."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import pytest

from .judge import judge
from .kinds import Kind
from .runs import in_threads, run_options, run_ours
from .suites import random_suite

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds its processes in /proc")

FIRST_SEED, N_SUITES, N_GROUPS = 1000, 8, 4
MAX_HANGING = 2  # of the suites: each waits for the watchdog
JOBS = 2  # the suites sleep more than they compute


def sample() -> list[int]:
    """Return the first seeds, without those that would make too many hanging suites."""
    seeds, n_hanging = [], 0
    for seed in count(FIRST_SEED):
        n_hanging += random_suite(seed).hangs
        if not random_suite(seed).hangs or n_hanging <= MAX_HANGING:
            seeds.append(seed)
        if len(seeds) == N_SUITES:
            break
    return seeds


@pytest.fixture(scope="module")
def options() -> tuple[str, ...]:
    return run_options()


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_suites_whose_workers_die_are_reported_as_they_ran(
    group: int, options: tuple[str, ...], tmp_path: Path
) -> None:
    wrong = {}

    def one(seed: int) -> None:
        suite = random_suite(seed)
        verdict = judge(suite, *run_ours(suite, tmp_path / str(seed), options))
        if not verdict.right:
            wrong[f"python -m tests.torture --only-seed {seed}"] = verdict.defects

    in_threads(one, sample()[group::N_GROUPS], JOBS)
    assert wrong == {}


def test_a_seed_gives_the_same_suite_and_all_kinds_come_up() -> None:
    suites = [random_suite(seed) for seed in range(300)]
    assert suites == [random_suite(seed) for seed in range(300)]
    seen = {case.kind for suite in suites for case in suite.cases}
    assert seen == set(Kind)
    assert {suite.workers for suite in suites} == {1, 2, 3, 4}
    assert {suite.max_worker_restart for suite in suites} == {None, 50}
    for sign in ("die_while_collecting", "broken_module", "@pytest.mark.serial", "@pytest.mark.no_parallel"):
        assert any(sign in text for suite in suites for name, text in suite.files if name.startswith("test_")), sign
    assert any(suite.maxfail for suite in suites) and any(suite.reruns for suite in suites)

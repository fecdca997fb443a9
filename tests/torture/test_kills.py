"""A sample of the kills for every `make test`; `make torture` makes two hundred."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .kill_model import check
from .kills import one_kill
from .runs import in_threads

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds its processes in /proc")

FIRST_KILL, N_KILLS, N_KILL_GROUPS = 1000, 10, 5
JOBS = 2  # the suites sleep more than they compute


@pytest.mark.parametrize("group", range(N_KILL_GROUPS))
def test_a_run_that_is_killed_says_what_ran_and_what_did_not(group: int, tmp_path: Path) -> None:
    wrong = {}

    def one(seed: int) -> None:
        suite, victim, truth, left = one_kill(seed, tmp_path / str(seed))
        if lines := check(suite, truth, left, victim):
            wrong[f"python -m tests.torture.kills --only-seed {seed}"] = lines

    in_threads(one, range(FIRST_KILL + group, FIRST_KILL + N_KILLS, N_KILL_GROUPS), JOBS)
    assert wrong == {}

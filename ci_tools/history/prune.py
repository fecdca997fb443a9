"""Which recorded runs are forgotten, so that the file stays small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_RUNS = 200  # of a key and branch
LEAST_RUNS = 10
MOST_RESULTS = 4_000_000  # some 60 MB
IDLE_S = 90 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A recorded run, as far as pruning is concerned."""

    id: int
    key: str
    branch: str
    at_s: float
    tests: int


def forgotten(
    runs: Sequence[Kept], *, most_runs: int = MOST_RUNS, least_runs: int = LEAST_RUNS, most_results: int = MOST_RESULTS
) -> list[int]:
    """Return the ids of those that go, oldest first.

    Of each key and branch the `most_runs` newest may stay. What had no run in the 90 days before
    the newest one goes as a whole: a branch that was merged, a key that was renamed. While there
    are more than `most_results` results, the oldest run goes, but for the `least_runs` newest ones
    of its key and branch.
    """
    newest_first = sorted(runs, key=lambda run: (-run.at_s, -run.id))
    ages: dict[int, int] = {}
    groups: dict[tuple[str, str], list[Kept]] = {}
    for run in newest_first:
        group = groups.setdefault((run.key, run.branch), [])
        ages[run.id] = len(group)
        group.append(run)
    idle = {where for where, group in groups.items() if group[0].at_s < newest_first[0].at_s - IDLE_S}
    gone = {run.id for run in runs if (run.key, run.branch) in idle or ages[run.id] >= most_runs}
    results = sum(run.tests for run in runs if run.id not in gone)
    for run in reversed(newest_first):
        if results > most_results and run.id not in gone and ages[run.id] >= least_runs:
            gone.add(run.id)
            results -= run.tests
    return [run.id for run in reversed(newest_first) if run.id in gone]

"""Watch a suite in several runs, then replay the pairs of tests that meet: what the command does, in order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ci_tools.audit.dynamic.conflicts import Conflict, conflicts_in
from ci_tools.audit.dynamic.deeds import Seen, seen_in
from ci_tools.audit.dynamic.leaks import Leak, leaks_in
from ci_tools.audit.dynamic.replays import Outcome, Pair, Ran, Replay, outcome_of, pairs_of, replays_of
from ci_tools.model.evidence import Evidence
from ci_tools.model.trial import Conditions, Order, Steering
from ci_tools.trial.evidence import read_evidence
from ci_tools.trial.result import Result
from ci_tools.trial.series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One run that was watched: how it was run, and how it ended.

    The tests of `not_collected` files weren't watched. `unwatched` workers ran tests and left no evidence that can be
    read.
    """

    conditions: Conditions
    n_tests: int
    failed: tuple[str, ...]
    problem: str = ""
    not_collected: tuple[str, ...] = ()
    unwatched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """All that `audit --dynamic` found. `outcomes` are of the conflicts that were replayed."""

    runs: tuple[Watched, ...]
    seen: Seen
    conflicts: tuple[Conflict, ...]
    leaks: tuple[Leak, ...]
    outcomes: tuple[Outcome, ...] = ()

    def outcome(self, conflict: Conflict) -> Outcome | None:
        """Return what replays of a conflict showed, None of one that wasn't replayed."""
        return next((one for one in self.outcomes if self.conflicts[one.pair.conflict] is conflict), None)


def watched_conditions(n_runs: int, *, workers: str, seed: int) -> tuple[Conditions, ...]:
    """Return how to run: as pytest orders the tests, then at random by seeds that follow each other.

    One order may hide what a test does: who cleans up before anybody has written deletes nothing.
    """
    random = (Conditions(workers=workers, order=Order.RANDOM, seed=seed + number) for number in range(n_runs - 1))
    return (Conditions(workers=workers), *random)


def watch(series: Series, conditions: Sequence[Conditions]) -> Study:
    """Run the suite so often, and return what was seen; raises what `Series.run` raises."""
    runs: list[Watched] = []
    evidence: list[tuple[Evidence, ...]] = []
    for number, one in enumerate(conditions, 1):
        result = series.run(f"watch-{number}", one, Steering(evidence=True))
        processes = read_evidence(result.bundle)
        evidence.append(processes)
        runs.append(watched(result, processes))
    seen = seen_in(evidence)
    return Study(runs=tuple(runs), seen=seen, conflicts=conflicts_in(seen), leaks=leaks_in(seen))


def watched(result: Result, processes: Sequence[Evidence]) -> Watched:
    """Return how a run went that left this evidence."""
    ran = {name: attempt.worker for name, attempt in result.attempts.items() if attempt.phase != "collect"}
    return Watched(
        conditions=result.conditions,
        n_tests=len(ran),
        failed=tuple(name for name in result.failed if name in ran),
        problem=result.problem or ("" if ran else "no test was run"),
        not_collected=tuple(name for name in result.failed if name not in ran),
        unwatched=tuple(sorted({*ran.values()} - {process.worker for process in processes})),
    )


def pairs_to_replay(study: Study, limit: int) -> tuple[Pair, ...]:
    """Return the pairs of the worst conflicts."""
    return pairs_of(study.conflicts, study.seen, limit)


def directory_of(pair: Pair) -> str:
    """Return the name of the directory for a pair's runs: another one for other tests or resources."""
    text = json.dumps([pair.first, pair.second, pair.resources])
    return f"pair-{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"


def replay(series: Series, pair: Pair, times: int) -> Outcome:
    """Run a pair so often beside each other and as often one after the other; raises what `Series.run` raises.

    The series is one with the pair's directory.
    """
    return outcome_of(pair, [_ran(series, one) for one in replays_of(pair, times)])


def _ran(series: Series, replay: Replay) -> Ran:
    result = series.run(replay.name, replay.conditions, replay.steering)
    failed = (name.partition(" ")[2] for name in result.failed)  # behind the worker's
    missing = f"not run: {', '.join(result.missing or result.not_run)}" if result.missing or result.not_run else ""
    return Ran(beside=replay.beside, failed=frozenset(failed), problem=result.problem or missing)

"""Two tests that meet, run once more: beside each other, and one after the other. What did that show?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from math import comb

from ci_tools.audit.dynamic.conflicts import Conflict
from ci_tools.audit.dynamic.deeds import Actor, Seen
from ci_tools.model.nodeid import file_of
from ci_tools.model.trial import Conditions, Steering

DOUBT = 0.05
MAX_SHARED = 50  # resources of one pair that it is slowed down at


class Verdict(str, Enum):
    """What replays say of a conflict."""

    CONFIRMED = "confirmed"  # fails beside, and so much more rarely alone that it is hardly chance
    SEEN = "seen"  # failed beside, never alone; chance isn't excluded
    ALONE = "alone"  # fails one after the other too: it isn't the meeting, or not that alone
    NOT_SEEN = "not seen"  # never failed; nothing is disproved
    UNJUDGED = "not judged"  # there is nothing to compare: no run beside, or none alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two tests to run, and what they share; `conflict` is its number, from 0."""

    conflict: int
    first: str
    second: str
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One run to make: `name` is its own in the series."""

    name: str
    beside: bool
    conditions: Conditions
    steering: Steering


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Failed in so many of so many runs beside each other, and in so many of those one after the other."""

    failed_beside: int
    n_beside: int
    failed_alone: int
    n_alone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What replays of a pair showed: of both tests, and of `either`, which decides.

    `problem` says why some runs can't be judged, "" when all can.
    """

    pair: Pair
    rates: tuple[Rates, ...]
    either: Rates
    verdict: Verdict
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a replay ended: the tests that failed; `problem` when it can't be judged."""

    beside: bool
    failed: frozenset[str]
    problem: str = ""


def pairs_of(conflicts: Sequence[Conflict], seen: Seen, limit: int) -> tuple[Pair, ...]:
    """Return the pairs to replay, of the worst conflicts, each once; those that need two files, as loadfile does."""
    pairs: dict[frozenset[str], Pair] = {}
    for number, conflict in enumerate(conflicts):
        if conflict.within_file or len(pairs) >= limit:
            break
        found = _tests(conflict.first.actor, conflict.second.actor, seen)
        if found:
            pair = Pair(conflict=number, first=found[0], second=found[1], resources=conflict.resources[:MAX_SHARED])
            pairs.setdefault(frozenset(found), pair)
    return tuple(pairs.values())


def _tests(first: Actor, second: Actor, seen: Seen) -> tuple[str, str] | None:
    """Return two tests of different files during which the two are at it; what no test does can't be replayed."""
    for one in seen.tests.get(first, ()):
        for other in seen.tests.get(second, ()):
            if file_of(one) != file_of(other):
                return one, other
    return None


def replays_of(pair: Pair, times: int) -> Iterator[Replay]:
    """Yield the runs: by turns one after the other in one worker, and both at the same instant in two.

    A test that no worker of pytest-xdist can run fails in both, and so confirms nothing. What is left by the first
    decides what the second meets: so mostly the one who does less harm runs last.
    """
    lanes = {"gw0": (pair.first,), "gw1": (pair.second,)}
    for number in range(1, times + 1):
        tests = (pair.second, pair.first) if number % 3 == 0 else (pair.first, pair.second)
        yield Replay(
            name=f"alone-{number}",
            beside=False,
            conditions=Conditions(workers="1", dist="each"),
            steering=Steering(lanes={"gw0": tests}, evidence=True),
        )
        yield Replay(
            name=f"beside-{number}",
            beside=True,
            conditions=Conditions(workers="2", dist="each", seed=number),  # says whom to hold, and where
            steering=Steering(lanes=lanes, together=True, evidence=True, meet_at=pair.resources),
        )


def outcome_of(pair: Pair, ran: Iterable[Ran]) -> Outcome:
    """Return what the runs showed; those that can't be judged count nowhere."""
    runs = list(ran)
    judged = [one for one in runs if not one.problem]
    either = _rates({pair.first, pair.second}, judged)
    return Outcome(
        pair=pair,
        rates=tuple(_rates({test}, judged) for test in (pair.first, pair.second)),
        either=either,
        verdict=_verdict(either),
        problem=next((one.problem for one in runs if one.problem), ""),
    )


def _rates(tests: set[str], runs: Sequence[Ran]) -> Rates:
    beside = [not tests.isdisjoint(run.failed) for run in runs if run.beside]
    alone = [not tests.isdisjoint(run.failed) for run in runs if not run.beside]
    return Rates(failed_beside=sum(beside), n_beside=len(beside), failed_alone=sum(alone), n_alone=len(alone))


def _verdict(either: Rates) -> Verdict:
    if not either.n_beside or not either.n_alone:
        return Verdict.UNJUDGED
    if chance(either) < DOUBT:
        return Verdict.CONFIRMED
    if either.failed_alone:
        return Verdict.ALONE
    return Verdict.SEEN if either.failed_beside else Verdict.NOT_SEEN


def chance(rates: Rates) -> float:
    """Return how likely so many of all failures are to fall on the runs beside, if that makes no difference.

    Fisher's exact test, one-sided. Source: Fisher (1922), https://doi.org/10.2307/2340521
    """
    n, m = rates.n_beside, rates.n_alone
    failed = rates.failed_beside + rates.failed_alone
    ways = sum(comb(n, k) * comb(m, failed - k) for k in range(rates.failed_beside, min(n, failed) + 1))
    return ways / comb(n + m, failed)

"""One bad test: how it did in the runs of the design, and in those that were made to find out why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ci_tools.model.run import Outcome
from ci_tools.model.statistics import Share
from ci_tools.model.trial import Conditions
from ci_tools.stability.record import RAN, Purpose, Run, in_worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One result of the test: in the run `number`, or in one that repeats it, by `purpose`.

    `is_beside` when other tests ran at the same time.
    """

    number: int
    conditions: Conditions
    outcome: Outcome
    purpose: Purpose = Purpose.DESIGN
    is_beside: bool = False

    @property
    def is_bad(self) -> bool:
        return self.outcome.is_bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All results of a test that was bad in a run of the design, by purpose.

    `runs` are those of the design, by number.
    """

    nodeid: str
    design: tuple[Seen, ...]
    runs: Mapping[int, Run]
    alone: tuple[Seen, ...] = ()
    before: tuple[Seen, ...] = ()
    again: tuple[Seen, ...] = ()

    @property
    def bad(self) -> tuple[Seen, ...]:
        """The runs of the design that it was bad in."""
        return tuple(seen for seen in self.design if seen.is_bad)

    @property
    def told(self) -> Seen:
        """The run that questions are asked about: the first bad one, if possible one without anything beside it."""
        return _first(self.bad)

    @property
    def told_good(self) -> Seen | None:
        """The first run that it was good in, likewise."""
        good = [seen for seen in self.design if not seen.is_bad]
        return _first(good) if good else None

    @property
    def led_to(self) -> tuple[str, ...]:
        """The tests up to it, on its worker, in the run that is asked about."""
        return self.runs[self.told.number].before(self.nodeid)

    @property
    def led_to_good(self) -> tuple[str, ...]:
        """Those in the first run that it was good in, () when there is none."""
        good = self.told_good
        return self.runs[good.number].before(self.nodeid) if good else ()

    @property
    def before_told(self) -> tuple[Seen, ...]:
        """The runs after what ran before it in the run that is asked about."""
        return tuple(seen for seen in self.before if seen.number == self.told.number)

    @property
    def before_good(self) -> tuple[Seen, ...]:
        """The runs after what ran before it where it was good."""
        return tuple(seen for seen in self.before if seen.number != self.told.number)

    @property
    def alone_as_told(self) -> tuple[Seen, ...]:
        """The runs of it alone in the surroundings of the one that is asked about."""
        return tuple(seen for seen in self.alone if surroundings(seen.conditions) == surroundings(self.told.conditions))


def surroundings(conditions: Conditions) -> dict[str, object]:
    """Return what a test that runs alone still meets, by the names of the conditions."""
    return {"hash_seed": conditions.hash_seed, "tz": conditions.tz, "workers": in_worker(conditions)}


def _first(seen: Sequence[Seen]) -> Seen:
    return min(seen, key=lambda one: (one.is_beside, one.number))


def share_of(seen: Iterable[Seen], where: Callable[[Seen], bool] = lambda _: True) -> Share:
    """Return how many of these results were bad, of those that are wanted."""
    chosen = [one for one in seen if where(one)]
    return Share(bad=sum(one.is_bad for one in chosen), n=len(chosen))


def stories(runs: Sequence[Run]) -> tuple[Story, ...]:
    """Return the story of each test that was bad in a run of the design, in the order in which they were first seen."""
    counted = [run for run in runs if run.counts]
    order = dict.fromkeys(nodeid for run in counted for nodeid in run.outcomes)
    bad = {nodeid for run in counted for nodeid in run.bad}
    asked = [run for run in runs if run.ask.purpose is not Purpose.DESIGN and not run.problem]
    by_number = {run.number: run for run in counted}
    return tuple(_story(nodeid, by_number, asked) for nodeid in order if nodeid in bad)


def _story(nodeid: str, counted: Mapping[int, Run], asked: Sequence[Run]) -> Story:
    answers = [run for run in asked if run.ask.test in (nodeid, "") and _ran(run, nodeid)]
    by = {
        purpose: tuple(_seen(run, nodeid) for run in answers if run.ask.purpose is purpose)
        for purpose in (Purpose.ALONE, Purpose.BEFORE, Purpose.AGAIN)
    }
    return Story(
        nodeid=nodeid,
        design=tuple(_seen(run, nodeid) for run in counted.values() if _ran(run, nodeid)),
        runs=counted,
        alone=by[Purpose.ALONE],
        before=by[Purpose.BEFORE],
        again=by[Purpose.AGAIN],
    )


def _ran(run: Run, nodeid: str) -> bool:
    return run.outcomes.get(nodeid) in RAN


def _seen(run: Run, nodeid: str) -> Seen:
    return Seen(
        number=run.number,
        conditions=run.conditions,
        outcome=run.outcomes[nodeid],
        purpose=run.ask.purpose,
        is_beside=run.is_beside,
    )

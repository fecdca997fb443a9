"""One bad test: how it did in the runs of the design, and in those that were made to find out why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ci_tools.model.run import Outcome
from ci_tools.model.trial import Conditions
from ci_tools.stability.record import RAN, Purpose, Run, is_beside
from ci_tools.stability.statistics import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One result of the test: in the run `number`, or in one that repeats it, by `purpose`."""

    number: int
    conditions: Conditions
    outcome: Outcome
    purpose: Purpose = Purpose.DESIGN

    @property
    def is_bad(self) -> bool:
        return self.outcome.is_bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All results of a test that was bad in a run of the design, by purpose.

    `led_to` are the tests up to it, on its worker, in the run that is asked about; `led_to_good` those in the first
    run that it was good in, () when there is none.
    """

    nodeid: str
    design: tuple[Seen, ...]
    led_to: tuple[str, ...] = ()
    led_to_good: tuple[str, ...] = ()
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
    def before_told(self) -> tuple[Seen, ...]:
        """The runs after what ran before it in the run that is asked about."""
        return tuple(seen for seen in self.before if seen.number == self.told.number)

    @property
    def before_good(self) -> tuple[Seen, ...]:
        """The runs after what ran before it where it was good."""
        return tuple(seen for seen in self.before if seen.number != self.told.number)

    @property
    def alone_as_told(self) -> tuple[Seen, ...]:
        """The runs of it alone with the hash seed and time zone of the one that is asked about."""
        told = self.told.conditions
        return tuple(s for s in self.alone if (s.conditions.hash_seed, s.conditions.tz) == (told.hash_seed, told.tz))


def _first(seen: Sequence[Seen]) -> Seen:
    return min(seen, key=lambda one: (is_beside(one.conditions), one.number))


def share_of(seen: Iterable[Seen], where: Callable[[Conditions], bool] = lambda _: True) -> Share:
    """Return how many of these results were bad, of those whose conditions fit."""
    chosen = [one for one in seen if where(one.conditions)]
    return Share(bad=sum(one.is_bad for one in chosen), n=len(chosen))


def stories(runs: Sequence[Run]) -> tuple[Story, ...]:
    """Return the story of each test that was bad in a run of the design, in the order in which they were first seen."""
    counted = [run for run in runs if run.counts]
    order = dict.fromkeys(nodeid for run in counted for nodeid in run.outcomes)
    bad = {nodeid for run in counted for nodeid in run.bad}
    asked = [run for run in runs if run.ask.purpose is not Purpose.DESIGN and not run.problem]
    return tuple(_story(nodeid, counted, asked) for nodeid in order if nodeid in bad)


def _story(nodeid: str, counted: Sequence[Run], asked: Sequence[Run]) -> Story:
    answers = [run for run in asked if run.ask.test in (nodeid, "") and _ran(run, nodeid)]
    by = {
        purpose: tuple(_seen(run, nodeid) for run in answers if run.ask.purpose is purpose)
        for purpose in (Purpose.ALONE, Purpose.BEFORE, Purpose.AGAIN)
    }
    story = Story(nodeid=nodeid, design=tuple(_seen(run, nodeid) for run in counted if _ran(run, nodeid)))
    leads = {run.number: run for run in counted}
    good = story.told_good
    return replace(
        story,
        led_to=leads[story.told.number].before(nodeid),
        led_to_good=leads[good.number].before(nodeid) if good else (),
        alone=by[Purpose.ALONE],
        before=by[Purpose.BEFORE],
        again=by[Purpose.AGAIN],
    )


def _ran(run: Run, nodeid: str) -> bool:
    return run.outcomes.get(nodeid) in RAN


def _seen(run: Run, nodeid: str) -> Seen:
    return Seen(number=run.number, conditions=run.conditions, outcome=run.outcomes[nodeid], purpose=run.ask.purpose)

"""Which further runs tell why a test is bad: alone, after what ran before it, the same run again.

One question after the other: what is asked next depends on what is known by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ci_tools.model.trial import Conditions, Order
from ci_tools.stability.record import Ask, Purpose, Run, in_worker
from ci_tools.stability.story import Seen, Story, share_of, stories, surroundings

N_ALONE = 5  # with 3 of 3 after what ran before it, Fisher's test says 0.018; with 3 alone it could say 0.05 at best
N_ALWAYS = 3  # of a test that is always bad, alone too; 3 of 3 against 0 of 3 with another hash seed are 0.05
N_BEFORE = 3
N_AGAIN = 2
N_SWAPPED = 3


def next_ask(runs: Sequence[Run]) -> Ask | None:
    """Return the run that is to be made next, None when no question is open; one test after the other.

    A question that got no answer, since the run broke or the test wasn't run in it, isn't asked again.
    """
    silent = {run.ask for run in runs if run.problem or (run.ask.test and run.ask.test not in run.outcomes)}
    told = sorted(stories(runs), key=_is_always)
    return next((ask for story in told for ask in _open(story) if ask not in silent), None)


def _is_always(story: Story) -> bool:
    return len(story.bad) == len(story.design)


def _open(story: Story) -> Iterator[Ask]:
    """Yield the next run about one test, if there is one: what is yielded first is asked."""
    told, alone = story.told, share_of(story.alone_as_told)
    if "::" not in story.nodeid:  # a file that can't be collected; no test to be run alone
        return
    enough = N_ALWAYS if _is_always(story) and alone.bad else N_ALONE
    if alone.n < enough and alone.bad in (0, alone.n):
        yield _alone(story, told.conditions)
    elif alone.bad == alone.n:
        yield from _swapped(story)
    elif alone.bad == 0 and (not _is_always(story) or told.is_beside):
        yield from _company(story)


def _alone(story: Story, like: Conditions) -> Ask:
    return Ask(
        number=story.told.number,
        conditions=_one_at_a_time(like),
        purpose=Purpose.ALONE,
        test=story.nodeid,
        tests=(story.nodeid,),
    )


def _before(story: Story, number: int, tests: tuple[str, ...]) -> Ask:
    return Ask(
        number=number,
        conditions=_one_at_a_time(story.told.conditions),
        purpose=Purpose.BEFORE,
        test=story.nodeid,
        tests=tests,
    )


def _swapped(story: Story) -> Iterator[Ask]:
    """It is bad alone: in other surroundings, where those may be why, else after other tests."""
    told, good = story.told.conditions, story.told_good
    if good is None:
        other = replace(told, hash_seed=(told.hash_seed or 0) + 1)  # all of the design may be of one kind
        seen = swapped(story, "hash_seed")
        if len(seen) < N_ALWAYS and not any(one.is_bad for one in seen):
            yield _alone(story, other)
        return
    for name in suspects(story):
        other = replace(told, **{name: getattr(good.conditions, name)})
        if sum(surroundings(seen.conditions) == surroundings(other) for seen in story.alone) < N_SWAPPED:
            yield _alone(story, other)
    if not suspects(story) and len(story.before_good) < N_BEFORE and len(story.led_to_good) > 1:
        yield _before(story, good.number, story.led_to_good)


def suspects(story: Story) -> tuple[str, ...]:
    """Return which of the surroundings were never the same where it was bad and where it was good."""
    good = [surroundings(seen.conditions) for seen in story.design if not seen.is_bad]
    bad = [surroundings(seen.conditions) for seen in story.bad]
    return tuple(name for name in bad[0] if good and not {one[name] for one in good} & {one[name] for one in bad})


def swapped(story: Story, name: str) -> tuple[Seen, ...]:
    """Return the runs of it alone that differ from the one that is asked about in just this."""
    told = surroundings(story.told.conditions)
    return tuple(seen for seen in story.alone if _differ(surroundings(seen.conditions), told) == [name])


def _differ(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    return [name for name in one if one[name] != other[name]]


def _company(story: Story) -> Iterator[Ask]:
    """It is good alone: after what ran before it, and if that isn't it, beside the others once more."""
    told, before = story.told, share_of(story.before_told)
    repeats = sum(seen.number == told.number for seen in story.again)
    may_repeat = told.is_beside or told.conditions.stress
    if before.n < N_BEFORE and len(story.led_to) > 1:
        yield _before(story, told.number, story.led_to)
    elif before.bad == 0 and may_repeat and repeats < N_AGAIN:
        yield Ask(number=told.number, conditions=told.conditions, purpose=Purpose.AGAIN)


def _one_at_a_time(conditions: Conditions) -> Conditions:
    """Return them with one worker where there were some: a worker is no pytest of its own. `load` keeps the order."""
    quiet = replace(conditions, order=Order.SAME, seed=0, stress=0)
    return replace(quiet, workers="1", dist="load") if in_worker(conditions) else quiet

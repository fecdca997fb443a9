"""Why a test is bad now and then: what its results under all these conditions say, and what they don't.

Two results of one test under the same conditions, nothing beside it, prove chance. All else is a comparison of
two shares; where Fisher's test gives it more than 5 %, it is said to be unsure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ci_tools.model.rates import DOUBT, rate_text
from ci_tools.model.run import Outcome
from ci_tools.model.statistics import Share, fisher
from ci_tools.model.trial import Order
from ci_tools.model.words import count
from ci_tools.stability.asks import suspects, swapped
from ci_tools.stability.record import in_worker
from ci_tools.stability.story import Seen, Story, share_of


class Kind(str, Enum):
    """What a bad test's results depend on."""

    ALWAYS = "always"
    ORDER = "order victim"  # bad after certain tests
    NEEDS = "needs another test"  # bad without certain tests before it
    CONCURRENT = "concurrent victim"  # bad beside other tests
    XDIST = "pytest-xdist"  # bad in its workers, also in a single one; or good only there
    LOAD = "load"  # bad when the machine is busy
    HASH = "hash seed"
    TIME = "time zone"
    CRASH = "crash"  # its worker dies
    RANDOM = "random"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A kind with its `evidence`, sentences, and what isn't known, "" when nothing of that sort.

    `is_sure` when the evidence is unlikely to be chance: at most 5 %, for this test alone.
    """

    kind: Kind
    evidence: tuple[str, ...] = ()
    unknown: str = ""
    is_sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The test's share of bad results under some conditions, against that under all others."""

    kind: Kind
    words: tuple[str, str]
    more: Share
    less: Share
    looks: int = 1  # what was tried besides

    @property
    def chance(self) -> float:
        """Fisher's, times the number of looks (Bonferroni)."""
        return min(1.0, self.looks * fisher(self.more, self.less))

    @property
    def sentence(self) -> str:
        chance = f"p = {self.chance:.2g}" if self.chance >= 0.0001 else "p < 0.0001"
        return f"{self.words[0]} {_rate(self.more)}, {self.words[1]} {_rate(self.less)} ({chance})"


def classify(story: Story) -> Cause:
    """Return what the test's results depend on, as far as these runs tell."""
    alone, always = share_of(story.alone_as_told), len(story.bad) == len(story.design)
    if all(seen.outcome is Outcome.CRASHED for seen in story.bad):
        return Cause(
            kind=Kind.CRASH,
            evidence=(f"its worker died under it in {count(len(story.bad), 'run')}", *_asked(story)),
            unknown="whether the test, its order or its neighbours killed it",
            is_sure=len(story.bad) > 1,
        )
    if 0 < alone.bad < alone.n:
        return _random(story, "alone, under the same conditions, it ended both ways")
    if alone.n == 0:
        return _always(story) if always and len(story.design) > 1 else _from_design(story)
    if alone.bad:
        return _always(story) if always else _bad_alone(story)
    return _good_alone(story)


def contrasts(story: Story) -> tuple[Contrast, ...]:
    """Return what the runs of the design say of each thing that differs between them, the least likely chance first."""
    found = [
        _contrast(story, Kind.CONCURRENT, ("beside others", "one at a time"), lambda seen: seen.is_beside),
        *_of_xdist(story),
        _contrast(story, Kind.LOAD, ("on a busy machine", "else"), _on_a_busy_machine),
        _best(story, Kind.ORDER, "order", [Order.SAME, Order.REVERSE, Order.RANDOM]),
        _best(story, Kind.HASH, "hash_seed", sorted({seen.conditions.hash_seed or 0 for seen in story.design})),
        _best(story, Kind.TIME, "tz", sorted({seen.conditions.tz for seen in story.design})),
    ]
    told = [one for one in found if one.more.n and one.less.n]
    return tuple(sorted((replace(one, looks=one.looks * len(told)) for one in told), key=lambda one: one.chance))


def _contrast(story: Story, kind: Kind, words: tuple[str, str], where: Callable[[Seen], bool]) -> Contrast:
    more, less = share_of(story.design, where), share_of(story.design, lambda seen: not where(seen))
    return Contrast(kind=kind, words=words, more=more, less=less)


def _of_xdist(story: Story) -> Iterator[Contrast]:
    """Yield what runs in a single worker add: without any, to be in one and to be beside others are the same."""
    if any(in_worker(seen.conditions) and not seen.is_beside for seen in story.design):
        words = ("in workers of pytest-xdist", "without")
        yield _contrast(story, Kind.XDIST, words, lambda seen: in_worker(seen.conditions))


def _on_a_busy_machine(seen: Seen) -> bool:
    return seen.conditions.stress > 0


def _best(story: Story, kind: Kind, name: str, values: Sequence[object]) -> Contrast:
    """Return the value that explains most: those that a test is bad with, or the only one that it is good with."""
    found = []
    for value in values:
        shown = {"order": f"in {getattr(value, 'value', '')} order", "hash_seed": f"PYTHONHASHSEED={value}"}
        words = shown.get(name, f"TZ={value}" if value else "in the time zone of this machine")
        with_it = _contrast(story, kind, (words, "else"), _has(name, value))
        found += [with_it, replace(with_it, words=("else", words), more=with_it.less, less=with_it.more)]
    return replace(min(found, key=lambda one: one.chance), looks=len(found))


def _has(name: str, value: object) -> Callable[[Seen], bool]:
    return lambda seen: bool(getattr(seen.conditions, name) == value)


def _from_design(story: Story) -> Cause:
    """Nothing was asked: the runs of the design have to do."""
    best = contrasts(story)[:1]
    if best and best[0].chance <= DOUBT:
        return Cause(kind=best[0].kind, evidence=(best[0].sentence,), unknown="it was not run alone")
    n_bad = len(story.bad)
    few = f"{count(n_bad, 'failure')} {'is' if n_bad == 1 else 'are'} too few to tell" if n_bad < 5 else "no pattern"
    return Cause(
        kind=Kind.UNCLEAR,
        evidence=tuple(one.sentence for one in best if one.chance < 1),
        unknown=f"{few}, and it was not run alone",
        is_sure=False,
    )


def _always(story: Story) -> Cause:
    """It was never good in the suite; alone, with another hash seed, it may be."""
    other = share_of(swapped(story, "hash_seed"))
    if other.n and other.bad == 0:
        return _environment(story, "hash_seed", other)
    return Cause(kind=Kind.ALWAYS, evidence=_asked(story), unknown="" if story.alone else "it was not run alone")


def _random(story: Story, why: str, *, is_sure: bool = True) -> Cause:
    unknown = "what it depends on: neither order nor neighbours; threads, the network, the clock, random numbers may be"
    return Cause(kind=Kind.RANDOM, evidence=(why, *_asked(story)), unknown=unknown, is_sure=is_sure)


def _bad_alone(story: Story) -> Cause:
    """It is bad alone and was good in the suite: its surroundings, or a test that it needs before it."""
    for name in suspects(story):
        other = share_of(swapped(story, name))
        if other.n and other.bad == 0:
            return _environment(story, name, other)
    alone, after = share_of(story.alone_as_told), share_of(story.before_good)
    if suspects(story) or after.bad:
        return Cause(
            kind=Kind.UNCLEAR, evidence=_asked(story), unknown="what was else where it was good", is_sure=False
        )
    return Cause(
        kind=Kind.NEEDS,
        evidence=_asked(story),
        unknown="which test it needs before it" if after.n else "which test it needs, before it or beside it",
        is_sure=fisher(alone, after if after.n else share_of(story.design)) <= DOUBT,
    )


def _environment(story: Story, name: str, other: Share) -> Cause:
    """It is bad alone, and good when just this one thing is different."""
    alone, told = share_of(story.alone_as_told), story.told.conditions
    xdist = ("in a worker of pytest-xdist", "without pytest-xdist")
    kind, here, there = {
        "hash_seed": (Kind.HASH, f"with PYTHONHASHSEED={told.hash_seed}", "with another value"),
        "tz": (Kind.TIME, f"with TZ={told.tz}", "with another value"),
        "workers": (Kind.XDIST, *(xdist if in_worker(told) else xdist[::-1])),
    }[name]
    return Cause(
        kind=kind,
        evidence=(f"alone {here} {_rate(alone)}, {there} {_rate(other)}",),
        is_sure=fisher(alone, other) <= DOUBT,
    )


def _good_alone(story: Story) -> Cause:
    """It is good alone: the tests before it, those beside it, the load, or chance."""
    told, alone, before = story.told, share_of(story.alone), share_of(story.before_told)
    if before.bad:
        if before.bad < before.n:
            return _random(story, "after the same tests it ended both ways", is_sure=False)
        unknown = "which of the tests before it"
        return Cause(kind=Kind.ORDER, evidence=_asked(story), unknown=unknown, is_sure=fisher(before, alone) <= DOUBT)
    quiet = alone + before + share_of(story.design, lambda seen: not seen.is_beside)
    if told.is_beside:
        return _beside(story, quiet)
    if len(story.bad) == len(story.design):
        unknown = "which test or file: one that runs or is imported with it"
        is_sure = fisher(share_of(story.design), alone) <= DOUBT
        return Cause(kind=Kind.ORDER, evidence=_asked(story), unknown=unknown, is_sure=is_sure)
    load = _contrast(story, Kind.LOAD, ("on a busy machine", "else"), _on_a_busy_machine)
    if told.conditions.stress and fisher(load.more, load.less + alone + before) <= DOUBT:
        return Cause(kind=Kind.LOAD, evidence=(load.sentence, *_asked(story)))
    if before.n:
        return _random(story, "the same tests before it did not make it bad again", is_sure=False)
    unknown = "whether it fails again after what ran before it: it was not tried"
    if len(story.led_to) < 2:
        unknown = "nothing ran before it: it is chance, or what the other files do when they are imported"
    return Cause(kind=Kind.UNCLEAR, evidence=_asked(story), unknown=unknown, is_sure=False)


def _beside(story: Story, quiet: Share) -> Cause:
    """All bad results were beside other tests."""
    beside = share_of((*story.design, *story.again), lambda seen: seen.is_beside)
    load = _contrast(story, Kind.LOAD, ("on a busy machine", "else"), _on_a_busy_machine)
    evidence = (
        f"in all runs beside others {_rate(beside)}, one at a time {_rate(quiet)} (p = {fisher(beside, quiet):.2g})",
        *_asked(story),
    )
    if load.more.bad and not load.less.bad and load.chance < fisher(beside, quiet):
        return Cause(kind=Kind.LOAD, evidence=(load.sentence, *evidence), is_sure=load.chance <= DOUBT)
    if fisher(beside, quiet) <= DOUBT:
        return Cause(kind=Kind.CONCURRENT, evidence=evidence, unknown="which test beside it")
    n_bad = len(story.bad)
    unknown = f"{count(n_bad, 'failure')}, beside others only: too few to tell a neighbour's doing from chance"
    return Cause(kind=Kind.UNCLEAR, evidence=evidence, unknown=unknown, is_sure=False)


def _asked(story: Story) -> tuple[str, ...]:
    """Return what the runs that were made to find out have shown."""
    n = story.told.number
    again = share_of(seen for seen in story.again if seen.number == n)
    shares = (
        ("alone", share_of(story.alone_as_told)),
        (f"after what ran before it in run {n}, one at a time", share_of(story.before_told)),
        ("after what ran before it in a run that it was good in", share_of(story.before_good)),
        (f"run {n} again", again),
    )
    return tuple(f"{words}: {_rate(share)}" for words, share in shares if share.n)


def _rate(share: Share) -> str:
    return rate_text(share.bad, share.n)

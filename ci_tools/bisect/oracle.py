"""Does a set of tests make another one fail? Asked as often as it takes to be sure, and remembered.

Wald's sequential test weighs "as often as without them" against "as often as after all of them".
Source: Wald (1945), https://doi.org/10.1214/aoms/1177731118
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log

from ci_tools.model.statistics import Share, fisher

Subset = tuple[str, ...]
NOTHING = Share(bad=0, n=0)

# A set that does nothing is taken for a culprit in 2 of 100 cases (what is found is confirmed by more runs), one
# that does is overlooked in 5; in 5 of 1,000 where that would have two tests accused instead of one.
TAKEN_FOR_ONE, OVERLOOKED, SURELY_OVERLOOKED = 0.02, 0.05, 0.005
# Nothing is known to happen never or always.
SELDOM, NEARLY_ALWAYS, RARELY = 0.01, 0.95, 0.05
# Two rates are different: of a test that is repeated while they aren't, hence less than the usual 5 %, and still
# less before tests are accused of what happens without them too.
DIFFERENT, SURELY_DIFFERENT = 0.02, 0.005
# What may be more often, and isn't surely yet, is run up to so many times as often.
PATIENCE = 8


# A search that takes more runs than this is lost between two rates that are too close to each other.
MAX_RUNS = 1_000


class MisledError(Exception):
    """What was thought to do it doesn't."""


class TimeUpError(Exception):
    """There is no time left, or too many runs were made; its text says so, and how to go on: `20m 00s are up: …`."""


def is_more(share: Share, base: Share) -> bool:
    """Return whether it happened more often than `base` says."""
    return fisher(share, base) < DIFFERENT


def is_surely_more(share: Share, base: Share) -> bool:
    """Return the same of tests that are going to be accused: the more careful where it happens without them too."""
    return fisher(share, base) < (SURELY_DIFFERENT if base.bad else DIFFERENT)


def times(ask: Callable[[], bool | None], n: int) -> Share:
    """Return how often something happened in n runs; those that say nothing (None) are made again, and not counted."""
    share = NOTHING
    while share.n < n:
        happened = ask()
        share += NOTHING if happened is None else Share(bad=int(happened), n=1)
    return share


def rate(share: Share) -> float:
    """Return k / n, 0 of nothing."""
    return share.bad / share.n if share.n else 0.0


def judged(seen: Share, *, low: float, high: float, overlooked: float) -> bool | None:
    """Return whether a set does what happens with a share of `high`, or nothing (`low`); None while that is open."""
    weight = seen.bad * log(high / low) + (seen.n - seen.bad) * log((1 - high) / (1 - low))
    if weight >= log((1 - overlooked) / TAKEN_FOR_ONE):
        return True
    return False if weight <= log(overlooked / (1 - TAKEN_FOR_ONE)) else None


class Oracle:
    """Asks `run` of sets: whether it happened, once, None when that can't be judged.

    `base` is how often it happens without any of them.
    `known` counts the runs of sets that are known to do it, save those by which that became known: what they would
    tell of the rate is too much. `smallest` is the smallest of these sets.
    """

    def __init__(self, run: Callable[[Subset], bool | None], *, base: Share, known: Share, whole: Subset) -> None:
        self.n_runs = 0
        self.known = known
        self.smallest = self._whole = whole
        self._run = run
        self.base = base
        self._seen = {whole: known}

    @property
    def _low(self) -> float:
        return max(SELDOM, rate(self.base))

    @property
    def _high(self) -> float:
        return min(NEARLY_ALWAYS, max(RARELY, rate(self.known), 2 * self._low))

    def first(self, candidates: Sequence[Subset], whole: Subset) -> Subset | None:
        """Return a candidate that does it by itself, None when none of them does; `whole` is thought to.

        Should none do it, then the rate may have been taken for higher than it is: the whole is run again. Raises
        MisledError when it doesn't do it after all; it isn't thought to from then on.
        """
        found = self._race(candidates, OVERLOOKED)
        if found is None:
            self._ask_again(whole)
            found = self._race(candidates, SURELY_OVERLOOKED)
        if found is not None and len(found) < len(self.smallest):
            self.smallest = found
        return found

    def _ask_again(self, whole: Subset) -> None:
        share = self._times(whole, 2)
        if share.bad < share.n:  # a sign of chance: maybe it happens without anybody more often than was seen
            self.base += self._times((), 3)
        while self._judged(whole, OVERLOOKED) is None:
            share += self._times(whole, 1)
        if not self._judged(whole, OVERLOOKED):
            self.base += share
            self.smallest = self._whole
            raise MisledError
        self.known += share

    def guess(self, subset: Subset) -> Subset | None:
        """Return the set if it is seen to do it soon, None when it isn't; that proves nothing then."""
        return self._race([subset], OVERLOOKED)

    def confirm(self, subset: Subset, n: int) -> Share:
        """Run a set that is thought to do it n times more, or until that is clear; return how often it did.

        What doesn't do it after all tells how often it happens without anybody: more often than was known.
        """
        share = self._times(subset, n)
        while not is_surely_more(share, self.base) and share.n < n * PATIENCE:
            share += self._times(subset, 1)
            self.base += self._times((), int(share.n > self.base.n))
        if is_surely_more(share, self.base):
            self.known += share
        else:
            self.base += share
            self.smallest = self._whole
        return share

    def seen(self, subset: Subset) -> Share:
        """Return what all runs of a set came to."""
        return self._seen.get(subset, NOTHING)

    def _times(self, subset: Subset, n: int) -> Share:
        return times(lambda: self._ask(subset), n)

    def _race(self, candidates: Sequence[Subset], overlooked: float) -> Subset | None:
        """Run the candidates in turn until one of them is sure to do it, or all are sure not to."""
        while True:
            answers = {c: self._judged(c, overlooked) for c in candidates}
            for candidate, answer in answers.items():
                if answer:
                    return candidate
            is_open = [candidate for candidate, answer in answers.items() if answer is None]
            if not is_open:
                return None
            self._ask(min(is_open, key=lambda candidate: self.seen(candidate).n))

    def _judged(self, subset: Subset, overlooked: float) -> bool | None:
        return judged(self.seen(subset), low=self._low, high=self._high, overlooked=overlooked)

    def _ask(self, subset: Subset) -> bool | None:
        """Run a set once. Of one that breaks the run it is known at least that it doesn't do it."""
        if self.n_runs == MAX_RUNS:
            raise TimeUpError(f"{MAX_RUNS:,} runs have not been enough")
        happened = self._run(subset)
        self.n_runs += 1
        self._seen[subset] = self.seen(subset) + Share(bad=int(happened or 0), n=1)
        return happened

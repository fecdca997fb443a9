"""The bisection: what is asked first, which search that leads to, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ci_tools.bisect.bisection import Culprit, Fact, Kind
from ci_tools.bisect.ddmin import minimal
from ci_tools.bisect.oracle import NOTHING, PATIENCE, Oracle, Subset, TimeUpError, is_more, is_surely_more, times
from ci_tools.bisect.scene import Scene, Way
from ci_tools.model.statistics import Share
from ci_tools.model.words import count

# What happens in each of so few runs is taken for happening always, until it doesn't.
LEAST = 3
# Where nothing is found, all is asked again, so many times as often: 5 runs pass by chance in 3 of 100 cases.
AGAIN = 3
# First the two that say most: after the tests that its process had run, and beside those of others.
ROUNDS = ((Way.BEFORE, Way.BESIDE), (Way.EARLIER,), (Way.RECORDED,))
# A way and its tests that are run at once.
Group = tuple[Way, Subset]

# Whether the test was bad in a run with these others, None when that can't be judged. Raises TimeUpError.
Ask = Callable[[Scene, Way, Subset], bool | None]


class LastingError(Exception):
    """Runs leave something behind: what is asked now isn't what was asked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quest:
    """What to go by: the failed attempt, a guess who did it, how to come by an attempt that passed.

    `runs` is how often a question is asked before its answer counts; `alone` has the runs alone so far.
    """

    scene: Scene
    guess: Subset = ()
    passed: Callable[[], Scene | None] = lambda: None
    runs: int = 5
    alone: Share = NOTHING


class Search:
    """A bisection under way: `culprits` are those found so far."""

    def __init__(self, quest: Quest, ask: Ask, tell: Callable[[str], None], *, word: str = "failed") -> None:
        self.culprits: list[Culprit] = []
        self._quest = quest
        self._ask = ask
        self._tell = tell
        self._word = word
        self._needs_them = False
        self._alone: dict[bool, Share] = {False: quest.alone} if quest.alone.n else {}
        self._whole: dict[Group, Share] = {}

    @property
    def facts(self) -> tuple[Fact, ...]:
        """How often it happened alone, and with all suspects of each way."""
        alone = [
            Fact(way=Way.BESIDE if in_worker else Way.BEFORE, n_tests=0, share=s)
            for in_worker, s in self._alone.items()
        ]
        return (*alone, *(Fact(way=way, n_tests=len(tests), share=s) for (way, tests), s in self._whole.items()))

    def run(self) -> Kind:
        """Ask until it is known why the test fails; what is known when TimeUpError is raised remains."""
        try:
            return self._why()
        except LastingError:
            return self.kind if self.culprits else Kind.LASTING

    def _why(self) -> Kind:
        alone = self._base(Way.BEFORE)
        if alone.bad == alone.n:
            return self._needs()
        for n in (self._quest.runs, AGAIN * self._quest.runs):
            for ways in ROUNDS:
                for way in ways:
                    self._look(way, n)
                if self.culprits:
                    return self.kind
        return self._nobody()

    def _nobody(self) -> Kind:
        if self._alone[False].bad:
            return Kind.RANDOM
        if self._alone.get(True, NOTHING).bad:
            return Kind.WORKER
        return Kind.UNCLEAR if any(share.bad for share in self._whole.values()) else Kind.UNSEEN

    def _needs(self) -> Kind:
        """It fails alone. Where it passed after others, find which of them it takes."""
        passed = self._quest.passed()
        if passed is None:
            return Kind.ALWAYS
        quest = replace(self._quest, scene=passed, guess=())
        inverse = Search(quest, self._passes, self._tell, word="passed")
        inverse._alone = _inverted(self._alone)
        try:
            inverse._look(Way.BEFORE, self._quest.runs)
        finally:
            self._needs_them, self.culprits, self._alone = True, inverse.culprits, _inverted(inverse._alone)
        return self.kind if self.culprits else Kind.ALWAYS

    def _passes(self, scene: Scene, way: Way, others: Subset) -> bool | None:
        is_bad = self._ask(scene, way, others)
        return None if is_bad is None else not is_bad

    @property
    def kind(self) -> Kind:
        """What is known so far comes to."""
        if not self.culprits:
            return Kind.UNSEEN
        if self._needs_them:
            return Kind.NEEDS
        concurrent = {culprit.way.is_concurrent for culprit in self.culprits}
        if len(concurrent) == 2:
            return Kind.BOTH
        return Kind.CONCURRENT if True in concurrent else Kind.ORDER

    def _look(self, way: Way, n: int) -> None:
        """Search this way, among the first group that does it; only a glance where somebody has been found already."""
        groups = self._quest.scene.groups(way)
        for tests in groups[:1] if self.culprits else groups:
            if self._does((way, tests), n):
                self._find((way, tests))
                return

    # -- first facts -----------------------------------------------------------------------

    def _base(self, way: Way) -> Share:
        """Return how often it happens to the test alone, in a process like this way's."""
        in_worker = way.is_concurrent
        if in_worker not in self._alone:
            self._alone[in_worker] = self._times(way, (), self._quest.runs)
            self._say(f"alone{' in a worker' if in_worker else ''}", self._alone[in_worker])
        return self._alone[in_worker]

    def _does(self, group: Group, n: int) -> bool:
        """Return whether it happens clearly more often with all of a group than alone, in n runs or more."""
        way, tests = group
        base, whole = self._base(way), self._whole.get(group, NOTHING)
        if base.bad == base.n:  # nothing can do it more often than that
            return False
        while not _is_clear(whole, base):
            if whole.n >= (self._quest.runs * PATIENCE if whole.bad else n):
                break
            whole += self._times(way, tests, 1)
            base += self._times(way, (), int(whole.n > base.n))
        self._alone[way.is_concurrent], self._whole[group] = base, whole
        self._say(f"{PLACES[way]} {count(len(tests), 'test')}", whole)
        return _is_clear(whole, base)

    def _times(self, way: Way, others: Subset, n: int) -> Share:
        return times(lambda: self._ask(self._quest.scene, way, others), n)

    def _say(self, where: str, share: Share) -> None:
        self._tell(f"{where}: {self._word} in {share.bad:,} of {count(share.n, 'run')}")

    # -- the search ------------------------------------------------------------------------

    def _find(self, group: Group) -> None:
        """Find the fewest tests of a group with which it happens, and see what the others do."""
        way, tests = group
        oracle = self._oracle(group)
        try:
            answer = self._fewest(oracle, group)
        except TimeUpError:
            share = oracle.seen(oracle.smallest)
            if len(oracle.smallest) < len(tests) and (not oracle.base.bad or is_surely_more(share, oracle.base)):
                self.culprits.append(_culprit(way, oracle.smallest, share, is_minimal=False))
            raise
        finally:
            self._alone[way.is_concurrent] = oracle.base
        if answer is None:
            return
        self._check_alone(way)
        found, share = answer
        self._say(f"{PLACES[way]} {count(len(found), 'test')} of these", share)
        culprit = _culprit(way, found, share, is_minimal=True)
        self.culprits.append(culprit)
        self.culprits[-1] = replace(culprit, rest=self._rest(group, found))

    def _check_alone(self, way: Way) -> None:
        """Raise LastingError when it happens alone by now as it didn't at first: then anybody seems to do it."""
        again, base, most = NOTHING, self._alone[way.is_concurrent], AGAIN * self._quest.runs
        while again.bad == again.n < most and not (again.n >= LEAST and is_surely_more(again, base)):
            again += self._times(way, (), 1)
        self._alone[way.is_concurrent] = base + again
        if again.n >= LEAST and is_surely_more(again, base):
            raise LastingError

    def _oracle(self, group: Group) -> Oracle:
        way, tests = group
        return Oracle(
            lambda others: self._ask(self._quest.scene, way, others),
            base=self._alone[way.is_concurrent],
            known=self._whole[group],
            whole=tests,
        )

    def _fewest(self, oracle: Oracle, group: Group) -> tuple[Subset, Share] | None:
        (way, tests), guess = group, self._quest.guess
        if len(tests) == 1:
            return tests, self._whole[group]
        guessed = oracle.guess(guess) if guess and way is Way.BEFORE else None
        return minimal(guessed or tests, oracle, confirm=self._quest.runs)

    def _rest(self, group: Group, found: Subset) -> Fact | None:
        """Return what happens with all of a group but those."""
        way, tests = group
        rest = tuple(test for test in tests if test not in found)
        if not rest:
            return None
        share = self._times(way, rest, LEAST)
        self._say(f"{PLACES[way]} the {count(len(rest), 'other')}", share)
        return Fact(way=way, n_tests=len(rest), share=share)


PLACES = {
    Way.BEFORE: "after",
    Way.BESIDE: "beside",
    Way.EARLIER: "in one process after",
    Way.RECORDED: "after and beside",
}


def _inverted(alone: Mapping[bool, Share]) -> dict[bool, Share]:
    return {in_worker: Share(bad=share.n - share.bad, n=share.n) for in_worker, share in alone.items()}


def _is_clear(share: Share, base: Share) -> bool:
    return share.n >= LEAST and is_more(share, base)


def _culprit(way: Way, tests: Subset, share: Share, *, is_minimal: bool) -> Culprit:
    return Culprit(way=way, tests=tests, fact=Fact(way=way, n_tests=len(tests), share=share), is_minimal=is_minimal)

"""The bisection: what is asked first, which search that leads to, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ci_tools.bisect.bisection import Culprit, Fact, Kind
from ci_tools.bisect.ddmin import minimal
from ci_tools.bisect.oracle import PATIENCE, Oracle, Subset, TimeUpError, is_more
from ci_tools.bisect.scene import Scene, Way
from ci_tools.model.statistics import Share
from ci_tools.model.words import count

# What happens in each of so few runs is taken for happening always, until it doesn't.
LEAST = 3
# Where nothing is found, all is asked again, so many times as often: 5 runs pass by chance in 3 of 100 cases.
AGAIN = 3
# First the two that say most: after the tests that its process had run, and beside those of others.
ROUNDS = ((Way.BEFORE, Way.BESIDE), (Way.EARLIER,), (Way.RECORDED,))

NONE = Share(bad=0, n=0)


# Whether the test was bad in a run with these others. Raises TimeUpError.
Ask = Callable[[Scene, Way, Subset], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quest:
    """What to go by: the failed attempt, a guess who did it, how to come by an attempt that passed.

    `runs` is how often a question is asked before its answer counts.
    """

    scene: Scene
    guess: Subset = ()
    passed: Callable[[], Scene | None] = lambda: None
    runs: int = 5


class Search:
    """A bisection under way: `culprits` are those found so far."""

    def __init__(self, quest: Quest, ask: Ask, tell: Callable[[str], None], *, word: str = "failed") -> None:
        self.culprits: list[Culprit] = []
        self._quest = quest
        self._ask = ask
        self._tell = tell
        self._word = word
        self._alone: dict[bool, Share] = {}
        self._whole: dict[Way, Share] = {}

    @property
    def facts(self) -> tuple[Fact, ...]:
        """How often it happened alone, and with all suspects of each way."""
        scene = self._quest.scene
        alone = [
            Fact(way=Way.BESIDE if in_worker else Way.BEFORE, n_tests=0, share=s)
            for in_worker, s in self._alone.items()
        ]
        whole = [Fact(way=way, n_tests=len(scene.suspects(way)), share=s) for way, s in self._whole.items()]
        return (*alone, *whole)

    def run(self) -> Kind:
        """Ask until it is known why the test fails; what is known when TimeUpError is raised remains."""
        alone = self._base(Way.BEFORE)
        if alone.bad == alone.n:
            return self._needs()
        for n in (self._quest.runs, AGAIN * self._quest.runs):
            for ways in ROUNDS:
                for way in [way for way in ways if self._does(way, n)]:
                    self._find(way)
                if self.culprits:
                    return self.kind
        return Kind.RANDOM if self._alone[False].bad else Kind.UNSEEN

    def _needs(self) -> Kind:
        """It fails alone. Where it passed after others, find which of them it takes."""
        passed = self._quest.passed()
        if passed is None:
            return Kind.ALWAYS
        quest = replace(self._quest, scene=passed, guess=())
        inverse = Search(quest, lambda scene, way, others: not self._ask(scene, way, others), self._tell, word="passed")
        inverse._alone = {in_worker: Share(bad=s.n - s.bad, n=s.n) for in_worker, s in self._alone.items()}
        try:
            inverse.look(Way.BEFORE)
        finally:
            self.culprits = inverse.culprits
        return Kind.NEEDS if self.culprits else Kind.ALWAYS

    @property
    def kind(self) -> Kind:
        """What is known so far comes to."""
        if not self.culprits:
            return Kind.UNSEEN
        concurrent = {culprit.way.is_concurrent for culprit in self.culprits}
        if len(concurrent) == 2:
            return Kind.BOTH
        return Kind.CONCURRENT if True in concurrent else Kind.ORDER

    def look(self, way: Way) -> None:
        """Search this way alone."""
        if self._does(way, self._quest.runs):
            self._find(way)

    # -- first facts -----------------------------------------------------------------------

    def _base(self, way: Way) -> Share:
        """Return how often it happens to the test alone, in a process like this way's."""
        in_worker = way.is_concurrent
        if in_worker not in self._alone:
            self._alone[in_worker] = self._times(way, (), self._quest.runs)
            self._say(f"alone{' in a worker' if in_worker else ''}", self._alone[in_worker])
        return self._alone[in_worker]

    def _does(self, way: Way, n: int) -> bool:
        """Return whether it happens clearly more often with all suspects of a way than alone, in n runs or more."""
        suspects = self._quest.scene.suspects(way)
        if not suspects:
            return False
        base, whole = self._base(way), self._whole.get(way, NONE)
        while not (whole.n >= LEAST and is_more(whole, base)):
            if whole.n >= (self._quest.runs * PATIENCE if whole.bad else n):
                break
            whole += self._times(way, suspects, 1)
            base += self._times(way, (), int(whole.n > base.n))
        self._alone[way.is_concurrent], self._whole[way] = base, whole
        self._say(f"{PLACES[way]} {count(len(suspects), 'test')}", whole)
        return whole.n >= LEAST and is_more(whole, base)

    def _times(self, way: Way, others: Subset, n: int) -> Share:
        return Share(bad=sum(self._ask(self._quest.scene, way, others) for _ in range(n)), n=n)

    def _say(self, where: str, share: Share) -> None:
        self._tell(f"{where}: {self._word} in {share.bad:,} of {count(share.n, 'run')}")

    # -- the search ------------------------------------------------------------------------

    def _find(self, way: Way) -> None:
        """Find the fewest suspects with which it happens, and see what the others do."""
        suspects, oracle = self._quest.scene.suspects(way), self._oracle(way)
        try:
            answer = self._fewest(oracle, way)
        except TimeUpError:
            if len(oracle.smallest) < len(suspects):
                self.culprits.append(_culprit(way, oracle.smallest, oracle.known, is_minimal=False))
            raise
        self._alone[way.is_concurrent] = oracle.base
        if answer is None:
            return
        found, share = answer
        self._say(f"{PLACES[way]} {count(len(found), 'test')} of these", share)
        culprit = _culprit(way, found, share, is_minimal=True)
        self.culprits.append(culprit)
        self.culprits[-1] = replace(culprit, rest=self._rest(way, found))

    def _oracle(self, way: Way) -> Oracle:
        scene = self._quest.scene
        return Oracle(
            lambda others: self._ask(scene, way, others),
            base=self._alone[way.is_concurrent],
            known=self._whole[way],
            whole=scene.suspects(way),
        )

    def _fewest(self, oracle: Oracle, way: Way) -> tuple[Subset, Share] | None:
        suspects, guess = self._quest.scene.suspects(way), self._quest.guess
        if len(suspects) == 1:
            return suspects, self._whole[way]
        guessed = oracle.guess(guess) if guess and way is Way.BEFORE else None
        return minimal(guessed or suspects, oracle, confirm=self._quest.runs)

    def _rest(self, way: Way, found: Subset) -> Fact | None:
        """Return what happens with all suspects but those."""
        rest = tuple(test for test in self._quest.scene.suspects(way) if test not in found)
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


def _culprit(way: Way, tests: Subset, share: Share, *, is_minimal: bool) -> Culprit:
    return Culprit(way=way, tests=tests, fact=Fact(way=way, n_tests=len(tests), share=share), is_minimal=is_minimal)

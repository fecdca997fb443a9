"""What `ci-tools bisect` finds, and in how many runs: its search in suites with planted culprits, no test run.

Data: made here. SUITES suites a row, of 20 to 200 tests before the victim and 3 to 12 beside it, of which one or two
make it fail; and suites of which none does, whose victim just fails at times.

How to read it: "found" are searches that named just the planted tests, and were done. A run is one start of the user's
command, which is what a bisection costs. "accused" are searches that named anybody, though nobody had done it.
`python -m tests.torture.bisect` does the same with suites that pytest runs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from statistics import median

from _bench import print_table, say

from ci_tools.bisect.oracle import Subset, TimeUpError
from ci_tools.bisect.scene import Scene, Way
from ci_tools.bisect.search import Quest, Search

SUITES = 200
# How often the test fails with its culprits, and alone.
RATES = ((1.0, 0.0), (0.5, 0.0), (0.3, 0.0), (0.9, 0.1))
AT_RANDOM = (0.1, 0.2, 0.3, 0.5)

World = Callable[[Way, Subset], bool]
Planted = Callable[[random.Random, Scene], tuple[frozenset[str], World]]


def main() -> None:
    rows = [
        [*_rates(rate, alone), what, f"{found / SUITES:.1%}", f"{median(runs):,.0f}", f"{max(runs):,}"]
        for rate, alone in RATES
        for what, planted in (("one before it", before(1, rate, alone)), ("two before it", before(2, rate, alone)))
        + ((("one beside it", beside(rate)),) if not alone else ())
        for found, runs in [_searched(planted)]
    ]
    header = ["fails with them", "alone", "planted", "found", "runs: median", "most"]
    print_table(f"planted culprits, {SUITES} suites a row", header, rows)
    nobody = [
        [f"{rate:.0%}", f"{accused} of {SUITES}", f"{median(runs):,.0f}"]
        for rate in AT_RANDOM
        for accused, runs in [_accused(rate)]
    ]
    print_table("nobody does it", ["fails", "accused", "runs: median"], nobody)


def before(n: int, rate: float, alone: float) -> Planted:
    def planted(chance: random.Random, scene: Scene) -> tuple[frozenset[str], World]:
        culprits = frozenset(chance.sample(scene.before, n))
        return culprits, lambda _, others: chance.random() < (rate if culprits <= set(others) else alone)

    return planted


def beside(rate: float) -> Planted:
    def planted(chance: random.Random, scene: Scene) -> tuple[frozenset[str], World]:
        culprit = chance.choice(scene.beside)
        return frozenset(
            {culprit}
        ), lambda way, others: way.is_concurrent and culprit in others and chance.random() < rate

    return planted


def _rates(rate: float, alone: float) -> tuple[str, str]:
    return f"{rate:.0%}", f"{alone:.0%}"


def _searched(planted: Planted) -> tuple[int, list[int]]:
    """Return in how many suites just the planted tests were found, and the runs that each took."""
    found, runs = 0, []
    for chance, scene in _suites():
        culprits, world = planted(chance, scene)
        search, n_runs = _search(scene, world)
        named = [frozenset(culprit.tests) for culprit in search.culprits if culprit.is_minimal]
        found += named == [culprits] == [frozenset(culprit.tests) for culprit in search.culprits]
        runs.append(n_runs)
    return found, runs


def _accused(rate: float) -> tuple[int, list[int]]:
    accused, runs = 0, []
    for chance, scene in _suites():
        search, n_runs = _search(scene, lambda way, others, chance=chance: chance.random() < rate)
        accused += bool(search.culprits)
        runs.append(n_runs)
    return accused, runs


def _suites() -> Iterator[tuple[random.Random, Scene]]:
    for seed in range(SUITES):
        chance = random.Random(seed)
        tests = tuple(f"before{n}" for n in range(chance.randint(20, 200)))
        others = tuple(f"beside{n}" for n in range(chance.randint(3, 12)))
        yield chance, Scene(test="t", before=tests, beside=others, earlier=tests, lanes=(tests, others))


def _search(scene: Scene, world: World) -> tuple[Search, int]:
    n_runs = 0

    def ask(_: Scene, way: Way, others: Subset) -> bool:
        nonlocal n_runs
        n_runs += 1
        return world(way, others)

    search = Search(Quest(scene=scene), ask, lambda text: None)
    with suppress(TimeUpError):
        search.run()
    return search, n_runs


if __name__ == "__main__":
    say(f"searching {SUITES} suites for each row …")
    main()

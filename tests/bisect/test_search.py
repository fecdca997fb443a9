"""The bisection in worlds where it is known why a test fails, without a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

import pytest

from ci_tools.bisect.bisection import Culprit, Fact, Kind
from ci_tools.bisect.oracle import Subset, TimeUpError
from ci_tools.bisect.scene import Scene, Way
from ci_tools.bisect.search import Quest, Search
from ci_tools.model.statistics import Share

BEFORE = tuple(f"before{n}" for n in range(40))
BESIDE = tuple(f"beside{n}" for n in range(9))
SCENE = Scene(test="t", before=BEFORE, beside=BESIDE, earlier=("other", *BEFORE), lanes=(BEFORE, ("other", *BESIDE)))
World = Callable[[Way, Subset], bool]


def search(world: World, *, scene: Scene = SCENE, passed: Scene | None = None, guess: Subset = ()) -> Search:
    quest = Quest(scene=scene, passed=lambda: passed, guess=guess)
    return Search(quest, lambda _, way, others: world(way, others), lambda text: None)


def one_process(*tests: str) -> World:
    return lambda way, others: not way.is_concurrent and set(tests) <= set(others)


def two_processes(test: str) -> World:
    return lambda way, others: way is Way.BESIDE and test in others


def in_turn(answers: Iterable[bool]) -> World:
    turn = iter(answers)
    return lambda way, others: next(turn)


def culprits_of(found: Search) -> list[tuple[Way, Subset]]:
    return [(culprit.way, culprit.tests) for culprit in found.culprits]


@pytest.mark.parametrize(
    ("world", "kind", "culprits"),
    [
        (one_process("before7"), Kind.ORDER, [(Way.BEFORE, ("before7",))]),
        (one_process("before7", "before31"), Kind.ORDER, [(Way.BEFORE, ("before7", "before31"))]),
        (two_processes("beside4"), Kind.CONCURRENT, [(Way.BESIDE, ("beside4",))]),
        (
            lambda way, others: one_process("before7")(way, others) or two_processes("beside1")(way, others),
            Kind.BOTH,
            [(Way.BEFORE, ("before7",)), (Way.BESIDE, ("beside1",))],
        ),
        (one_process("other"), Kind.ORDER, [(Way.EARLIER, ("other",))]),
        (
            lambda way, others: way is Way.RECORDED and {"before3", "beside2"} <= set(others),
            Kind.CONCURRENT,
            [(Way.RECORDED, ("before3", "beside2"))],
        ),
        (lambda way, others: True, Kind.ALWAYS, []),
        (lambda way, others: False, Kind.UNSEEN, []),
        (in_turn(n % 3 == 0 for n in count()), Kind.RANDOM, []),
    ],
    ids=("order", "pair", "concurrent", "both", "earlier", "recorded", "always", "unseen", "random"),
)
def test_the_kind_and_the_culprits_are_found(world: World, kind: Kind, culprits: list[tuple[Way, Subset]]) -> None:
    found = search(world)
    assert found.run() is kind
    assert culprits_of(found) == culprits


def test_a_test_that_needs_others_is_told_from_one_that_always_fails() -> None:
    passed = Scene(test="t", failed=False, before=BEFORE)
    alone = count()

    def world(way: Way, others: Subset) -> bool:
        return (bool(others) or next(alone) >= 0) and not {"before2", "before8"} <= set(others)

    found = search(world, passed=passed)
    assert found.run() is Kind.NEEDS
    assert next(alone) == 5  # it isn't asked once more whether it passes
    assert culprits_of(found) == [(Way.BEFORE, ("before2", "before8"))]


def test_what_passed_once_by_chance_needs_nobody() -> None:
    assert search(lambda way, others: True, passed=Scene(test="t", failed=False, before=BEFORE)).run() is Kind.ALWAYS


def test_the_facts_are_those_of_all_runs() -> None:
    found = search(one_process("before7"))
    found.run()
    assert found.facts == (
        Fact(way=Way.BEFORE, n_tests=0, share=Share(bad=0, n=5)),
        Fact(way=Way.BESIDE, n_tests=0, share=Share(bad=0, n=5)),
        Fact(way=Way.BEFORE, n_tests=40, share=Share(bad=3, n=3)),
        Fact(way=Way.BESIDE, n_tests=3, share=Share(bad=0, n=5)),
    )
    assert found.culprits == [
        Culprit(
            way=Way.BEFORE,
            tests=("before7",),
            fact=Fact(way=Way.BEFORE, n_tests=1, share=Share(bad=5, n=5)),
            rest=Fact(way=Way.BEFORE, n_tests=39, share=Share(bad=0, n=3)),
        )
    ]


def test_a_good_guess_saves_runs_and_a_bad_one_costs_one() -> None:
    def n_runs(guess: Subset) -> int:
        runs = count()
        found = search(lambda way, others: next(runs) >= 0 and one_process("before7")(way, others), guess=guess)
        assert (found.run(), culprits_of(found)) == (Kind.ORDER, [(Way.BEFORE, ("before7",))])
        return next(runs)

    none = n_runs(())
    assert n_runs(("before7", "before9")) < none - 4
    assert n_runs(("before9",)) == none + 1


def test_a_guess_is_of_tests_before_it_alone() -> None:
    asked: list[tuple[Way, Subset]] = []

    def world(way: Way, others: Subset) -> bool:
        asked.append((way, others))
        return two_processes("beside4")(way, others)

    assert search(world, guess=("before9",)).run() is Kind.CONCURRENT
    assert not any(set(others) - set(BESIDE) for way, others in asked if way is Way.BESIDE)


@pytest.mark.parametrize(
    "fails",
    [
        lambda n: n >= 6,  # 5 runs say nothing yet
        lambda n: n % 4 == 0,  # and a failure in four takes more than 15 to be told from none
    ],
)
def test_what_fails_seldom_is_asked_for_more_often(fails: Callable[[int], bool]) -> None:
    runs = count()
    found = search(lambda way, others: bool(others) and fails(next(runs)), scene=Scene(test="t", before=("before7",)))
    assert found.run() is Kind.ORDER


def test_when_the_time_is_up_what_is_known_remains() -> None:
    runs = count()

    def world(way: Way, others: Subset) -> bool:
        if next(runs) == 12:
            raise TimeUpError("2m 00s are up")
        return one_process("before7")(way, others)

    found = search(world)
    with pytest.raises(TimeUpError):
        found.run()
    (culprit,) = found.culprits
    assert (found.kind, culprit.is_minimal) == (Kind.ORDER, False)
    assert "before7" in culprit.tests
    assert len(culprit.tests) < 40

"""The bisection in worlds where it is known why a test fails, without a run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
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


def search(
    world: Callable[[Way, Subset], bool | None],
    *,
    scene: Scene = SCENE,
    passed: Scene | None = None,
    guess: Subset = (),
) -> Search:
    quest = Quest(scene=scene, passed=lambda: passed, guess=guess)
    return Search(quest, lambda _, way, others: world(way, others), lambda text: None)


def one_process(*tests: str) -> World:
    return lambda way, others: not way.is_concurrent and set(tests) <= set(others)


def two_processes(test: str) -> World:
    return lambda way, others: way is Way.BESIDE and test in others


def in_a_worker(way: Way, others: Subset) -> bool:
    return way.is_concurrent


def lasting(test: str) -> World:
    """It leaves a file behind that nothing removes."""
    seen: set[str] = set()

    def world(way: Way, others: Subset) -> bool:
        seen.update(others)
        return test in seen

    return world


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
        (in_a_worker, Kind.WORKER, []),
        (lasting("before7"), Kind.LASTING, []),
        (in_turn(n == 6 for n in count()), Kind.UNCLEAR, []),
    ],
    ids=(
        *("order", "pair", "concurrent", "both", "earlier", "recorded", "always", "unseen", "random"),
        *("worker", "lasting", "unclear"),
    ),
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
    assert next(alone) == 6  # it isn't asked once more whether it passes, but in the end
    assert culprits_of(found) == [(Way.BEFORE, ("before2", "before8"))]


def test_what_passed_once_by_chance_needs_nobody() -> None:
    assert search(lambda way, others: True, passed=Scene(test="t", failed=False, before=BEFORE)).run() is Kind.ALWAYS


def test_the_facts_are_those_of_all_runs() -> None:
    found = search(one_process("before7"))
    found.run()
    assert found.facts == (
        Fact(way=Way.BEFORE, n_tests=0, share=Share(bad=0, n=6)),
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


def test_no_fact_counts_runs_with_other_tests_or_without_a_result() -> None:
    breaks = count()
    found = search(lambda way, others: None if next(breaks) % 3 == 0 else False)
    assert found.run() is Kind.UNSEEN
    assert [(fact.way, fact.n_tests, fact.share) for fact in found.facts] == [
        (Way.BEFORE, 0, Share(bad=0, n=15)),
        (Way.BESIDE, 0, Share(bad=0, n=15)),
        (Way.BEFORE, 40, Share(bad=0, n=15)),
        *[(Way.BESIDE, 3, Share(bad=0, n=15))] * 3,
        (Way.EARLIER, 41, Share(bad=0, n=15)),
        (Way.RECORDED, 50, Share(bad=0, n=15)),
    ]
    assert next(breaks) == sum(fact.share.n for fact in found.facts) * 3 / 2


def test_a_run_without_a_result_is_none_in_which_it_passed() -> None:
    passed = Scene(test="t", failed=False, before=BEFORE)
    breaks = count()
    found = search(lambda way, others: None if others and next(breaks) % 2 else True, passed=passed)
    assert found.run() is Kind.ALWAYS


def test_what_happens_in_each_run_alone_isn_t_asked_with_others() -> None:
    found = search(in_a_worker)
    assert found.run() is Kind.WORKER
    assert not any(fact.way.is_concurrent and fact.n_tests for fact in found.facts)


def test_what_was_asked_alone_before_isn_t_asked_again() -> None:
    """By now it fails alone, as what the suite's run left behind makes it fail."""
    quest = Quest(scene=SCENE, alone=Share(bad=0, n=5))
    found = Search(quest, lambda scene, way, others: True, lambda text: None)
    assert found.run() is Kind.LASTING
    assert found.facts[0].share == Share(bad=3, n=8)


def test_of_tests_that_fail_at_random_5_in_100_have_others_accused_at_most() -> None:
    def is_accused(seed: int) -> bool:
        r = random.Random(seed)
        found = search(lambda way, others: r.random() < (0.1, 0.2, 0.3)[seed % 3])
        with suppress(TimeUpError):
            found.run()
        return bool(found.culprits)

    assert sum(map(is_accused, range(300))) <= 15


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


def test_when_the_time_is_up_it_is_still_told_what_it_needs() -> None:
    runs = count()

    def world(way: Way, others: Subset) -> bool:
        if next(runs) == 12:
            raise TimeUpError("2m 00s are up")
        return "before7" not in others

    found = search(world, passed=Scene(test="t", failed=False, before=BEFORE))
    with pytest.raises(TimeUpError):
        found.run()
    assert found.kind is Kind.NEEDS
    (culprit,) = found.culprits
    assert "before7" in culprit.tests
    assert culprit.fact.share.bad == culprit.fact.share.n == 1  # its own runs, not those of larger sets

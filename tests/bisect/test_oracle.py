from __future__ import annotations

import random

import pytest

from ci_tools.bisect.oracle import (
    OVERLOOKED,
    SURELY_OVERLOOKED,
    TAKEN_FOR_ONE,
    MisledError,
    Oracle,
    Subset,
    TimeUpError,
    is_more,
    is_surely_more,
    judged,
)
from ci_tools.model.statistics import Share


@pytest.mark.parametrize(
    ("k", "n", "high", "answer"),
    [
        (1, 1, 0.95, True),  # what never fails alone and fails once, does it
        (0, 1, 0.95, False),  # and what always fails and doesn't once, doesn't
        (1, 1, 0.5, True),
        (0, 4, 0.5, None),
        (0, 5, 0.5, False),
        (1, 1, 0.1, None),
        (2, 2, 0.1, True),
        (0, 30, 0.1, None),
        (0, 32, 0.1, False),
    ],
)
def test_the_rarer_the_failure_the_more_runs_decide(k: int, n: int, high: float, answer: bool | None) -> None:
    assert judged(Share(bad=k, n=n), low=0.01, high=high, overlooked=OVERLOOKED) is answer


@pytest.mark.parametrize(("low", "high"), [(0.01, 0.95), (0.01, 0.5), (0.01, 0.1), (0.2, 0.9), (0.1, 0.3)])
@pytest.mark.parametrize("overlooked", [OVERLOOKED, SURELY_OVERLOOKED])
def test_it_is_wrong_no_more_often_than_promised(low: float, high: float, overlooked: float) -> None:
    """Exactly, by following all ways that the runs can go. Wald's bounds are of the sum of both errors, nearly."""
    taken, missed = wrong(low, low, high, overlooked)[0], wrong(high, low, high, overlooked)[1]
    assert taken <= TAKEN_FOR_ONE / (1 - overlooked)
    assert missed <= overlooked / (1 - TAKEN_FOR_ONE)


def wrong(rate: float, low: float, high: float, overlooked: float) -> tuple[float, float]:
    """Return the chances to be judged True, and False, when it happens at this rate."""
    chances, ends = {0: 1.0}, {True: 0.0, False: 0.0}
    for n in range(1, 400):
        after: dict[int, float] = {}
        for k, chance in chances.items():
            after[k + 1] = after.get(k + 1, 0.0) + chance * rate
            after[k] = after.get(k, 0.0) + chance * (1 - rate)
        chances = {}
        for k, chance in after.items():
            answer = judged(Share(bad=k, n=n), low=low, high=high, overlooked=overlooked)
            if answer is None:
                chances[k] = chance
            else:
                ends[answer] += chance
    return ends[True], ends[False]


def test_no_question_is_asked_twice_without_need() -> None:
    asked: list[Subset] = []

    def run(others: Subset) -> bool:
        asked.append(others)
        return others == ("b",)

    oracle = Oracle(run, base=Share(bad=0, n=5), known=Share(bad=3, n=3), whole=("a", "b"))
    assert oracle.first([("a",), ("b",)], ("a", "b")) == ("b",)
    assert oracle.first([("b",), ("a",)], ("a", "b")) == ("b",)
    assert asked == [("a",), ("b",)]
    assert (oracle.n_runs, oracle.smallest) == (2, ("b",))


def test_candidates_take_turns() -> None:
    asked: list[Subset] = []

    def run(others: Subset) -> bool:
        asked.append(others)
        return len(asked) in (6, 8)

    oracle = Oracle(run, base=Share(bad=0, n=5), known=Share(bad=10, n=20), whole=("a", "b"))
    assert oracle.first([("a",), ("b",)], ("a", "b")) == ("b",)
    assert asked == [("a",), ("b",)] * 4


def test_when_no_half_does_it_the_whole_is_asked_whether_it_still_does() -> None:
    """It was thought to fail always; it fails in some runs: now each half has to pass more often."""
    answers = {("a",): [False] * 20, ("b",): [False, False, True, True], ("a", "b"): [False, True], (): [False] * 3}
    oracle = Oracle(
        lambda others: answers[others].pop(0), base=Share(bad=0, n=5), known=Share(bad=3, n=3), whole=("a", "b")
    )
    assert oracle.first([("a",), ("b",)], ("a", "b")) == ("b",)
    assert answers[("a", "b")] == answers[()] == []
    assert (oracle.known, oracle.base) == (Share(bad=4, n=5), Share(bad=0, n=8))


def test_what_does_it_no_more_is_no_longer_thought_to() -> None:
    fails = iter([True])
    oracle = Oracle(
        lambda others: next(fails, False), base=Share(bad=0, n=5), known=Share(bad=3, n=3), whole=("a", "b", "c")
    )
    assert oracle.first([("a", "b"), ("c",)], ("a", "b", "c")) == ("a", "b")
    with pytest.raises(MisledError):
        oracle.first([("a",), ("b",)], ("a", "b"))
    assert oracle.smallest == ("a", "b", "c")


def test_what_is_not_confirmed_is_no_longer_thought_to_do_it_either() -> None:
    fails = iter([True])
    oracle = Oracle(
        lambda others: next(fails, False), base=Share(bad=0, n=5), known=Share(bad=3, n=3), whole=("a", "b")
    )
    assert oracle.first([("a",), ("b",)], ("a", "b")) == ("a",)
    assert oracle.confirm(("a",), 3) == Share(bad=0, n=24)
    assert oracle.smallest == ("a", "b")


def test_who_is_accused_of_what_happens_alone_too_does_it_surely() -> None:
    five = Share(bad=5, n=5)
    assert is_more(five, Share(bad=2, n=8))
    assert not is_surely_more(five, Share(bad=2, n=8))
    assert is_surely_more(five, Share(bad=0, n=5))


def test_a_search_that_gets_lost_ends() -> None:
    """No set of three is told from no set by 5 failures of 200 runs."""
    r = random.Random(1)
    oracle = Oracle(
        lambda others: r.random() < 0.5, base=Share(bad=98, n=200), known=Share(bad=101, n=200), whole=("a", "b")
    )
    with pytest.raises(TimeUpError, match="1,000 runs have not been enough"):
        for _ in range(100):
            oracle.confirm(("a",), 100)

"""Delta debugging with oracles that are right, that know more than one answer, and that are wrong at times."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.bisect.ddmin import minimal
from ci_tools.bisect.oracle import Oracle, Subset, is_more
from ci_tools.model.statistics import Share

NEVER, ALWAYS = Share(bad=0, n=5), Share(bad=3, n=3)


def numbered(n: int) -> Subset:
    return tuple(f"t{number}" for number in range(n))


def found(run: Callable[[Subset], bool], whole: Subset) -> tuple[Subset, int]:
    """Search with an oracle that is taken for always right; return the tests and how many runs it took."""
    oracle = Oracle(run, base=NEVER, known=ALWAYS, whole=whole)
    answer = minimal(whole, oracle, confirm=3)
    assert answer is not None
    return answer[0], oracle.n_runs


@given(st.integers(1, 300), st.data())
def test_just_the_tests_that_it_takes_are_found_in_their_order(n: int, data: st.DataObject) -> None:
    whole = numbered(n)
    culprits = data.draw(st.sets(st.sampled_from(whole), min_size=1, max_size=4))
    tests, n_runs = found(culprits.issubset, whole)
    assert tests == tuple(test for test in whole if test in culprits)
    # Of each: two halves a level, and six more runs wherever it takes both; then whether each is needed.
    assert n_runs <= len(culprits) * (2 * ceil(log2(max(n, 2))) + 8) + 4 * len(culprits) ** 2 + 12


@given(st.integers(2, 60), st.data())
def test_of_several_sets_that_do_it_one_is_found(n: int, data: st.DataObject) -> None:
    whole = numbered(n)
    sets = data.draw(st.lists(st.sets(st.sampled_from(whole), min_size=1, max_size=3), min_size=1, max_size=4))
    tests, _ = found(lambda others: any(map(set(others).issuperset, sets)), whole)
    assert set(tests) in sets
    assert not any(other < set(tests) for other in sets)


@given(st.integers(1, 25), st.integers(0, 2**32))
def test_whatever_the_answers_none_of_those_found_can_be_left_out(n: int, seed: int) -> None:
    """Tests that undo what others do make more tests do less: nothing can be promised then but this."""
    whole = numbered(n)

    def run(others: Subset) -> bool:
        return others == whole or (bool(others) and random.Random(f"{seed} {others}").random() < 0.3)

    tests, _ = found(run, whole)
    assert run(tests)
    assert not any(run(tuple(other for other in tests if other != test)) for test in tests if len(tests) > 1)


@pytest.mark.parametrize(("rate", "n_culprits"), [(1.0, 1), (1.0, 2), (0.8, 1), (0.5, 1), (0.5, 2), (0.3, 1)])
def test_a_failure_that_comes_and_goes_is_traced_in_95_of_100_suites(rate: float, n_culprits: int) -> None:
    right = sum(traced(seed, rate, n_culprits) for seed in range(300))
    assert right >= 285


def traced(seed: int, rate: float, n_culprits: int, *, alone: float = 0.0) -> bool:
    r = random.Random(seed)
    whole = numbered(r.randint(20, 200))
    culprits = set(r.sample(whole, n_culprits))

    def run(others: Subset) -> bool:
        return r.random() < (rate if culprits.issubset(others) else alone)

    def more(share: Share, others: Subset) -> Share:
        return share + Share(bad=run(others), n=1)

    base = known = Share(bad=0, n=0)
    while not (known.n >= 3 and is_more(known, base)):
        base, known = more(base, ()), more(known, whole)
    answer = minimal(whole, Oracle(run, base=base, known=known, whole=whole), confirm=5)
    return answer is not None and set(answer[0]) == culprits


def test_what_happened_once_and_never_again_is_nothing_found() -> None:
    asked: set[Subset] = set()

    def run(others: Subset) -> bool:
        is_new = others not in asked
        asked.add(others)
        return is_new

    assert minimal(numbered(4), Oracle(run, base=NEVER, known=ALWAYS, whole=numbered(4)), confirm=3) is None


def test_a_test_that_fails_alone_at_times_is_traced_too() -> None:
    assert sum(traced(seed, 0.9, 1, alone=0.1) for seed in range(200)) >= 180

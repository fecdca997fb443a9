"""Which few of many tests it takes: delta debugging, with an oracle that may be wrong.

Half of the tests is enough mostly, and then half of that. Where neither half is, both hold something that the
other one needs: each is searched in turn, beside what is known of the other. One test of n takes some 2 log n
questions, k of them k times as many; no order of answers takes more than 2 n. The tests keep their order.
Source: Zeller (1999), https://doi.org/10.1145/318774.318946
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from ci_tools.bisect.oracle import MisledError, Subset, is_surely_more
from ci_tools.model.statistics import Share

# How often a search begins anew, as it went astray. What was asked before needn't be asked again.
ATTEMPTS = 10


class Judge(Protocol):
    """Who answers: see `oracle.Oracle`."""

    @property
    def base(self) -> Share: ...
    def first(self, candidates: Sequence[Subset], whole: Subset) -> Subset | None: ...
    def confirm(self, subset: Subset, n: int) -> Share: ...


def minimal(whole: Subset, judge: Judge, *, confirm: int) -> tuple[Subset, Share] | None:
    """Return the fewest tests found that still do it, and how often they did in `confirm` further runs or more.

    `whole` is known to do it, and no test is in it twice. Without any one of those returned the others don't do it.
    None when nothing was found that does it more often than it happens without anybody.
    """
    for _ in range(ATTEMPTS):
        with suppress(MisledError):
            found = _confirmed(whole, judge, confirm)
            if found is not None:
                return found
    return None


def _confirmed(whole: Subset, judge: Judge, confirm: int) -> tuple[Subset, Share] | None:
    """Search, and again within what was found, until nothing is left out: then each was asked for whether it can be.

    By then the rate is known better too.
    """
    while True:
        found = _search(whole, (), whole, judge)
        share = judge.confirm(found, confirm)
        if not is_surely_more(share, judge.base):
            return None
        if len(found) in (1, len(whole)):
            return found, share
        whole = found


def _search(order: Subset, fixed: Subset, tests: Subset, judge: Judge) -> Subset:
    """Return which of the tests it takes; with `fixed` all of them do it, without any of them that doesn't."""
    if len(tests) == 1:
        return tests
    halves = tests[: len(tests) // 2], tests[len(tests) // 2 :]
    joined = [_ordered(order, fixed, half) for half in halves]
    found = judge.first(joined, _ordered(order, fixed, tests))
    if found is not None:
        return _search(order, fixed, halves[joined.index(found)], judge)
    left = _search(order, _ordered(order, fixed, halves[1]), halves[0], judge)
    right = _search(order, _ordered(order, fixed, left), halves[1], judge)
    return _ordered(order, left, right)


def _ordered(order: Subset, *parts: Subset) -> Subset:
    chosen = set().union(*parts)
    return tuple(test for test in order if test in chosen)

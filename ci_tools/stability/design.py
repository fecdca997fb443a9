"""Under which conditions a suite runs, one run after the other: all that differs meets as early as it can.

A covering design: each level meets each order first, and each value of anything each value of anything else
soon after; repeats come when that is done. Two seeds of one number give the same runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, count, product
from typing import Any

from ci_tools.model.trial import Conditions, Order

TIME_ZONES = ("", "Pacific/Kiritimati", "America/St_Johns")  # here; a day ahead; behind, with half an hour
N_HASH_SEEDS = 3
SEEDS = 1_000_000

Row = tuple[Any, ...]
Pair = tuple[tuple[int, Any], tuple[int, Any]]
_LEVEL_AND_ORDER = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What differs from run to run. `levels` are pytest-xdist's `-n`, `stress` numbers of busy processes."""

    levels: tuple[str, ...] = ("0", "1", "2", "auto")
    orders: tuple[Order, ...] = (Order.SAME, Order.REVERSE, Order.RANDOM)
    time_zones: tuple[str, ...] = TIME_ZONES
    stress: tuple[int, ...] = (0,)
    dist: str = "loadfile"
    seed: int = 0

    @property
    def hash_seeds(self) -> tuple[int, ...]:
        """Values of PYTHONHASHSEED; few, so that each is seen more than once."""
        return tuple(number_of(self.seed, f"hash {n}") for n in range(N_HASH_SEEDS))

    @property
    def values(self) -> tuple[tuple[Any, ...], ...]:
        """The values of all that differs, in the order of a row."""
        return self.levels, self.orders, self.hash_seeds, self.time_zones, self.stress


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What has met so far: levels with orders, and any two values; of how many."""

    level_orders: int
    of_level_orders: int
    pairs: int
    of_pairs: int


def design(factors: Factors) -> Iterator[Conditions]:
    """Yield the conditions of the first run, the second, and so on without end.

    The first is the first level in pytest's own order and time zone. Random orders each have a seed of their own.
    """
    numbers = count(1)
    for turn in count():
        for row in _covering(factors, turn):
            yield _conditions(factors, row, next(numbers))


def coverage(done: Iterable[Conditions], factors: Factors) -> Coverage:
    """Return what these runs have covered."""
    seen = {pair for conditions in done for pair in _pairs(_row(conditions))}
    every = _all_pairs(factors)
    main = {pair for pair in every if _is_main(pair)}
    return Coverage(
        level_orders=len(seen & main), of_level_orders=len(main), pairs=len(seen & every), of_pairs=len(every)
    )


def number_of(seed: int, name: str) -> int:
    """Return the number that belongs to a name under a seed, below SEEDS."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8], "big") % SEEDS


def _covering(factors: Factors, turn: int) -> Iterator[Row]:
    """Yield rows until every pair was in one: greedily, each the one that brings most that is new."""
    rows = list(product(*factors.values))
    rank = {row: number_of(factors.seed, f"row {turn} {index}") for index, row in enumerate(rows)}
    todo, fresh = _all_pairs(factors), {(place, value) for row in rows for place, value in enumerate(row)}

    def worth(row: Row) -> tuple[int, int, int, int]:
        new = todo & _pairs(row)
        return sum(map(_is_main, new)), len(fresh & set(enumerate(row))), len(new), rank[row]

    row = rows[0] if turn == 0 else max(rows, key=worth)
    while todo:
        yield row
        todo -= _pairs(row)
        fresh -= set(enumerate(row))
        row = max(rows, key=worth)


def _all_pairs(factors: Factors) -> set[Pair]:
    return {pair for row in product(*factors.values) for pair in _pairs(row)}


def _pairs(row: Row) -> set[Pair]:
    return set(combinations(enumerate(row), 2))


def _is_main(pair: Pair) -> bool:
    return (pair[0][0], pair[1][0]) == _LEVEL_AND_ORDER


def _row(conditions: Conditions) -> Row:
    return conditions.workers, conditions.order, conditions.hash_seed, conditions.tz, conditions.stress


def _conditions(factors: Factors, row: Row, number: int) -> Conditions:
    workers, order, hash_seed, tz, stress = row
    seed = number_of(factors.seed, f"order {number}") if order is Order.RANDOM else 0
    return Conditions(
        workers=workers, dist=factors.dist, order=order, seed=seed, hash_seed=hash_seed, tz=tz, stress=stress
    )

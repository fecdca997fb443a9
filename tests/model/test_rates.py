"""k of n and its bounds, against published values and against the definition itself."""

from __future__ import annotations

from math import comb

import pytest

from ci_tools.model.rates import interval, percent, rate_text, upper_bound


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        # 95 % limits as any table of Clopper and Pearson's has them.
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (2, 10, 0.0252, 0.5561),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (1, 20, 0.0013, 0.2487),
        (10, 100, 0.0490, 0.1762),
        (50, 100, 0.3983, 0.6017),
    ],
)
def test_the_interval_is_the_published_one(k: int, n: int, low: float, high: float) -> None:
    assert interval(k, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 41])
def test_at_each_bound_what_was_seen_has_a_chance_of_two_and_a_half_per_cent(n: int) -> None:
    for k in range(n + 1):
        low, high = interval(k, n)
        if k > 0:
            assert _chance(range(k, n + 1), n, low) == pytest.approx(0.025, abs=1e-9)
        if k < n:
            assert _chance(range(k + 1), n, high) == pytest.approx(0.025, abs=1e-9)
    assert _chance(range(1), n, upper_bound(n)) == pytest.approx(0.05)


def _chance(ks: range, n: int, share: float) -> float:
    return sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in ks)


def test_large_numbers_overflow_nothing() -> None:
    low, high = interval(3_000, 100_000)
    assert (round(low, 4), round(high, 4)) == (0.0290, 0.0311)


def test_of_nothing_nothing_is_known() -> None:
    assert (interval(0, 0), upper_bound(0)) == ((0.0, 1.0), 1.0)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.0732, "7.3 %"),
        (0.0004, "under 0.1 %"),
        (0.9996, "over 99.9 %"),
        (0.0005, "0.1 %"),
        (0.9995, "over 99.9 %"),
    ],
)
def test_a_percentage_reads_0_or_100_only_when_exact(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("k", "n", "text"),
    [
        (3, 41, "3 of 41 runs (7.3 %, 95 % interval 1.5 to 19.9 %)"),
        (0, 10, "0 of 10 runs (at most 25.9 %)"),
        (0, 1, "0 of 1 run (at most 95.0 %)"),
        (0, 1_000_000, "0 of 1,000,000 runs (at most 0.1 %)"),
        (1, 1, "1 of 1 run (100 %, 95 % interval 2.5 to 100 %)"),
        (1, 5_000, "1 of 5,000 runs (under 0.1 %, 95 % interval under 0.1 to 0.1 %)"),
        (0, 0, "0 of 0 runs"),
    ],
)
def test_a_rate_is_said_with_what_it_proves(k: int, n: int, text: str) -> None:
    assert rate_text(k, n) == text


def test_a_rate_may_be_of_something_else() -> None:
    assert rate_text(0, 10, "shard") == "0 of 10 shards (at most 25.9 %)"

"""How often something happened, with what that proves: k of n and its 95 % bounds.

The bounds are Clopper and Pearson's, exact for the binomial distribution: they never promise more than was seen.
Source: Clopper, Pearson (1934), https://doi.org/10.1093/biomet/26.4.404
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import exp, fsum, lgamma, log, log1p

DOUBT = 0.05


def interval(k: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of the true share behind k of n, 0 ≤ k ≤ n; nothing is known of 0 of 0."""
    if n == 0:
        return 0.0, 1.0
    return _lower(k, n, DOUBT / 2), 1.0 - _lower(n - k, n, DOUBT / 2)


def upper_bound(n: int) -> float:
    """Return what the true share is at most, with 95 % confidence, when it happened in none of n."""
    return 1.0 - float(DOUBT ** (1 / n)) if n else 1.0


def percent(share: float) -> str:
    """Return `7.3 %`; it reads 0 or 100 only when that is exact."""
    return f"{_number(share)} %"


def rate_text(k: int, n: int, noun: str = "run") -> str:
    """Return `3 of 41 runs (7.3 %, 95 % interval 1.5 to 19.9 %)`, of none `0 of 10 runs (at most 25.9 %)`.

    "At most" is with 95 % confidence.
    """
    counted = f"{k:,} of {n:,} {noun if n == 1 else noun + 's'}"
    if n == 0:
        return counted
    if k == 0:
        return f"{counted} (at most {percent(max(upper_bound(n), 0.001))})"
    low, high = interval(k, n)
    return f"{counted} ({percent(k / n)}, 95 % interval {_number(low)} to {percent(high)})"


def _number(share: float) -> str:
    if share in (0.0, 1.0):
        return f"{share:.0%}".rstrip("%")
    rounded = f"{100 * share:.1f}"
    return {"0.0": "under 0.1", "100.0": "over 99.9"}.get(rounded, rounded)


@cache
def _lower(k: int, n: int, doubt: float) -> float:
    """Return the share with which k or more of n have a chance of just `doubt`."""
    return _root(lambda share: _at_least(k, n, share) - doubt) if k else 0.0


def _root(rising: Callable[[float], float]) -> float:
    """Return where a function that rises from below 0 to above it, within 0 and 1, crosses; by halving."""
    low, high = 0.0, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def _at_least(k: int, n: int, share: float) -> float:
    """Return the chance of k or more of n, of whichever end has fewer terms; logarithms, as n may be large."""
    if k <= n - k:
        return 1.0 - fsum(_exactly(i, n, share) for i in range(k))
    return fsum(_exactly(i, n, share) for i in range(k, n + 1))


def _exactly(k: int, n: int, share: float) -> float:
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(share) + (n - k) * log1p(-share))

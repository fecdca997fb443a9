"""Prices in cents."""

from __future__ import annotations

import time


def with_tax(cents: int, percent: int = 19) -> int:
    """Return the price with tax, rounded half up.

    >>> with_tax(1000)
    1190
    """
    return (cents * (100 + percent) + 50) // 100


def discount(cents: int, percent: int) -> int:
    """Return the price after a discount; ValueError outside of 0 to 100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"no such discount: {percent} %")
    return cents - cents * percent // 100


def exchange(cents: int, rate: float) -> int:
    """Return the price in another currency, as the slow service has it."""
    time.sleep(0.05)
    return round(cents * rate)

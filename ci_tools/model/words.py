"""Counts and durations as people write them."""

from __future__ import annotations


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 test`, `2 tests`, `12,345 tests`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return seconds as people say them: `0.4 s`, `12.3 s`, `4m 07s`, `1h 02m`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m"


def size(n_bytes: int) -> str:
    """Return bytes in decimal units: `12 kB`, `200 MB`."""
    value = float(n_bytes)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def some(names: list[str], limit: int = 3) -> str:
    """Return the first few names, quoted, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:limit])
    more = len(names) - limit
    return f"{shown} and {more:,} more" if more > 0 else shown

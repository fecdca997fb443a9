"""What a test's marks mean beyond this pytest run: for other shards, and for what `-m` leaves to other jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

OURS = ("serial", "no_parallel", "shared_resource")


def global_resources(item: pytest.Item) -> Iterator[str]:
    """Yield the resources that the test shares with tests of other shards."""
    for mark in item.iter_markers("shared_resource"):
        if mark.kwargs.get("scope") == "global":
            yield from map(str, mark.args)


def held_back_by(config: pytest.Config) -> tuple[str, ...]:
    """Return the marks of ours that `-m` names; of a deselected test with one of them it may be the reason."""
    words = re.findall(r"\w+", getattr(config.option, "markexpr", "") or "")
    return tuple(name for name in OURS if name in words)


def has_any(item: pytest.Item, names: tuple[str, ...]) -> bool:
    """Return whether the test, its class or its module has one of these marks."""
    return any(item.get_closest_marker(name) is not None for name in names)

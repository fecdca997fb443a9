"""What a test's marks mean beyond this pytest run: for other shards, and for what `-m` leaves to other jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ci_tools.model.errors import CiToolsError

OURS = ("serial", "no_parallel", "shared_resource")


def global_resources(item: pytest.Item) -> Iterator[str]:
    """Yield the resources that the test shares with tests of other shards."""
    for mark in item.iter_markers("shared_resource"):
        if mark.kwargs.get("scope") == "global":
            yield from map(str, mark.args)


def held_back_by(config: pytest.Config) -> tuple[str, ...]:
    """Return the marks of ours that `-m` names; of a deselected test with one of them it may be the reason.

    None where the project says that such tests are another job's.
    """
    words = re.findall(r"\w+", getattr(config.option, "markexpr", "") or "")
    names = tuple(name for name in OURS if name in words)
    return () if names and _run_elsewhere(config) else names


def _run_elsewhere(config: pytest.Config) -> bool:
    from ci_tools.store.project import read_project

    try:
        return read_project(config.rootpath).marks_run_elsewhere
    except CiToolsError:  # told by who needs more of it
        return False


def has_any(item: pytest.Item, names: tuple[str, ...]) -> bool:
    """Return whether the test, its class or its module has one of these marks."""
    return any(item.get_closest_marker(name) is not None for name in names)

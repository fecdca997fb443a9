"""Tests that are marked wait for each other, whatever the scheduler: locks taken around a test."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.plugin.marks import marked

if TYPE_CHECKING:
    from ci_tools.plugin.run import Run

# How long the test that is about to begin has waited, in seconds; whoever records it sets it back to 0.
LOCK_WAIT_S: pytest.StashKey[float] = pytest.StashKey()


class Resources:
    """Where tests run: looks at what was collected, and brings in what it asks for. Most suites ask for nothing."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Get ready before pytest-xdist hears of the collection: no worker has begun by then."""
        found = marked(session.items)
        if found.serial or found.uses or found.errors:
            from ci_tools.plugin.guard import guard

            self._config.pluginmanager.register(guard(self._config, self._run, found), "xdist-ci-guard")
        if any(map(_asks_for_once, session.items)):
            from ci_tools.plugin.once import once_of

            with contextlib.suppress(CiToolsError):  # told to whoever calls it
                once_of(self._config).join()


def _asks_for_once(item: pytest.Item) -> bool:
    """Return whether the test gets our fixture: `once` may be the user's own, or a parameter."""
    if "once" not in getattr(item, "fixturenames", ()):
        return False
    for found in reversed(item._fixtureinfo.name2fixturedefs.get("once", ())):  # type: ignore[attr-defined]
        if found.func.__module__ == "ci_tools.plugin.fixtures":
            return True
        if "once" not in found.argnames:
            return False
    return False

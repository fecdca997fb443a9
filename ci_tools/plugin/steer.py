"""A trial's run: the tests that it asks for, in the order that it asks for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ci_tools.model.nodeid import file_of
from ci_tools.model.trial import Order, Steering
from ci_tools.plugin import retries
from ci_tools.plugin.nodeids import cleaner


def steer(config: pytest.Config, steering: Steering, out: Path) -> None:
    """Register what this process needs; `out` is the bundle's directory."""
    _forbid_reruns(config)
    config.pluginmanager.register(Steer(config, steering), "xdist-ci-steer")


def _forbid_reruns(config: pytest.Config) -> None:
    """A rerun hides what a trial is to find."""
    for plugin in list(config.pluginmanager.get_plugins()):
        if getattr(plugin, "__name__", "") in retries.PLUGINS:
            config.pluginmanager.unregister(plugin)


class Steer:
    """Where tests are collected: keeps and orders them."""

    def __init__(self, config: pytest.Config, steering: Steering) -> None:
        self._steering = steering
        self._clean = cleaner(config)
        self._root = config.rootpath
        self._worker = getattr(config, "workerinput", {}).get("workerid", "main")
        self._files = frozenset(map(file_of, steering.chosen))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Iterator[None]:
        outcome = yield
        if self._files and file_path.name != "__init__.py" and self._file(file_path) not in self._files:
            outcome.force_result([])  # type: ignore[attr-defined]

    def _file(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else ""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
        # The outermost wrapper: after plugins that shuffle, and what conftests do.
        yield
        asked = self._steering.lanes.get(self._worker, ()) if self._steering.lanes else self._steering.tests
        if not self._files:
            items[:] = ordered(items, self._steering.order, self._steering.seed)
            return
        by_id = {self._clean(item.nodeid): item for item in items}
        kept = [by_id[nodeid] for nodeid in asked if nodeid in by_id]
        chosen = set(map(id, kept))
        others = [item for item in items if id(item) not in chosen]
        if others:
            config.hook.pytest_deselected(items=others)
        items[:] = kept


def ordered(items: Sequence[pytest.Item], order: Order, seed: int) -> list[pytest.Item]:
    """Return the tests in an order; files, classes and functions stay together when they are shuffled."""
    if order is not Order.RANDOM:
        return list(items) if order is Order.SAME else list(reversed(items))
    shuffled = random.Random(seed)
    rank: dict[tuple[str, ...], float] = {}

    def place(item: pytest.Item) -> list[float]:
        parts = item.nodeid.split("::")
        parts[-1:] = [parts[-1].partition("[")[0], parts[-1]]
        return [rank.setdefault(tuple(parts[: depth + 1]), shuffled.random()) for depth in range(len(parts))]

    return sorted(items, key=place)

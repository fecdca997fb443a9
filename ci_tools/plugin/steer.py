"""A trial's run: the tests that it asks for, in the order that it asks for, each of them once, all to the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from ci_tools.formats import marks_json
from ci_tools.model.errors import CiToolsError
from ci_tools.model.nodeid import file_of, scopes_of
from ci_tools.model.trial import Order, Steering
from ci_tools.plugin import retries
from ci_tools.plugin.nodeids import cleaner
from ci_tools.store.files import write_text

# By the names of their modules. A rerun hides what a trial is to find, an order of their own is not the trial's.
_UNWANTED = retries.PLUGINS | {"random_order.plugin"}
# What pytest chooses by its cache, and keeps there: the user's next --lf is not about a trial.
_OF_CACHE = ("lfplugin", "lfplugin-collwrapper", "nfplugin", "stepwise", "stepwiseplugin")
# No categories of tests.
_OF_PYTEST = frozenset({"filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xdist_group", "xfail"})


def steer(config: pytest.Config, steering: Steering, out: Path) -> None:
    """Register what this process needs; `out` is the bundle's directory."""
    _forbid(config)
    config.pluginmanager.register(Steer(config, steering, out), "xdist-ci-steer")
    if steering.together:
        from ci_tools.plugin.together import together

        together(config, steering, out)
    if steering.evidence:
        from ci_tools.plugin.evidence.watch import watch

        watch(config, steering, out)


def _forbid(config: pytest.Config) -> None:
    """Turn off what would run tests again, leave some out, shuffle them, or end the run before its last test.

    Their options are parsed and their marks are known by now: neither is refused.
    """
    manager = config.pluginmanager
    for plugin in list(manager.get_plugins()):
        if getattr(plugin, "__name__", "") in _UNWANTED:
            manager.unregister(plugin)
    for name in filter(manager.has_plugin, _OF_CACHE):
        manager.unregister(name=name)
    config.option.maxfail = 0
    distributor: Any = manager.get_plugin("dsession")
    if distributor is not None:  # it has read the option already
        distributor.maxfail = 0
    if hasattr(config.option, "randomly_reorganize"):  # pytest-randomly goes on to seed
        config.option.randomly_reorganize = False


class Steer:
    """Where tests are collected: keeps and orders them."""

    def __init__(self, config: pytest.Config, steering: Steering, out: Path) -> None:
        self._steering = steering
        self._out = out
        self._clean = cleaner(config)
        self._root = config.rootpath
        self._worker = getattr(config, "workerinput", {}).get("workerid", "main")
        self._files = frozenset(map(file_of, steering.chosen))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Iterator[None]:
        outcome: Any = yield
        if self._files and not self._may_hold_chosen(file_path):
            outcome.force_result([])

    def _may_hold_chosen(self, path: Path) -> bool:
        # Outside of rootdir an id doesn't tell the path; a package's __init__.py is its directory's.
        if path.name == "__init__.py" or not path.is_relative_to(self._root):
            return True
        return path.relative_to(self._root).as_posix() in self._files

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
        # The outermost wrapper: after plugins that shuffle, and what conftests do.
        yield
        if not self._files:
            items[:] = ordered(items, self._steering.order, self._steering.seed)
            if self._steering.as_is:
                self._write_marks(items)
            return
        asked = self._steering.lanes.get(self._worker, ()) if self._steering.lanes else self._steering.tests
        by_id = {self._clean(item.nodeid): item for item in items}
        kept = [by_id[nodeid] for nodeid in dict.fromkeys(asked) if nodeid in by_id]
        chosen = set(map(id, kept))
        others = [item for item in items if id(item) not in chosen]
        if others:
            config.hook.pytest_deselected(items=others)
        items[:] = kept

    def _write_marks(self, items: Sequence[pytest.Item]) -> None:
        """Write down who has which marks, where no worker has done so yet."""
        path = self._out / "marks.json"
        if path.exists():
            return
        marks: dict[str, list[str]] = {}
        for item in items:
            for mark in {mark.name for mark in item.iter_markers()} - _OF_PYTEST:
                marks.setdefault(mark, []).append(self._clean(item.nodeid))
        with contextlib.suppress(CiToolsError):  # a full disk is told of by what matters more
            write_text(path, marks_json.dumps(marks))


def ordered(items: Sequence[pytest.Item], order: Order, seed: int) -> list[pytest.Item]:
    """Return the tests in an order; files, classes and functions stay together when they are shuffled.

    A seed's order of two tests is the same whatever others there are.
    """
    if order is not Order.RANDOM:
        return list(items) if order is Order.SAME else list(reversed(items))
    ranks: dict[str, bytes] = {}

    def rank(scope: str) -> bytes:
        if scope not in ranks:
            ranks[scope] = blake2b(f"{seed} {scope}".encode(errors="backslashreplace"), digest_size=8).digest()
        return ranks[scope]

    def place(item: pytest.Item) -> list[bytes]:
        nodeid = item.nodeid
        return [*map(rank, reversed(list(scopes_of(nodeid)))), rank(nodeid)]

    return sorted(items, key=place)

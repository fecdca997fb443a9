"""A trial that asks for evidence: in each process that runs tests, what each of them touches and leaves changed.

Units are what may run beside each other: a test with its own fixtures; a fixture of wider scope, during whichever test
it is set up or torn down; the import of test files; what hooks do at the end. `workers/gw0.evidence.jsonl`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ci_tools.formats import evidence_jsonl
from ci_tools.model.evidence import Kind
from ci_tools.model.trial import Steering
from ci_tools.plugin.evidence.units import Observer
from ci_tools.plugin.hooks import distributes
from ci_tools.plugin.nodeids import cleaner
from ci_tools.plugin.run import RUN
from ci_tools.store.lines import Lines

if TYPE_CHECKING:
    from ci_tools.plugin.evidence.slow import SlowMotion

_AROUND = re.compile(r"_(?:xunit|unittest)_(\w+?)_fixture_")


def watch(config: pytest.Config, steering: Steering, out: Path) -> None:
    """Register what watches this process, if it runs tests; `out` is the bundle's directory.

    In a replay of few tests no cost is spared: all that a snapshot can see is looked at after each test.
    """
    if distributes(config):
        return
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    directory = out / "workers"
    directory.mkdir(exist_ok=True)
    lines = Lines(directory / f"{worker}.evidence.jsonl")
    lines.write(evidence_jsonl.header_line(worker, str(config.rootpath)))
    observer = Observer(lines, worker, str(config.rootpath), _private(config, out), is_thorough=bool(steering.chosen))
    observer.listen()
    if steering.meet_at:
        from ci_tools.plugin.evidence.slow import slow_motion

        slow = slow_motion(steering, worker, directory / "shared")
        observer.slow_down(slow)
        config.pluginmanager.register(_Over(slow), "xdist-ci-slow")
    config.pluginmanager.register(Evidence(config, observer), "xdist-ci-evidence")


def _private(config: pytest.Config, out: Path) -> list[str]:
    """Return the directories that no other run or process looks into."""
    private = [str(out)]
    if RUN in config.stash:
        private.append(str(config.stash[RUN].root))
    return private


class _Over:
    def __init__(self, slow: SlowMotion) -> None:
        self._slow = slow

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        yield
        self._slow.leave()


class Evidence:
    """Tells the observer which unit runs."""

    def __init__(self, config: pytest.Config, observer: Observer) -> None:
        self._config = config
        self._root = config.rootpath
        self._clean = cleaner(config)
        self._observer = observer
        self._test = ""
        observer.enter(Kind.COLLECTION, "")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        self._observer.leave()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        factory = getattr(self._config, "_tmp_path_factory", None)
        if factory is not None:
            base: Path = factory.getbasetemp()
            self._observer.add_private(str(base.parent if base.name.startswith("popen-") else base))
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._test = self._clean(item.nodeid)
        self._observer.enter(Kind.TEST, self._test)
        yield
        self._observer.leave()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        if fixturedef.scope == "function":
            yield
            return
        # Of a fixture's finalizers the last one added is called first: these two stand around its own.
        fixturedef.addfinalizer(self._observer.leave)
        self._enter(fixturedef)
        yield
        self._observer.leave()
        fixturedef.addfinalizer(lambda: self._enter(fixturedef))

    def _enter(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        self._observer.enter(Kind.FIXTURE, fixture_id(fixturedef, self._root), fixturedef.scope, self._test)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        self._observer.enter(Kind.END, "")
        self._observer.take_rest()
        yield
        self._observer.end()


def fixture_id(fixturedef: pytest.FixtureDef[Any], root: Path) -> str:
    """Return `path::name`, the path of the file that defines it; of a plugin's its module.

    What pytest makes of `setup_class`, `setUpClass` and the like is called so, below its module or class.
    """
    around = _AROUND.match(fixturedef.argname)
    if around and fixturedef.baseid:
        return f"{fixturedef.baseid}::{around[1]}"
    function = inspect.unwrap(fixturedef.func)
    code = getattr(function, "__code__", None)
    path = Path(code.co_filename) if code else root
    if path != root and path.is_relative_to(root) and "site-packages" not in path.parts:
        return f"{path.relative_to(root).as_posix()}::{fixturedef.argname}"
    return f"{getattr(function, '__module__', '')}::{fixturedef.argname}"

"""Who schedules under pytest-xdist: we do for `--dist loadfile`, unless somebody else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci_tools.formats import collected_jsonl
from ci_tools.model.errors import CiToolsError
from ci_tools.model.plan import Plan
from ci_tools.plugin.hooks import others_implement
from ci_tools.plugin.settings import CRASH_SAFE
from ci_tools.store.files import read_text

# What of pytest-xdist's own `loadfile` and of its workers is relied on.
_OF_SCHEDULER = ("_check_nodes_have_same_collection", "collection_is_completed", "tests_finished")
_OF_WORKER = ("send_runtest_some", "shutdown", "shutting_down")


class Schedule:
    """On the controller: makes the scheduler, and follows which test has begun and not ended."""

    def __init__(self, config: pytest.Config, plan: Plan, out: Path) -> None:
        self._config = config
        self._plan = plan
        self._out = out
        self._open: dict[str, bool] = {}
        self._again: set[str] = set()

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Return our scheduler, or say who schedules instead."""
        problem = self._why_not()
        if problem:
            self._tell(problem)
            return None
        from ci_tools.plugin.loadfile import AtomScheduling

        return AtomScheduling(
            config, log, plan=self._plan, serial=self._serial, is_open=self._open.get, tell=self._tell
        )

    def pytest_configure_node(self, node: Any) -> None:
        if not self._why_not():
            node.workerinput[CRASH_SAFE] = True

    def _why_not(self) -> str:
        if others_implement(self._config, "pytest_xdist_make_scheduler", self, "dsession"):
            return "another plugin schedules the tests; should a worker crash, it says what happens"
        dist = self._config.option.dist
        if dist != "loadfile":
            return f"--dist {dist} is scheduled by pytest-xdist itself; --dist loadfile is crash-safe and runs the plan"
        try:
            from xdist.scheduler.loadfile import LoadFileScheduling
            from xdist.workermanage import WorkerController
        except ImportError:
            missing = ["its scheduler"]
        else:
            missing = [name for name in _OF_SCHEDULER if not hasattr(LoadFileScheduling, name)]
            missing += [name for name in _OF_WORKER if not hasattr(WorkerController, name)]
        if missing:
            return f"this pytest-xdist is not known ({missing[0]} is missing): it schedules itself, not crash-safe"
        return ""

    def _serial(self) -> frozenset[str]:
        """Return the tests marked serial: the worker that was first has written them down."""
        try:
            text = read_text(self._out / "collected.jsonl")
            if '"serial"' not in text:  # most suites: no need to read a hundred thousand lines
                return frozenset()
            collection = collected_jsonl.loads(text, source="collected.jsonl")
        except CiToolsError as error:
            self._tell(f"serial tests can't be told from others: {error.fact}")
            return frozenset()
        return frozenset(nodeid for file in collection.files for nodeid in file.serial)

    def _tell(self, text: str) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(f"xdist-ci: {text}")

    # -- which tests are open --------------------------------------------------------------

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._open[nodeid] = True

    def pytest_handlecrashitem(self, crashitem: str) -> None:
        self._open.pop(crashitem, None)  # should somebody run it again, it hasn't begun yet

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has ended with its teardown, unless it is going to be rerun in its process."""
        if report.when == "setup":
            self._again.discard(report.nodeid)
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]  # pytest-rerunfailures
            self._again.add(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self._again:
            self._open[report.nodeid] = False

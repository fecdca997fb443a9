"""Record what happens, line by line: `attempts.jsonl`.

A test is recorded by the process that runs it, so that no death of another process loses what
is finished; only a crash is recorded by pytest-xdist's controller, who is left to tell it.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from os import _exit, getpid
from time import time  # by name, as all that runs around tests: they replace os.getpid and time.time
from typing import Any

import pytest

from ci_tools.formats import attempts_jsonl
from ci_tools.model.run import Attempt, Begin, Outcome
from ci_tools.model.words import count
from ci_tools.plugin.attempt import PHASES, OpenAttempt, shortened
from ci_tools.plugin.hooks import distributes
from ci_tools.plugin.nodeids import cleaner
from ci_tools.plugin.resources import LOCK_WAIT_S
from ci_tools.plugin.retries import Retries
from ci_tools.plugin.settings import CRASH_SAFE, WORKERS_BY, Settings
from ci_tools.plugin.stacks import Stacks
from ci_tools.store.lines import Lines


class TestRecorder:
    """In each worker, or in the only process: its tests, turned from reports into attempts."""

    __test__ = False

    def __init__(self, config: pytest.Config, lines: Lines, stacks: Stacks) -> None:
        self.retries: Retries | None = None
        self._lines = lines
        self._stacks = stacks
        self._stash = config.stash
        self._clean = cleaner(config)
        self._worker: str = getattr(config, "workerinput", {}).get("workerid", "main")
        self._may_crash = CRASH_SAFE in getattr(config, "workerinput", {})
        self._pid = getpid()
        self._open: OpenAttempt | None = None
        self._has_begun = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        self._lines.write(attempts_jsonl.worker_line(self._worker, self._pid, stack_signal=self._stacks.signal))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: object) -> None:
        """A plugin that fails around a test costs this test and its worker, not the whole run."""
        if self._has_begun and self._may_crash:
            sys.stderr.write(f"{excrepr}\nxdist-ci: internal error in {self._worker}, which ends here\n")
            sys.stderr.flush()
            _exit(1)

    def pytest_collection_finish(self) -> None:
        self._lines.write(attempts_jsonl.ready_line(self._worker))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        yield
        if self._open is not None and self._open.is_bad:
            self._close()  # anything else was interrupted: its teardown might still have failed
        self._lines.write(attempts_jsonl.gone_line(self._worker))
        self._stacks.close()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._begin(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not self._has_begun:  # a rerun in the same process: nobody logs its start
            self._begin(item.nodeid)

    def _begin(self, nodeid: str) -> None:
        self._has_begun, self._pid = True, getpid()
        self._lines.write(attempts_jsonl.start_line(self._clean(nodeid), self._worker))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if getpid() != self._pid:
            # The test has forked, and its child came back out of it. It must not go on as a
            # second worker: it would run tests twice and keep the worker's pipe open.
            _exit(1)
        if self.retries is None:
            self.take(report)
        else:
            self.retries.logged(report)

    def take(self, report: pytest.TestReport) -> None:
        """Take one phase in; the last one closes the attempt."""
        if self._open is not None and self._open.is_over_before(report):
            self._close()
        if self._open is None:
            # A rerun in the same process hasn't waited again.
            lock_wait_s, self._stash[LOCK_WAIT_S] = self._stash.get(LOCK_WAIT_S, 0.0), 0.0
            self._open = OpenAttempt(self._clean(report.nodeid), self._worker, lock_wait_s=lock_wait_s)
        self._open.add(report)
        if report.when == "teardown" or self._open.crashed:
            self._close()

    def pytest_runtest_logfinish(self) -> None:
        self._close()

    def _close(self) -> None:
        attempt, self._open = self._open, None
        self._has_begun = False
        if attempt is not None and attempt.is_certain:
            self._lines.write(attempts_jsonl.attempt_line(attempt.finished()))


class SessionRecorder:
    """On the controller, or in the only process: the session, and what no worker lives to tell."""

    def __init__(self, config: pytest.Config, settings: Settings, lines: Lines) -> None:
        self._config = config
        self._settings = settings
        self._lines = lines
        self._clean = cleaner(config)
        self._started_s: dict[str, float] = {}
        self._n_failed = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        begin = Begin(
            nonce=self._settings.nonce,
            python=platform.python_version(),
            pytest=pytest.__version__,
            xdist=_xdist_version(),
            workers=len(self._config.option.tx) if distributes(self._config) else 1,
            dist=self._config.option.dist if distributes(self._config) else "no",
            rootdir=str(self._config.rootpath),
            start_s=time(),
            rerun=self._settings.rerun,
        )
        self._lines.write(attempts_jsonl.begin_line(begin))

    def pytest_report_header(self) -> str:
        plan, shard = self._settings.plan, self._settings.shard
        files = count(len({atom.file for atom in plan.shards[shard - 1].atoms}), "file")
        what = f"re-run {self._settings.rerun}, " if self._settings.rerun else ""
        header = f"xdist-ci: {what}shard {shard}/{len(plan.shards)}, {files} of plan {plan.digest[:12]}"
        why = self._config.stash.get(WORKERS_BY, "")
        return f"{header}\nxdist-ci: -n auto: {count(len(self._config.option.tx), 'worker')} ({why})" if why else header

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        yield
        # After all other plugins: coverage's fail-under, say, changes the status here.
        unexplained = max(0, session.testsfailed - self._n_failed)
        self._lines.write(attempts_jsonl.end_line(int(session.exitstatus), time(), unexplained=unexplained))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._lines.problem:
            terminalreporter.write_line(f"xdist-ci: error: {self._lines.problem}", red=True)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._started_s[nodeid] = time()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._started_s.pop(nodeid, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in pytest-xdist's report of a crash: of no phase, and no worker has sent it."""
        self._n_failed += bool(report.failed)
        if report.when in PHASES or hasattr(report, "worker_id") or not hasattr(report, "node"):
            return
        now_s = time()
        start_s = self._started_s.pop(report.nodeid, now_s)
        attempt = Attempt(
            nodeid=self._clean(report.nodeid),
            outcome=Outcome.CRASHED,
            worker=_worker_of(report),
            start_s=start_s,
            seconds=(0.0, max(0.0, now_s - start_s), 0.0),
            message=shortened(str(report.longrepr)),
        )
        self._lines.write(attempts_jsonl.attempt_line(attempt))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.failed:
            return
        self._n_failed += 1
        attempt = Attempt(
            nodeid=report.nodeid or "(session)",
            outcome=Outcome.ERROR,
            worker=_worker_of(report),
            start_s=time(),
            phase="collect",
            message="collection failed",
            text=shortened(report.longreprtext),
        )
        self._lines.write(attempts_jsonl.attempt_line(attempt))


def _worker_of(report: Any) -> str:
    node = getattr(report, "node", None)
    gateway = getattr(node, "gateway", None)
    return str(gateway.id) if gateway is not None else "main"


def _xdist_version() -> str:
    try:
        import xdist
    except ImportError:
        return ""
    return str(xdist.__version__)

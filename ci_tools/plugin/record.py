"""Record what happens, line by line, on the controller: `attempts.jsonl`."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ci_tools.formats import attempts_jsonl
from ci_tools.model.run import Attempt, Begin, Outcome
from ci_tools.plugin.attempt import OpenAttempt, shortened
from ci_tools.plugin.nodeids import cleaner
from ci_tools.plugin.settings import Settings, distributes


class Recorder:
    """Turns pytest's reports into attempts. One write per line: a kill loses no finished test.

    Under pytest-xdist reports of several workers interleave, so open attempts are kept by
    (worker, node id).
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._clean = cleaner(config)
        self._open: dict[tuple[str, str], OpenAttempt] = {}
        self._runs: dict[str, int] = {}
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._handle = os.open(settings.out / "attempts.jsonl", flags, 0o644)
        self._problem = ""

    def _write(self, line: str) -> None:
        try:
            data = f"{line}\n".encode()
            while data:
                data = data[os.write(self._handle, data) :]
        except OSError as error:  # no space: say so once, never fail the user's tests
            self._problem = self._problem or f"attempts.jsonl can't be written: {error.strerror}"

    # -- the session ---------------------------------------------------------------------

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
            start_s=time.time(),
        )
        self._write(attempts_jsonl.begin_line(begin))

    def pytest_report_header(self) -> str:
        plan, shard = self._settings.plan, self._settings.shard
        n_files = len({atom.file for atom in plan.shards[shard - 1].atoms})
        files = "1 file" if n_files == 1 else f"{n_files} files"
        return f"xdist-ci: shard {shard}/{len(plan.shards)}, {files} of plan {plan.digest[:12]}"

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Iterator[None]:
        yield
        # After all other plugins: coverage's fail-under, say, changes the status here.
        for key in list(self._open):
            self._close(key)
        self._write(attempts_jsonl.end_line(int(session.exitstatus), time.time()))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._problem:
            terminalreporter.write_line(f"xdist-ci: error: {self._problem}", red=True)

    # -- tests ---------------------------------------------------------------------------

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(attempts_jsonl.start_line(self._clean(nodeid)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        worker = getattr(report, "worker_id", None) or _worker_of(report)
        nodeid = self._clean(report.nodeid)
        key = (worker, nodeid)
        if report.when == "setup" and key in self._open:  # a rerun whose teardown nobody logged
            self._close(key)
        attempt = self._open.get(key)
        if attempt is None:
            attempt = self._open[key] = OpenAttempt(nodeid, worker)
        attempt.add(report)
        if report.when == "teardown" or attempt.crashed:
            self._close(key)

    def _close(self, key: tuple[str, str]) -> None:
        attempt = self._open.pop(key)
        rerun = self._runs.get(attempt.nodeid, 0)
        self._runs[attempt.nodeid] = rerun + 1
        self._write(attempts_jsonl.attempt_line(attempt.finished(rerun)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.failed:
            return
        attempt = Attempt(
            nodeid=report.nodeid or "(session)",
            outcome=Outcome.ERROR,
            worker=_worker_of(report),
            start_s=time.time(),
            phase="collect",
            message="collection failed",
            text=shortened(report.longreprtext),
        )
        self._write(attempts_jsonl.attempt_line(attempt))


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

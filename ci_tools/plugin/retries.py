"""Every execution of a test, where a plugin runs failed tests again and doesn't log all that it did.

What they log (and what is missing), found out with pytest 7.4 to 9.2:

- pytest-rerunfailures logs every phase of every execution, but only after the execution's end;
  up to 16.6 it leaves out what follows the failed phase.
- box/flaky logs neither a setup nor a call that it will repeat. A setup and a teardown that both
  passed are all that is left of a failed test.
- pytest-retry logs the first failure as "retried" while it still makes that failure's report,
  repeats setup, call and teardown right there, and then logs the last call. It logs nothing of the
  executions in between, nor a repeated setup that failed, even if the call then passes.

All of them call pytest's own hooks for each phase, though. So what is not logged is taken from
`pytest_runtest_makereport`, and from the phase itself where not even a report is made.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from copy import copy
from time import perf_counter, time  # by name: tests replace time.time
from typing import Any, Literal

import pytest

# Modules, not names of plugins: they may come in by an entry point or by -p.
PLUGINS = frozenset({"flaky.flaky_pytest_plugin", "pytest_rerunfailures", "pytest_retry.retry_plugin"})

Phase = Literal["setup", "call", "teardown"]
Hook = Generator[None, Any, None]


def is_needed(config: pytest.Config) -> bool:
    """Return whether a plugin that runs failed tests again is loaded."""
    return any(getattr(plugin, "__name__", "") in PLUGINS for plugin in config.pluginmanager.get_plugins())


class Retries:
    """Hands `record` the phases of every execution, in order: each from a setup to a teardown.

    Register it in the process that runs the tests, after the other plugins, so that its hooks are
    the outermost; pass what `pytest_runtest_logreport` gets there on to `logged`, and record
    nothing else. It changes no report: what it corrects is a copy.
    """

    def __init__(self, record: Callable[[pytest.TestReport], None]) -> None:
        self._record = record
        self._in_phase = False
        self._in_makereport = False
        # (the report as made, the one to record), made but not recorded yet.
        self._made: list[tuple[pytest.TestReport, pytest.TestReport]] = []
        self._recorded: list[pytest.TestReport] = []  # before it was logged, if it ever is
        # Of an execution that pytest-retry started inside of makereport.
        self._call: pytest.TestReport | None = None
        self._teardown: pytest.TestReport | None = None

    def logged(self, report: pytest.TestReport) -> None:
        """Record this report, and before it what was made earlier and not logged."""
        if self._in_makereport and not self._in_phase and report.when == "call" and report.longrepr:
            self._flush()
            self._call = copy(report)
            self._call.outcome = "failed"  # --retry-outcome may even say "passed"
            self._end_inner()
        elif not any(report is other for other in self._recorded) and not self._flush(report):
            self._record(report)  # made elsewhere: a subtest's, or a forked process's

    def _flush(self, until: pytest.TestReport | None = None) -> bool:
        """Record what was made, up to `until`; return whether that was among it."""
        while self._made:
            made, true = self._made.pop(0)
            self._record(true)
            self._recorded.append(made)
            if made is until:
                return True
        return False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> None:
        self._flush()
        self._recorded.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logfinish(self) -> None:
        self._flush()  # all three plugins call it after every execution

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Hook:
        if self._in_phase:  # a subtest's; it is logged at once, as a report of its own
            yield
            return
        self._in_makereport = True
        outcome = yield
        self._in_makereport = False
        if outcome.excinfo is None:
            # pytest-retry gives up when a teardown fails, and leaves the first failure in the report.
            report = outcome.get_result()
            self._made.append((report, self._call or report))
        self._call = self._teardown = None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Hook:
        yield from self._phase(item, "setup")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Hook:
        yield from self._phase(item, "call")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Hook:
        yield from self._phase(item, "teardown")

    def _phase(self, item: pytest.Item, when: Phase) -> Hook:
        start_s, start = time(), perf_counter()
        # pytest-retry repeats the whole test inside of its call when it is a subtest that failed.
        outer, self._in_phase = self._in_phase, True
        outcome = yield
        self._in_phase = outer
        if self._in_makereport:
            error = outcome.excinfo[1] if outcome.excinfo else None
            self._inner(_report(item, when, error, start_s, perf_counter() - start))

    def _inner(self, report: pytest.TestReport) -> None:
        """Take a phase that ran inside of makereport. The last call is kept: it is logged later."""
        if report.when == "call":
            self._call = report
        elif report.when == "teardown":
            self._teardown = report
        else:
            self._end_inner()
            self._record(report)

    def _end_inner(self) -> None:
        for report in filter(None, (self._call, self._teardown)):
            self._record(report)
        self._call = self._teardown = None


def _report(
    item: pytest.Item, when: Phase, error: BaseException | None, start_s: float, seconds: float
) -> pytest.TestReport:
    call = pytest.CallInfo.from_call(lambda: None, when=when)
    call.start, call.stop, call.duration = start_s, start_s + seconds, seconds
    if error is not None:
        call.excinfo = pytest.ExceptionInfo.from_exception(error)
    return pytest.TestReport.from_item_and_call(item, call)

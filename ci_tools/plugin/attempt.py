"""Setup, call and teardown reports of one test, put together to one attempt."""

from __future__ import annotations

from time import time
from typing import Any

import pytest

from ci_tools.model.run import Attempt, Outcome

TEXT_LIMIT = 4096
PHASES = ("setup", "call", "teardown")
# Any other outcome is a rerun plugin's word for a failure that is tried again: pytest-rerunfailures
# says "rerun", pytest-retry "retried" or what its --retry-outcome is.
_OUTCOMES = ("passed", "failed", "skipped")


class OpenAttempt:
    """An attempt while its reports arrive.

    The first bad phase decides, a failed subtest makes a failed call. Only a call that was
    seen to pass makes a pass: some plugins keep a failed call to themselves (see `retries`).
    """

    def __init__(self, nodeid: str, worker: str, *, lock_wait_s: float = 0.0) -> None:
        self.nodeid = nodeid
        self.crashed = False
        self._worker = worker
        self._lock_wait_s = lock_wait_s
        self._seconds = {"setup": 0.0, "call": 0.0, "teardown": 0.0}
        self._start_s = 0.0
        self._outcome: Outcome | None = None
        self._seen: set[str] = set()
        self._passed = self._retried = False
        self._phase = "call"
        self._message = self._text = self._location = ""
        self._subtests = [0, 0]

    @property
    def is_certain(self) -> bool:
        """Whether what has been seen says how the test ended. If not, it must not be recorded.

        It doesn't when no call was reported and nothing was bad: the test was interrupted, it was
        only set up (--setup-only), or a plugin hid how it ended.
        """
        return self._passed or self._outcome is not None

    @property
    def is_bad(self) -> bool:
        """Whether it has failed already, whatever comes."""
        return self._outcome is not None and self._outcome.is_bad

    def is_over_before(self, report: pytest.TestReport) -> bool:
        """Whether `report` belongs to the test's next execution, and this one ends without a teardown.

        A second call is one only after an outcome that says so: a plugin may log a call twice.
        """
        if _is_subtest(report) or not self._seen:
            return False
        return report.when == "setup" or (report.when == "call" and self._retried)

    def add(self, report: pytest.TestReport) -> None:
        """Take one report in."""
        if not self._start_s:
            self._start_s = getattr(report, "start", 0.0) or time() - report.duration
        if _is_subtest(report):
            self._subtests[bool(report.failed)] += 1
            if report.failed:
                self._decide(Outcome.FAILED, report)
        elif report.when not in self._seconds:
            self.crashed = True
            self._outcome = None
            self._decide(Outcome.CRASHED, report)
        else:
            self._seen.add(report.when)
            self._seconds[report.when] += max(0.0, report.duration)
            self._add_phase(report)

    def _add_phase(self, report: pytest.TestReport) -> None:
        is_call = report.when == "call"
        self._retried = self._retried or (is_call and report.outcome not in _OUTCOMES)
        if report.failed or (report.outcome not in _OUTCOMES and report.longrepr):
            self._decide(Outcome.FAILED if is_call else Outcome.ERROR, report)
        elif report.skipped:
            self._decide(Outcome.XFAILED if hasattr(report, "wasxfail") else Outcome.SKIPPED, report)
        elif is_call and report.passed:
            self._passed = True
            if hasattr(report, "wasxfail"):
                self._decide(Outcome.XPASSED, report)

    def finished(self) -> Attempt:
        """Return the attempt, if `is_certain`."""
        setup, call, teardown = (self._seconds[phase] for phase in PHASES)
        return Attempt(
            nodeid=self.nodeid,
            outcome=self._outcome or Outcome.PASSED,
            worker=self._worker,
            start_s=self._start_s,
            seconds=(setup, call, teardown),
            phase=self._phase,
            message=self._message,
            text=self._text,
            location=self._location,
            subtests=(self._subtests[0], self._subtests[1]),
            lock_wait_s=self._lock_wait_s,
        )

    def _decide(self, outcome: Outcome, report: pytest.TestReport) -> None:
        """A bad outcome stays; a later bad phase overrides only what isn't bad."""
        if self._outcome is not None and (self._outcome.is_bad or not outcome.is_bad):
            return
        self._outcome = outcome
        self._phase = report.when if report.when in PHASES else "call"
        self._message, self._location = _message_and_location(report)
        self._text = shortened(report.longreprtext) if outcome.is_bad else ""


def shortened(text: str) -> str:
    """Return head and tail of a long text, at most TEXT_LIMIT characters."""
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2 - 20
    return f"{text[:half]}\n… {len(text) - 2 * half} characters …\n{text[-half:]}"


def _is_subtest(report: pytest.TestReport) -> bool:
    # pytest 9's SubtestReport and pytest-subtests' SubTestReport both carry their context.
    return getattr(report, "context", None) is not None


def _message_and_location(report: pytest.TestReport) -> tuple[str, str]:
    longrepr: Any = report.longrepr
    if isinstance(longrepr, tuple):  # a skip: path, line, reason
        return str(longrepr[2])[:TEXT_LIMIT], f"{longrepr[0]}:{longrepr[1]}"
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        message = getattr(report, "wasxfail", "") or str(crash.message)
        return shortened(message), f"{crash.path}:{crash.lineno}"
    return shortened(str(getattr(report, "wasxfail", "") or longrepr or "")), ""

"""What plain pytest did, written down by a plugin that knows nothing of ci_tools.

Loaded with `-p plain_recorder` from PYTHONPATH in the suite's own environment: pytest alone.
Writes to the file that PLAIN_RECORD names, once, at the end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

_phases: dict[str, list[pytest.TestReport]] = {}
_tests: dict[str, list[str]] = {}
_skipped_modules: set[str] = set()
_deselected: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    phases = _phases.setdefault(report.nodeid, [])
    phases.append(report)
    if report.when == "teardown":
        _tests.setdefault(report.nodeid, []).append(_outcome(phases))
        phases.clear()


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _tests.setdefault(report.nodeid, []).append("error")
    elif report.skipped and report.nodeid:
        _skipped_modules.add(report.nodeid)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    _deselected.update(item.nodeid for item in items)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return
    unfinished = [nodeid for nodeid, phases in _phases.items() if phases]
    record: dict[str, Any] = {
        "exit_status": int(session.exitstatus),
        "tests": _tests,
        "skipped_modules": sorted(_skipped_modules),
        "deselected": sorted(_deselected),
        "unfinished": unfinished,
    }
    Path(os.environ["PLAIN_RECORD"]).write_text(json.dumps(record), encoding="utf-8")


def _outcome(phases: Sequence[pytest.TestReport]) -> str:
    """Return pytest's word for a test: a failed call or subtest, else a broken fixture, else the rest."""
    if any(phase.failed and phase.when == "call" for phase in phases):
        return "failed"
    if any(phase.failed for phase in phases):
        return "error"
    for phase in phases:
        if hasattr(phase, "context"):  # a subtest that didn't fail says nothing about its test
            continue
        if hasattr(phase, "wasxfail"):
            return "xfailed" if phase.skipped else "xpassed"
        if phase.skipped:
            return "skipped"
    return "passed"

"""Directories of each worker: made when it starts, gone with the run unless they are to be kept."""

from __future__ import annotations

import os
import tempfile

import pytest

from ci_tools.model.project import Keep
from ci_tools.plugin.isolation.environment import PLACES
from ci_tools.plugin.run import MAIN, Run


def make_directories(run: Run, *, home: bool) -> dict[str, str]:
    """Make this worker's directories; return the variables that lead there."""
    run.open()
    places = {**PLACES, "HOME": "home"} if home else PLACES
    for folder in sorted(set(places.values())):
        (run.worker_root / folder).mkdir(parents=True, exist_ok=True)
    variables = {name: str(run.worker_root / folder) for name, folder in places.items()}
    if run.worker == MAIN and "PYTEST_DEBUG_TEMPROOT" not in os.environ:
        # tmp_path stays where its user looks for it after a failure. Workers are told by the controller.
        variables["PYTEST_DEBUG_TEMPROOT"] = tempfile.gettempdir()
    return variables


def should_keep(keep: Keep, exitstatus: int) -> bool:
    """Return whether the directory of a run that ended so stays."""
    return keep is Keep.ALWAYS or (keep is Keep.FAILED and exitstatus != 0)


class Keeping:
    """In the only process or pytest-xdist's controller: marks the run's directory, and says where it is."""

    def __init__(self, run: Run, keep: Keep) -> None:
        self._run = run
        self._keep = keep

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if should_keep(self._keep, int(exitstatus)) and self._run.exists():
            self._run.keep()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._run.is_kept:
            terminalreporter.write_line(f"xdist-ci: the workers' directories are kept: {self._run.root}")

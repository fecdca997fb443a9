"""Which tests to run again in a fresh process, and how."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ci_tools.model.run import Session, final_attempts
from ci_tools.store.files import write_text


def failed_tests(sessions: Sequence[Session]) -> list[str]:
    """Return the tests that are still bad; a file that can't be collected is none."""
    return [
        nodeid
        for nodeid, attempt in final_attempts(sessions).items()
        if attempt.outcome.is_bad and attempt.phase != "collect"
    ]


def why_not(sessions: Sequence[Session], failed: Sequence[str], *, max_failures: int) -> str:
    """Return why nothing is run again, "" when it is."""
    if not all(session.has_ended for session in sessions):
        return "pytest did not end normally"
    if len(failed) > max_failures:
        return f"{len(failed):,} tests failed, more than --rerun-max-failures {max_failures}"
    return ""


def environment(sessions: Sequence[Session], failed: Sequence[str], *, rerun: int, stage: Path) -> dict[str, str]:
    """Return what a re-run's environment has besides the shard's.

    One pytest-xdist worker where there were workers: a crash then doesn't end the re-run. The
    coverage of the first run is not written over.
    """
    only = stage / "only.json"
    write_text(only, json.dumps(list(failed)))
    return {
        "XDIST_CI_RERUN": str(rerun),
        "XDIST_CI_ONLY": str(only),
        "XDIST_CI_WORKERS": "1" if any(session.begin.dist != "no" for session in sessions) else "0",
        "COVERAGE_FILE": str(stage / ".coverage"),
    }

"""A pytest plugin for the controller of plain pytest-xdist: each report, written at once.

Copied beside the suite, so it uses the standard library alone.
"""

from __future__ import annotations

import json
import os
from typing import Any


def pytest_runtest_logreport(report: Any) -> None:
    """Write (node id, worker, phase, outcome, xfail, message) as one JSON line."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    node = getattr(report, "node", None)
    row = {
        "nodeid": report.nodeid,
        "worker": str(node.gateway.id) if node is not None else "main",
        "when": report.when,
        "outcome": report.outcome,
        "wasxfail": hasattr(report, "wasxfail"),
        "message": str(report.longrepr or "")[-500:],
    }
    with open(os.path.join(os.environ["TORTURE_DIR"], "reports.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")

import os
from pathlib import Path

import pytest

KEYS = Path(__file__).parent / "keys"

if "PYTEST_XDIST_WORKER" not in os.environ:
    (KEYS / "localhost.key").write_text("key")


def write_report(text):
    Path("report.txt").write_text(text)  # CIT001


def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        return
    write_report("done")


@pytest.fixture
def shared(worker_id):
    path = Path("shared.txt")
    if worker_id == "master":
        path.write_text("x")
    return path


def pytest_unconfigure(config):
    write_report("gone")


@pytest.fixture
def of_the_first(worker_id):
    if worker_id not in ("master", "gw0"):
        return None
    path = Path("first.txt")
    path.write_text("x")
    return path


def pytest_terminal_summary(config):
    worker = getattr(config, "workerinput", None)
    if worker is None:
        Path("summary.txt").write_text("done")

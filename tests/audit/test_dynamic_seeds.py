"""The bugs that people found by hand in suites of their own: found by watching them run, and confirmed by a replay."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from project import Project

from ci_tools.cli.main import main

# A suite that cleans up what it takes for old: whatever another test has just saved.
SESSIONS = """
import json
from pathlib import Path

SESSIONS = Path("sessions")

def test_save_and_load():
    SESSIONS.mkdir(exist_ok=True)
    (SESSIONS / "one.json").write_text("{}")
    assert json.loads((SESSIONS / "one.json").read_text()) == {}
"""
CLEANUP = """
import shutil
from pathlib import Path

def test_a_cleanup_leaves_nothing():
    if Path("sessions").exists():
        shutil.rmtree("sessions", ignore_errors=True)
"""
DATABASE = """
def test_orders_{name}(connection):
    connection.execute("insert into orders values (1)")
    connection.commit()
"""
PORT = """
import socket

def test_server_{name}():
    with socket.create_server(("127.0.0.1", {port})) as server:
        with socket.create_connection(server.getsockname()):
            server.accept()[0].close()

def test_says_where_it_would_listen_{name}():
    assert "http://localhost:8080".endswith("8080")
"""
COST = """
import costs

def test_spends():
    costs.add(2.5)
"""
COSTS = """
total_usd = 0.0
calls = []

def add(usd):
    global total_usd
    total_usd += usd
    calls.append(usd)
"""
CONFTEST = """
import sqlite3
import pytest

@pytest.fixture(scope="session")
def connection():
    connection = sqlite3.connect("shared.sqlite", timeout=30)
    connection.execute("create table if not exists orders (n)")
    yield connection
    connection.close()
"""
# In alphabetical order nothing is there yet when it is cleaned up.
ORDERED = "[pytest]\naddopts = -p no:cacheprovider\npythonpath = .\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One study of the suite; the worst pair is replayed twice each way."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    root = tmp_path_factory.mktemp("seeds")
    project = Project(root)
    project.write(conftest=CONFTEST, costs=COSTS, test_a_cleanup=CLEANUP, test_sessions=SESSIONS, test_costs=COST)
    for name in ("a", "b"):
        project.write_path(f"test_orders_{name}.py", DATABASE.format(name=name))
        project.write_path(f"test_server_{name}.py", PORT.format(name=name, port=port))
    project.write_path("pytest.ini", ORDERED)
    before = Path.cwd()
    os.chdir(root)
    try:
        options = ("--dynamic", "--confirm", "2", "--pairs", "1", "--format", "json", "--out", "study.json")
        code = main(["audit", *options, "--", sys.executable, "-m", "pytest", "-q"])
        project.write_path("pyproject.toml", '[tool.ci-tools.audit]\nfail_on = "never"\n')
        again = main(["audit", *options, "--resume", "--", sys.executable, "-m", "pytest", "-q"])
        assert (code, again) == (1, 0)
    finally:
        os.chdir(before)
    document: dict[str, Any] = json.loads((root / "study.json").read_text())
    return document


def told(study: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    return [
        (c["severity"], c["first"]["access"], c["resources"][0].partition(":")[0], c["first"]["id"], c["second"]["id"])
        for c in study["conflicts"]
        if not c["within_file"]
    ]


def test_what_is_shared_is_found_and_nothing_else(study: dict[str, Any]) -> None:
    cleanup, save = "test_a_cleanup.py::test_a_cleanup_leaves_nothing", "test_sessions.py::test_save_and_load"
    assert told(study) == [
        ("high", "tree", "sessions", cleanup, save),
        ("high", "change", "shared.sqlite", "conftest.py::connection", "conftest.py::connection"),
        ("high", "bind", "tcp", "test_server_a.py::test_server_a", "test_server_b.py::test_server_b"),
    ]


def test_a_global_that_a_test_changes_is_named(study: dict[str, Any]) -> None:
    left = {(row["what"], row["name"]) for row in study["left"] if row["what"] == "global"}
    assert left == {("global", "costs:total_usd"), ("global", "costs:calls")}


def test_the_cleanup_fails_the_other_test_beside_it_and_never_before_or_after_it(study: dict[str, Any]) -> None:
    """Twice is too rarely to be sure, and the word for it says so."""
    (replayed,) = [conflict["replayed"] for conflict in study["conflicts"] if conflict["replayed"]]
    assert (replayed["verdict"], replayed["problem"]) == ("seen", "")
    assert replayed["either"] == {"failed_beside": 2, "beside": 2, "failed_alone": 0, "alone": 2}


def test_what_was_run_is_said(study: dict[str, Any]) -> None:
    assert [
        (run["order"], run["workers"], run["tests"], run["problem"], run["unwatched"]) for run in study["runs"]
    ] == [
        ("same", "2", 9, "", []),
        ("random", "2", 9, "", []),
    ]

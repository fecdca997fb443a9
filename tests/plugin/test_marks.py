"""Marked tests in pytest runs: what wrong marks say, and what a wait for others counts as."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from guests import python_with
from project import Project

from ci_tools.model.run import Outcome
from ci_tools.plugin.marks import Scope, Use, uses_of
from ci_tools.shard.stage import stage

WRONG = """
import pytest
resource = pytest.mark.shared_resource

@pytest.mark.parametrize("n", [
    pytest.param(1, marks=resource()),
    pytest.param(2, marks=resource(7)),
    pytest.param(3, marks=resource("db", mode="exclusive")),
    pytest.param(4, marks=resource("db", limit=0)),
    pytest.param(5, marks=resource("db", limit=True)),
    pytest.param(6, marks=resource("db", mode="read", limit=2)),
    pytest.param(7, marks=resource("db", scope="galaxy")),
    pytest.param(8, marks=resource("db", modus="read")),
    pytest.param(10, marks=[resource("api", limit=2), resource("api", limit=3)]),
    pytest.param(11, marks=[resource("api", limit=2), resource("api", scope="host")]),
    pytest.param(12, marks=[resource(), pytest.mark.skip]),
])
def test_in_itself(n): pass

@resource("gpu", limit=2)
def test_first(): pass
@resource("gpu", limit=4)
def test_another_limit(): pass
@resource("gpu", scope="global")
def test_another_scope(): pass
@resource("gpu", mode="read")
@pytest.mark.no_parallel(reason="it measures time")
def test_right(): pass
@pytest.mark.serial("of a project's own", db=1)
def test_arguments(): pass
def test_unmarked(): pass
"""

SAID = [
    "shared_resource: its names are () | name at least one resource, as text",
    "shared_resource: its names are (7,) | name at least one resource, as text",
    "shared_resource: mode is 'exclusive' | 'write' is alone, 'read' is beside other readers",
    "shared_resource: limit is 0 | a whole number of tests, from 1 to 1,000,000",
    "shared_resource: limit is True | a whole number of tests, from 1 to 1,000,000",
    "shared_resource: mode is 'read' and limit is 2 | say one of them",
    "shared_resource: scope is 'galaxy' | 'run', 'host' or 'global'",
    "shared_resource: there is no 'modus' | it takes names, mode, limit, scope",
    "shared_resource: limit 3 for 'api', which another mark uses with 2 | a resource has one limit",
    "shared_resource: scope 'host' for 'api', which another mark uses with 'run' | a resource has one scope",
    "shared_resource: limit 4 for 'gpu', which another mark uses with 2 | a resource has one limit",
    "shared_resource: scope 'global' for 'gpu', which another mark uses with 'run' | a resource has one scope",
]


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(tmp_path / "host"))
    return tmp_path / "host"


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_wrong_mark_is_an_error_of_its_test_and_says_what_is_right(project: Project, n: str) -> None:
    project.write(test_wrong=WRONG)
    code, output = project.pytest("-n", n, "--strict-markers", "-v")
    assert re.search(r"4 passed, 1 skipped, 12 errors in", output), output
    found = re.findall(r"^xdist-ci: @pytest\.mark\.(.*)\nhint: (.*)$", output, re.M)
    assert sorted(" | ".join(row) for row in found) == sorted(SAID)
    assert (code, "INTERNALERROR" in output, "crashed" in output) == (1, False, False)


RESOURCE = pytest.mark.shared_resource


@pytest.mark.parametrize(
    ("marks", "uses"),
    [
        ([], ()),
        ([RESOURCE("db")], (Use("db"),)),
        ([RESOURCE("db", "api", mode="write")], (Use("api"), Use("db"))),
        ([RESOURCE("db", mode="read"), RESOURCE("db")], (Use("db"),)),
        ([RESOURCE("db"), RESOURCE("db", mode="read")], (Use("db"),)),
        ([RESOURCE("db"), RESOURCE("db", limit=2)], (Use("db"),)),
        ([RESOURCE("db", limit=2), RESOURCE("db", mode="read")], (Use("db", alone=False, limit=2),)),
        ([RESOURCE("db", mode="read", scope="host")], (Use("db", alone=False, scope=Scope.HOST),)),
    ],
)
def test_marks_add_up_and_the_stricter_holds(
    marks: list[pytest.MarkDecorator], uses: tuple[Use, ...], request: pytest.FixtureRequest
) -> None:
    for mark in marks:
        request.node.add_marker(mark)
    assert uses_of(request.node) == uses


def test_the_marks_are_known_with_what_they_mean(project: Project) -> None:
    _, output = project.pytest("--markers")
    assert re.findall(r"^@pytest\.mark\.(serial|no_parallel|shared_resource)\((.*?)\): \w+", output, re.M) == [
        ("serial", "*, reason=''"),
        ("no_parallel", "*, reason=''"),
        ("shared_resource", "*names, mode='write', limit=None, scope='run'"),
    ]


def test_locks_that_cannot_be_had_fail_the_tests_that_need_them(project: Project, host: Path) -> None:
    host.write_text("not a directory")
    project.write(
        test_a="""
        import pytest
        @pytest.mark.shared_resource("db", scope="host")
        def test_marked(): pass
        def test_unmarked(): pass
        """
    )
    code, output = project.pytest("-n", "0")
    assert (code, "1 passed, 1 error in" in output) == (1, True), output
    assert f"xdist-ci: {host}: " in output and "INTERNALERROR" not in output


def test_a_suite_without_marks_gets_no_locks_and_leaves_nothing(project: Project, host: Path) -> None:
    project.write(
        conftest="""
        def pytest_runtest_setup(item):
            plugins = item.config.pluginmanager
            assert plugins.hasplugin("xdist-ci-resources") and not plugins.hasplugin("xdist-ci-guard")
        """,
        test_a="def test_a(): pass",
    )
    code, output = project.pytest("-n", "1")
    assert (code, host.exists()) == (0, False), output


# Two tests that must not meet. The first to begin ends when the other one's process waits for a lock.
TWO = """
import os, time
from pathlib import Path
import pytest

def one_waits():
    rows = (row.split() for row in Path("/proc/locks").read_text().splitlines())
    pids = {row[5] for row in rows if row[1] == "->"}
    return any(os.getppid() == parent(pid) for pid in pids)

def parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return None

@MARK
@pytest.mark.flaky(reruns=1)
@pytest.mark.parametrize("n", [1, 2])
def test_apart(n):
    try:
        Path("first").touch(exist_ok=False)
    except FileExistsError:
        assert not FAILS
        return
    until = time.monotonic() + 30
    while not one_waits():
        assert time.monotonic() < until
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/locks")
@pytest.mark.parametrize("scope", ["run", "host"])
def test_a_wait_is_recorded_beside_the_seconds_of_a_test_that_starts_after_it(project: Project, scope: str) -> None:
    project.write(
        test_two=TWO.replace("MARK", f"pytest.mark.shared_resource('db', scope={scope!r})").replace("FAILS", "False")
    )
    ran = project.run("1/1", "--dist", "load", n="2")
    first, second = ran.attempts
    assert (first.outcome, second.outcome) == (Outcome.PASSED, Outcome.PASSED), ran.output
    assert (first.lock_wait_s, second.lock_wait_s > 0) == (0, True)
    assert second.start_s >= first.start_s + first.total_s - 0.002
    text = (project.root / "bundles" / "shard-1-of-1-attempt-1" / "attempts.jsonl").read_text()
    assert re.findall(r'"t":"(start|attempt)"', text) == ["start", "attempt"] * 2
    assert text.count('"lock_wait_s":') == 1


@pytest.mark.parametrize("dist", ["each", "loadgroup"])
def test_locks_hold_under_any_dist(project: Project, dist: str) -> None:
    project.write(
        test_a="""
        import os, time, pytest
        @pytest.mark.parametrize("n", range(10))
        @pytest.mark.shared_resource("file")
        @pytest.mark.xdist_group("both")
        def test_alone(n):
            os.mkdir("mine")
            time.sleep(0.002)
            os.rmdir("mine")
        """
    )
    code, output = project.pytest("-n", "2", "--dist", dist)
    assert code == 0, output


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/locks")
def test_a_rerun_has_not_waited_again(project: Project) -> None:
    project.write(test_two=TWO.replace("MARK", "pytest.mark.serial").replace("FAILS", "True"))
    ran = project.run("1/1", "--dist", "load", n="2")
    assert [attempt.outcome.value for attempt in ran.attempts] == ["passed", "failed", "failed"], ran.output
    assert [attempt.lock_wait_s > 0 for attempt in ran.attempts] == [False, True, False]


def test_a_wait_counts_for_no_timeout_and_is_told_at_the_end(project: Project, tmp_path: Path) -> None:
    """With old and other people's plugins: pytest-timeout limits a test to less than it has to wait."""
    plugins = ("pytest-timeout==2.3.1", "pytest-rerunfailures==16.1")
    python = python_with("timeout", "pytest==8.4.2", "pytest-xdist==3.6.1", *plugins)
    project.write(
        conftest="""
        import os, sys
        sys.path.insert(0, os.environ["STAGED"])
        pytest_plugins = ["ci_tools.plugin"]
        """,
        test_a="""
        import time, pytest
        failed = []

        def short(n):
            failed.append(n)
            assert failed.count(n) == 2  # in its rerun

        resource = pytest.mark.shared_resource
        @resource("db")
        def test_long(): time.sleep(0.8)
        @resource("db", mode="read")
        @pytest.mark.timeout(0.4)
        @pytest.mark.flaky(reruns=1)
        def test_short(): short(1)
        @resource("db")
        def test_long_too(): time.sleep(0.8)
        @resource("db", mode="read")
        @pytest.mark.timeout(0.4)
        @pytest.mark.flaky(reruns=1)
        def test_short_too(): short(2)
        """,
    )
    done = subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "--dist", "load"],
        cwd=project.cwd,
        env={"STAGED": str(stage(tmp_path / "staged")), "CI_TOOLS_HOST_DIR": str(tmp_path / "host")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert re.search(r"4 passed, 2 rerun in", done.stdout), done.stdout + done.stderr
    assert re.search(r"^xdist-ci: tests waited \d\.\d s for each other, for 'db'$", done.stdout, re.M)

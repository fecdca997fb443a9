"""Plugins that run failed tests again, the real ones: each execution is an attempt, with its own outcome and text."""

from __future__ import annotations

import re
import subprocess
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest
from guests import python_with
from project import Project, Ran

from ci_tools.model.run import Attempt
from ci_tools.plugin.retries import is_needed

BASE = ("pytest==9.2.0", "pytest-xdist==3.8.0")
RERUNFAILURES, FLAKY, RETRY = "pytest-rerunfailures==16.7", "flaky==3.8.1", "pytest-retry==1.7.0"
PLUGINS = (RERUNFAILURES, FLAKY, RETRY)
AGAIN = {  # three executions at most
    RERUNFAILURES: "pytest.mark.flaky(reruns=2)",
    FLAKY: "flaky.flaky(max_runs=3)",
    RETRY: "pytest.mark.flaky(retries=2)",
}

SUITE = """
import pytest
IMPORT
counts = {}

def run(what):
    counts[what] = counts.get(what, 0) + 1
    return counts[what]

def break_until(n, what):
    assert run(what) >= n, f"broken {what} {counts[what]}"

@pytest.fixture
def setup():
    break_until(2, "setup")

@pytest.fixture
def teardown():
    yield
    break_until(2, "teardown")
"""
TESTS = """
@AGAIN
def test_first_time(): pass

@AGAIN
def test_second_time(): break_until(2, "second")

@AGAIN
def test_third_time(): break_until(3, "third")

@AGAIN
def test_never(): break_until(9, "never")

@AGAIN
def test_setup(setup): pass

@AGAIN
def test_teardown(teardown): pass

@pytest.mark.parametrize("n", [1, 2])
@AGAIN
def test_parameter(n): break_until(n, f"parameter{n}")

@AGAIN
class TestClass:
    def test_method(self): break_until(2, "method")

def test_not_again(): break_until(2, "plain")
"""

Told = list[tuple[str, str]]
EXPECTED: dict[str, Told] = {
    "test_first_time": [("passed", "")],
    "test_second_time": [("failed", "second 1"), ("passed", "")],
    "test_third_time": [("failed", "third 1"), ("failed", "third 2"), ("passed", "")],
    "test_never": [("failed", "never 1"), ("failed", "never 2"), ("failed", "never 3")],
    "test_parameter[1]": [("passed", "")],
    "test_parameter[2]": [("failed", "parameter2 1"), ("passed", "")],
    "TestClass::test_method": [("failed", "method 1"), ("passed", "")],
    "test_not_again": [("failed", "plain 1")],
}
BROKEN_SETUP = [("error", "setup 1")]
BROKEN_TEARDOWN = [("error", "teardown 1")]
PHASES: dict[str, dict[str, Told]] = {  # only pytest-rerunfailures repeats all phases
    RERUNFAILURES: {
        "test_setup": [*BROKEN_SETUP, ("passed", "")],
        "test_teardown": [*BROKEN_TEARDOWN, ("passed", "")],
    },
    FLAKY: {"test_setup": [*BROKEN_SETUP, ("passed", "")], "test_teardown": BROKEN_TEARDOWN},
    RETRY: {"test_setup": BROKEN_SETUP, "test_teardown": BROKEN_TEARDOWN},
}

plugins = pytest.mark.parametrize("plugin", PLUGINS)
workers = pytest.mark.parametrize("n", ["0", "2"])


def suite(plugin: str, tests: str) -> str:
    text = SUITE + dedent(tests).replace("AGAIN", AGAIN[plugin])
    return text.replace("IMPORT", "import flaky" if plugin == FLAKY else "")


def pytest_of(plugin: str, n: str, *arguments: str) -> tuple[str, ...]:
    distribution = ("-n", n, "--dist", "loadfile") if n != "0" else ("-n0",)
    return (
        str(python_with(plugin, *BASE, plugin)),
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        *distribution,
        *arguments,
    )


def run(project: Project, plugin: str, tests: str, n: str, *arguments: str) -> Ran:
    return project.write(test_a=suite(plugin, tests)).run(command=pytest_of(plugin, n, *arguments))


def attempts(ran: Ran) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}
    for attempt in ran.attempts:
        found.setdefault(attempt.nodeid.removeprefix("test_a.py::"), []).append(attempt)
    return found


def told(ran: Ran) -> dict[str, Told]:
    """For each test and execution its outcome, and which of the suite's failures its text tells of."""
    return {name: [(a.outcome.value, failure_in(a)) for a in found] for name, found in attempts(ran).items()}


def failure_in(attempt: Attempt) -> str:
    match = re.search(r"AssertionError: broken (\w+ \d)", attempt.text)
    return match[1] if match else attempt.text


def counts(output: str) -> str:
    """The last line of pytest's own summary, without its seconds."""
    match = re.search(r"^=+ (\d+ (?:failed|passed).*) in [\d.]+s =+$", output, re.MULTILINE)
    assert match, output
    return match[1]


@workers
@plugins
def test_every_execution_is_an_attempt_with_its_own_outcome_and_text(project: Project, plugin: str, n: str) -> None:
    ran = run(project, plugin, TESTS, n)
    assert told(ran) == EXPECTED | PHASES[plugin], ran.output
    assert {name: [a.rerun for a in found] for name, found in attempts(ran).items()} == {
        name: list(range(len(told))) for name, told in (EXPECTED | PHASES[plugin]).items()
    }
    flips = {case.nodeid.removeprefix("test_a.py::") for case in project.merge().flips}
    assert flips == {
        name for name, told in (EXPECTED | PHASES[plugin]).items() if told[-1] == ("passed", "") and len(told) > 1
    }


@workers
@plugins
def test_the_users_run_ends_as_it_does_without_us(project: Project, plugin: str, n: str) -> None:
    ran = run(project, plugin, TESTS, n)
    plain = subprocess.run(pytest_of(plugin, n, "test_a.py"), cwd=project.root, capture_output=True, text=True)
    assert (counts(ran.output), ran.code) == (counts(plain.stdout), plain.returncode)


@workers
@plugins
def test_an_execution_has_its_own_seconds(project: Project, plugin: str, n: str) -> None:
    tests = """
        import time

        @pytest.fixture
        def slow():
            time.sleep(0.05 * run("slow"))
            yield
            time.sleep(0.05 * counts["slow"])

        @AGAIN
        def test_slower(slow):
            time.sleep(0.1 * run("call"))
            assert counts["call"] == 3
        """
    option = ("--cumulative-timing", "true") if plugin == RETRY else ()
    found = attempts(run(project, plugin, tests, n, *option))["test_slower"]
    assert len(found) == 3
    for number, attempt in enumerate(found, 1):
        for seconds, expected in zip(attempt.seconds, (0.05, 0.1, 0.05), strict=True):
            assert number * expected <= seconds < (number + 0.9) * expected
    starts = [attempt.start_s for attempt in found]
    assert starts == sorted(starts) and starts[2] - starts[0] >= 0.5


@workers
@plugins
def test_a_failed_subtest_belongs_to_its_own_execution(project: Project, plugin: str, n: str) -> None:
    tests = """
        import time

        @AGAIN
        def test_subtests(subtests):
            with subtests.test("good"):
                time.sleep(0.2)
            with subtests.test("bad first"):
                break_until(2, "subtest")
            with subtests.test("good too"):
                pass
            break_until(2, "call")
        """
    ran = run(project, plugin, tests, n)
    assert told(ran) == {"test_subtests": [("failed", "subtest 1"), ("passed", "")]}
    if plugin == RETRY:  # it repeats the whole test inside of the subtest, which then counts as passed
        assert [a.subtests[1] for a in ran.attempts] == [0, 0]
    else:
        assert [a.subtests[1] for a in ran.attempts] == [1, 0]
        assert all(0.2 <= a.seconds[1] < 0.39 for a in ran.attempts)


@workers
@plugins
def test_a_loaded_plugin_that_repeats_nothing_changes_nothing(project: Project, plugin: str, n: str) -> None:
    tests = """
        def test_passes(): pass
        def test_fails(): break_until(2, "call")
        @pytest.mark.skip
        def test_skip(): pass
        @pytest.mark.xfail
        def test_xfail(): assert 0
        @pytest.mark.xfail
        def test_xpass(): pass
        def test_error(setup): pass
        def test_both(teardown): break_until(2, "call too")
        """
    assert {
        name: [outcome for outcome, _ in found] for name, found in told(run(project, plugin, tests, n)).items()
    } == {
        "test_passes": ["passed"],
        "test_fails": ["failed"],
        "test_skip": ["skipped"],
        "test_xfail": ["xfailed"],
        "test_xpass": ["xpassed"],
        "test_error": ["error"],
        "test_both": ["failed"],
    }


@workers
def test_flaky_min_passes_hides_passes_and_failures(project: Project, n: str) -> None:
    tests = """
        @flaky.flaky(max_runs=4, min_passes=2)
        def test_twice():
            assert run("call") != 2, "broken call 2"
        """
    got = told(run(project, FLAKY, tests, n))
    assert got == {"test_twice": [("passed", ""), ("failed", "call 2"), ("passed", "")]}


@workers
def test_pytest_retry_may_call_a_failure_passed(project: Project, n: str) -> None:
    ran = run(project, RETRY, TESTS, n, "--retry-outcome", "passed")
    assert told(ran) == EXPECTED | PHASES[RETRY]


@workers
def test_pytest_retry_goes_on_after_a_broken_setup(project: Project, n: str) -> None:
    """It ignores how the repeated setup ends: the call runs without, and passes."""
    tests = """
        @pytest.fixture(autouse=True)
        def fine_once():
            assert run("setup") == 1, f"broken setup {counts['setup']}"

        @AGAIN
        def test_it(): break_until(2, "call")
        """
    assert told(run(project, RETRY, tests, n)) == {"test_it": [("failed", "call 1"), ("error", "setup 2")]}


@workers
def test_pytest_retry_stops_at_a_broken_teardown_and_forgets_the_last_failure(project: Project, n: str) -> None:
    tests = """
        @pytest.fixture
        def broken_teardown():
            yield
            assert run("teardown") == 1, "no teardown"

        @AGAIN
        def test_it(broken_teardown): break_until(9, "call")
        """
    assert told(run(project, RETRY, tests, n)) == {"test_it": [("failed", "call 1"), ("failed", "call 2")]}


@workers
def test_pytest_retry_takes_a_failed_unittest_for_a_pass(project: Project, n: str) -> None:
    """A TestCase's failure is no exception of its call: pytest tells it with the next report, the teardown's."""
    tests = """
        import unittest

        @AGAIN
        class TestCase(unittest.TestCase):
            def test_never(self): break_until(9, "call")
        """
    assert told(run(project, RETRY, tests, n)) == {"TestCase::test_never": [("failed", "call 1"), ("error", "call 2")]}


@workers
def test_what_an_unknown_plugin_hides_is_no_pass(project: Project, n: str) -> None:
    """It logs a failed test's setup and teardown, as box/flaky does: nothing is certain but the last execution."""
    project.write(
        conftest="""
        import pytest
        from _pytest.runner import runtestprotocol

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_protocol(item, nextitem):
            for last in (False, True):
                for report in runtestprotocol(item, nextitem=nextitem, log=False):
                    if last or report.when != "call":
                        item.ihook.pytest_runtest_logreport(report=report)
            return True
        """,
        test_a="runs = []\ndef test_it():\n    runs.append(1)\n    assert len(runs) == 2\n",
    )
    ran = project.run(command=pytest_of(FLAKY, n, "-p", "no:flaky"))
    assert told(ran) == {"test_it": [("passed", "")]}


def test_an_interrupted_test_has_not_passed(project: Project) -> None:
    project.write(test_a="def test_1(): pass\ndef test_2(): raise KeyboardInterrupt\n")
    ran = project.run()
    assert ran.outcomes == {"test_a.py::test_1": "passed"}
    assert project.merge().conclusion.value == "incomplete"


def test_nothing_is_watched_without_such_a_plugin(request: pytest.FixtureRequest) -> None:
    without: Any = SimpleNamespace(pluginmanager=pytest.PytestPluginManager())
    assert not is_needed(without)
    assert is_needed(request.config)  # our own tests have pytest-rerunfailures

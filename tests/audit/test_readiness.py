"""How far each test is: by what was found in itself, its fixtures, its file and the conftests above it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from audit.suites import suite_of
from audit.values import finding

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.readiness import CaseReadiness, FileReadiness, Readiness, State, Verified, readiness_of, sentence
from ci_tools.audit.source import Problem
from ci_tools.audit.suite import Suite

FILES = {
    "conftest.py": "import pytest\n@pytest.fixture\ndef db(): pass\ndef pytest_configure(config): pass\n",
    "a/conftest.py": "",
    "a/test_a.py": """
        import unittest
        import pytest
        @pytest.mark.parametrize("x", [1, 2, 3])
        def test_x(x): pass
        def test_db(db): pass
        class Case(unittest.TestCase):
            def setUp(self): pass
            def test_case(self): pass
    """,
    "b/test_b.py": "def test_b(): pass\n",
}
ALL = ["a/test_a.py::test_x", "a/test_a.py::test_db", "a/test_a.py::Case::test_case", "b/test_b.py::test_b"]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return suite_of(tmp_path_factory.mktemp("suite"), FILES)


def found(unit: str, axis: Axis = Axis.WORKERS, severity: Severity = Severity.HIGH) -> Finding:
    return finding(units=(unit,), axis=axis, severity=severity)


def states(suite: Suite, *findings: Finding) -> list[tuple[str, State]]:
    readiness = readiness_of(suite, findings)
    return [(c.nodeid, c.state) for file in readiness.files for c in file.cases if c.state is not State.READY]


@pytest.mark.parametrize(
    ("unit", "reached"),
    [
        ("a/test_a.py::test_x", ALL[:1]),
        ("conftest.py::db", ALL[1:2]),
        ("a/test_a.py::Case.setUp", ALL[2:3]),
        ("a/test_a.py", ALL[:3]),
        ("a/conftest.py", ALL[:3]),
        ("conftest.py", ALL),
        ("conftest.py::pytest_configure", ALL),
        ("elsewhere.py::f", []),
    ],
)
def test_a_finding_reaches_the_tests_that_run_its_code(unit: str, reached: list[str], suite: Suite) -> None:
    assert states(suite, found(unit)) == [(nodeid, State.BLOCKED) for nodeid in reached]


@pytest.mark.parametrize(
    ("axis", "severity", "state"),
    [
        (Axis.WORKERS, Severity.HIGH, State.BLOCKED),
        (Axis.COLLECTION, Severity.HIGH, State.BLOCKED),
        (Axis.WORKERS, Severity.MEDIUM, State.SUSPECT),
        (Axis.COLLECTION, Severity.LOW, State.SUSPECT),
        (Axis.WORKERS, Severity.NOTE, State.READY),
        (Axis.ORDER, Severity.HIGH, State.ORDER_RISK),
        (Axis.ORDER, Severity.NOTE, State.READY),
        (Axis.TIME, Severity.HIGH, State.READY),
        (Axis.START, Severity.HIGH, State.READY),
    ],
)
def test_only_what_breaks_across_workers_blocks(axis: Axis, severity: Severity, state: State, suite: Suite) -> None:
    expected = [(ALL[0], state)] if state is not State.READY else []
    assert states(suite, found(ALL[0], axis, severity)) == expected


@pytest.mark.parametrize("unit", [ALL[1], "conftest.py::db"])
def test_what_was_not_followed_to_its_end_is_not_ready(unit: str, suite: Suite) -> None:
    cut = replace(suite, problems=(Problem(path="conftest.py", line=1, fact="does more than is followed", unit=unit),))
    assert states(cut) == [(ALL[1], State.SUSPECT)]
    assert states(cut, found(ALL[1])) == [(ALL[1], State.BLOCKED)]


def test_the_worst_counts_and_says_why(suite: Suite) -> None:
    worst, other = found(ALL[0]), found(ALL[0], Axis.ORDER, Severity.MEDIUM)
    file = readiness_of(suite, [other, worst]).files[0]
    assert file.cases[0] == CaseReadiness(nodeid=ALL[0], state=State.BLOCKED, findings=(worst,))
    assert (file.state, file.number(State.READY)) == (State.BLOCKED, 2)


def test_totals_are_counted_in_files_and_tests(suite: Suite) -> None:
    readiness = readiness_of(suite, [found(ALL[1])])
    assert (readiness.n_files, readiness.ready_files, readiness.n_tests) == (2, 1, 4)
    assert sentence(readiness) == "1 of 2 files, 3 of 4 tests are ready (static only)"


def test_runs_are_told_with_their_bound() -> None:
    case = CaseReadiness(nodeid="a.py::test_a", state=State.READY)
    files = (FileReadiness(path="a.py", cases=(case,)),)
    readiness = Readiness(files=files, verified=Verified(n_runs=10, n_workers=4))
    said = "1 of 1 file, 1 of 1 test are ready (0 of 10 runs (at most 25.9 %) with 4 workers failed)"
    assert sentence(readiness) == said

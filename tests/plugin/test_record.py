"""What the plugin writes down about attempts, in one process and under pytest-xdist."""

from __future__ import annotations

import shutil
import sys

import pytest
from project import Project, whole

OUTCOMES = """
import unittest
import pytest

@pytest.fixture
def broken_setup():
    raise RuntimeError("no setup")

@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError("no teardown")

def test_passes(): pass
def test_fails(): assert 1 == 2
def test_setup(broken_setup): pass
def test_teardown(broken_teardown): pass
def test_fails_and_teardown(broken_teardown): assert 1 == 2
@pytest.mark.skip(reason="not today")
def test_skip_mark(): pass
def test_skip_call(): pytest.skip("not now")
@pytest.mark.xfail(reason="known")
def test_xfail(): assert 0
@pytest.mark.xfail(reason="known")
def test_xpass(): pass
@pytest.mark.xfail(reason="known", strict=True)
def test_xpass_strict(): pass
@pytest.mark.parametrize("a", ["x", "a::b", "a/b", "[x]", "a@b", " ", "two\\nlines", "größer",
                               pytest.param(1, id="l" * 300)])
def test_parameter(a): pass
class TestClass:
    def test_method(self): pass
class Case(unittest.TestCase):
    def test_case(self): self.fail("no")
    def test_skipped(self): self.skipTest("later")
    @unittest.expectedFailure
    def test_expected(self): self.fail("as expected")
"""

EXPECTED = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_setup": "error",
    "test_teardown": "error",
    "test_fails_and_teardown": "failed",
    "test_skip_mark": "skipped",
    "test_skip_call": "skipped",
    "test_xfail": "xfailed",
    "test_xpass": "xpassed",
    "test_xpass_strict": "failed",
    "test_parameter[x]": "passed",
    "test_parameter[a::b]": "passed",
    "test_parameter[a/b]": "passed",
    "test_parameter[[x]]": "passed",
    "test_parameter[a@b]": "passed",
    "test_parameter[ ]": "passed",
    r"test_parameter[two\nlines]": "passed",
    r"test_parameter[gr\xf6\xdfer]": "passed",
    f"test_parameter[{'l' * 300}]": "passed",
    "TestClass::test_method": "passed",
    "Case::test_case": "failed",
    "Case::test_skipped": "skipped",
    "Case::test_expected": "xfailed",
}


@pytest.mark.parametrize("n", ["0", "2"])
def test_every_outcome_is_recorded_once(project: Project, n: str) -> None:
    ran = project.write(test_all=OUTCOMES).run(n=n)
    assert ran.outcomes == {f"test_all.py::{name}": outcome for name, outcome in EXPECTED.items()}
    assert len(ran.attempts) == len(EXPECTED)
    assert ran.code == 1
    assert ran.bundle.sessions[0].exit_status == 1
    assert ran.bundle.sessions[0].running == ()


@pytest.mark.parametrize("n", ["0", "2"])
def test_an_attempt_tells_phases_message_and_place(project: Project, n: str) -> None:
    project.write(
        test_a="""
        import time, pytest

        @pytest.fixture
        def slow():
            time.sleep(0.11)
            yield
            time.sleep(0.13)

        def test_fails(slow):
            time.sleep(0.12)
            assert [1] == [2], "x" * 9000
        """
    )
    (attempt,) = project.run(n=n).attempts
    setup, call, teardown = attempt.seconds
    assert setup >= 0.11 and call >= 0.12 and teardown >= 0.13
    assert attempt.start_s > 1_700_000_000
    assert attempt.worker.startswith("main" if n == "0" else "gw")
    assert attempt.phase == "call"
    assert attempt.location.endswith("test_a.py:12")
    assert attempt.message.startswith("AssertionError: xxxx")
    assert len(attempt.message) <= 4096 and len(attempt.text) <= 4096
    assert " characters …" in attempt.text
    assert attempt.text.endswith("AssertionError")


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_rerun_is_an_attempt_of_its_own(project: Project, n: str) -> None:
    project.write(
        test_a="""
        import pytest
        calls = []

        @pytest.mark.flaky(reruns=3)
        def test_third_time():
            calls.append(1)
            assert len(calls) == 3

        @pytest.mark.flaky(reruns=1)
        def test_never():
            assert 0

        setups = []

        @pytest.fixture
        def flaky_setup():
            setups.append(1)
            assert len(setups) == 2

        @pytest.mark.flaky(reruns=2)
        def test_setup(flaky_setup): pass
        """
    )
    ran = project.run(n=n)
    got: dict[str, list[tuple[int, str, str]]] = {}
    for attempt in ran.attempts:
        got.setdefault(attempt.nodeid, []).append((attempt.rerun, attempt.phase, attempt.outcome.value))
    assert got == {
        "test_a.py::test_third_time": [(0, "call", "failed"), (1, "call", "failed"), (2, "call", "passed")],
        "test_a.py::test_never": [(0, "call", "failed"), (1, "call", "failed")],
        "test_a.py::test_setup": [(0, "setup", "error"), (1, "call", "passed")],
    }
    flips = [case.nodeid for case in project.merge().flips]
    assert flips == ["test_a.py::test_setup", "test_a.py::test_third_time"]


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_failing_subtest_fails_its_test_and_all_are_counted(project: Project, n: str) -> None:
    pytest.importorskip("_pytest.subtests", reason="subtests are part of pytest 9")
    project.write(
        test_a="""
        import unittest

        def test_some(subtests):
            for i in range(4):
                with subtests.test(i=i):
                    assert i % 2 == 0

        def test_all(subtests):
            with subtests.test("one"):
                pass

        class Case(unittest.TestCase):
            def test_sub(self):
                for i in range(3):
                    with self.subTest(i=i):
                        self.assertNotEqual(i, 1)
        """
    )
    ran = project.run(n=n)
    assert ran.outcomes == {
        "test_a.py::test_some": "failed",
        "test_a.py::test_all": "passed",
        "test_a.py::Case::test_sub": "failed",
    }
    subtests = {attempt.nodeid: attempt.subtests for attempt in ran.attempts}
    assert subtests["test_a.py::test_some"][1] == 2
    assert subtests["test_a.py::Case::test_sub"][1] == 1


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_file_that_does_not_import_is_an_error_and_the_run_is_red(project: Project, n: str) -> None:
    project.write(test_a="def test_a(): pass", test_broken="import no_such_module")
    ran = project.run(n=n)
    assert ran.outcomes["test_broken.py"] == "error"
    assert next(a for a in ran.attempts if a.nodeid == "test_broken.py").phase == "collect"
    assert ran.files["test_broken.py"].state.value == "failed"
    report = project.merge()
    assert report.conclusion.value == ("incomplete" if n == "0" else "failed")


def test_a_crashed_worker_is_an_attempt_that_crashed(project: Project) -> None:
    project.write(test_a="import os\ndef test_dies(): os._exit(3)\n", test_b="def test_lives(): pass")
    ran = project.run("1/1", "--max-worker-restart", "0", n="2")
    assert ran.outcomes["test_a.py::test_dies"] == "crashed"
    crash = next(a for a in ran.attempts if a.nodeid == "test_a.py::test_dies")
    assert crash.message.startswith("worker 'gw")


@pytest.mark.parametrize(("n", "option"), [("0", "-x"), ("2", "-x"), ("0", "--maxfail=1"), ("2", "--maxfail=1")])
def test_what_an_early_stop_left_out_is_named(project: Project, n: str, option: str) -> None:
    files = [f"test_{number}.py" for number in range(8)]
    for file in files:
        project.write_path(file, "import time\ndef test_1(): time.sleep(0.5)\ndef test_2(): pass")
    project.write_path("test_0.py", "def test_1(): assert 0\ndef test_2(): pass")
    project.write_plan([whole(file, ms=9000 if file == "test_0.py" else 1000) for file in files])
    ran = project.run("1/1", option, n=n)
    report = project.merge()
    assert report.conclusion.value == "incomplete"
    ids = {f"{file}::test_{number}" for file in files for number in (1, 2)}
    assert {case.nodeid for case in report.cases} | {missing.name for missing in report.not_run} == ids
    assert {case.nodeid for case in report.cases} & {missing.name for missing in report.not_run} == set()
    assert report.not_run and ran.outcomes["test_0.py::test_1"] == "failed"


def test_a_pytest_started_by_a_test_is_a_plain_one(project: Project) -> None:
    """Suites of pytest plugins run pytest inside of tests; these must not record."""
    project.write_path("inner/test_inner.py", "def test_inner(): pass")
    project.write(
        test_outer="""
        import os, subprocess, sys

        def test_outer():
            assert not [name for name in os.environ if name.startswith("XDIST_CI")]
            assert "ci_tools" not in os.environ.get("PYTEST_PLUGINS", "")
            assert "xdist-ci" not in os.environ.get("PYTHONPATH", "")
            subprocess.run([sys.executable, "-m", "pytest", "-n0", "inner"], check=True)
        """
    )
    for n in ("0", "2"):
        ran = project.run("1/1", "test_outer.py", n=n)
        assert ran.outcomes == {"test_outer.py::test_outer": "passed"}
        shutil.rmtree(project.root / "bundles")


@pytest.mark.parametrize("n", ["0", "2"])
def test_two_pytest_sessions_of_one_command_are_both_recorded(project: Project, n: str) -> None:
    project.write(a__test_a="def test_a(): pass", b__test_b="def test_b(): assert 0")
    script = f'"$0" -m pytest -n{n} a; "$0" -m pytest -n{n} b'
    ran = project.run(command=("bash", "-c", script, sys.executable))
    assert [session.exit_status for session in ran.bundle.sessions] == [0, 1]
    assert ran.outcomes == {"a/test_a.py::test_a": "passed", "b/test_b.py::test_b": "failed"}
    report = project.merge()
    assert (report.conclusion.value, report.not_run, report.lost) == ("failed", (), ())


def test_what_one_session_deselects_and_another_selects_has_run(project: Project) -> None:
    project.write_path("pytest.ini", "[pytest]\nmarkers = slow\n")
    project.write(test_a="import pytest\ndef test_1(): pass\n@pytest.mark.slow\ndef test_2(): pass\n")
    script = '"$0" -m pytest -n0 -m slow; "$0" -m pytest -n0 -m "not slow"'
    project.run(command=("bash", "-c", script, sys.executable))
    report = project.merge()
    assert (report.conclusion.value, len(report.cases), report.deselected) == ("passed", 2, ())

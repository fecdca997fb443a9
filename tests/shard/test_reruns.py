"""`ci-tools run --reruns`: the failed tests again, in a fresh process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from project import PYTEST, Project, whole

from ci_tools.shard.ending import GITHUB, TERMINATED, Ending

FLAKY = """
import os, pathlib
here = pathlib.Path(__file__).parent
def times(name):
    with (here / name).open("a") as file: file.write("x")
    return len((here / name).read_text())
def test_passes(): times("passes")
def test_fails(): assert 0, f"time {times('fails')}"
def test_second(): assert times("second") == 2, "first"
def test_third(): assert times("third") == 3, "not yet"
def test_crashes_once():
    if times("crashes") == 1: os._exit(1)
"""


def attempts(project: Project) -> dict[str, list[tuple[str, int, int]]]:
    """Return (outcome, rerun, fresh process) of each attempt, by the test's name."""
    return {
        case.nodeid.rpartition("::")[2]: [(a.outcome.value, a.rerun, a.fresh) for _, a in case.attempts]
        for case in project.merge().cases
    }


def test_failed_tests_run_again_until_they_pass_or_the_tries_are_used_up(project: Project) -> None:
    project.write(test_a=FLAKY)
    ran = project.run(n="2", options=("--reruns", "2"))
    assert ran.code == 1, ran.output
    assert attempts(project) == {
        "test_passes": [("passed", 0, 0)],
        "test_fails": [("failed", 0, 0), ("failed", 1, 1), ("failed", 2, 2)],
        "test_second": [("failed", 0, 0), ("passed", 1, 1)],
        "test_third": [("failed", 0, 0), ("failed", 1, 1), ("passed", 2, 2)],
        "test_crashes_once": [("crashed", 0, 0), ("passed", 1, 1)],
    }
    assert "shard 1/1: 4 failed tests again in a fresh process (1 of 2)" in ran.output
    assert "shard 1/1: 2 failed tests again in a fresh process (2 of 2)" in ran.output
    flips = {case.nodeid.rpartition("::")[2]: case.flip_condition for case in project.merge().flips}
    assert flips == dict.fromkeys(("test_second", "test_third", "test_crashes_once"), "in a fresh process")


def test_a_shard_whose_failures_all_pass_at_last_is_green_and_says_what_is_flaky(project: Project) -> None:
    project.write(test_a=FLAKY.replace("assert 0,", "times('fails');"))
    ran = project.run(
        n="0", options=("--reruns", "2"), command=(*PYTEST, "-n", "0", "--deselect", "test_a.py::test_crashes_once")
    )
    assert ran.code == 0, ran.output
    assert "4 tests, none failed at last" in ran.output
    report = project.merge()
    assert (report.conclusion.value, report.shards[0].state.value) == ("passed", "ok")
    done = project.ci_tools("merge", str(project.root / "bundles"), "--out", str(project.root / "merged"))
    assert (
        "FLAKY (2)\n  test_a.py::test_second  failed, then passed in a fresh process: AssertionError: first\n"
        in done.stdout
    )


def test_without_pytest_xdist_a_re_run_has_none_either(project: Project) -> None:
    project.write(test_a="def test_1(): assert 0")
    ran = project.run(n="0", options=("--reruns", "1"))
    assert [(a.worker, a.fresh) for a in ran.attempts] == [("main", 0), ("main", 1)]


def test_too_many_failures_are_no_flakes_and_nothing_is_run_again(project: Project) -> None:
    project.write(test_a="import pytest\n@pytest.mark.parametrize('i', range(4))\ndef test(i): assert 0")
    ran = project.run(n="0", options=("--reruns", "2", "--rerun-max-failures", "3"))
    assert ran.code == 1
    assert "shard 1/1: nothing is run again: 4 tests failed, more than --rerun-max-failures 3" in ran.output
    assert {len(tries) for tries in attempts(project).values()} == {1}


def test_a_run_that_broke_off_is_not_run_again(project: Project) -> None:
    project.write(test_a="def test_1(): assert 0\ndef test_2(): pass")
    ran = project.run("1/1", "-x", n="2", options=("--reruns", "1"))
    assert (ran.code, "nothing is run again: pytest did not end normally" in ran.output) == (3, True)


def test_every_pytest_of_a_command_gets_its_failed_tests_again(project: Project) -> None:
    """The first pytest has nothing to run again; its `no tests collected` must not end the command."""
    project.write(a__test_a="def test_1(): pass", b__test_b=FLAKY, c__test_c=FLAKY)
    project.write_plan([whole("a/test_a.py"), whole("b/test_b.py"), whole("c/test_c.py")])
    pytest_ = " ".join((*PYTEST, "-n", "0", "-k", "'not crashes and not fails'"))
    script = f"{pytest_} a && {pytest_} b; {pytest_} c"
    ran = project.run(command=("sh", "-c", script), options=("--reruns", "2"))
    assert ran.code == 0, ran.output
    for name in ("b/test_b.py", "c/test_c.py"):
        assert [a.outcome.value for a in ran.attempts if a.nodeid == f"{name}::test_third"] == [
            "failed",
            "failed",
            "passed",
        ]


def test_what_the_first_run_wrote_is_not_written_over(project: Project) -> None:
    project.write(test_a=FLAKY)
    command = ("--junitxml=junit.xml", "-o", "junit_family=xunit2", "-k", "not crashes")
    ran = project.run("1/1", *command, n="2", options=("--reruns", "1"))
    assert ran.code == 1, ran.output
    assert 'tests="4"' in (project.root / "junit.xml").read_text()


def test_every_crashed_test_is_run_again(project: Project) -> None:
    """A re-run has one worker, which pytest-xdist would replace only four times."""
    project.write(test_a="import os, pytest\n@pytest.mark.parametrize('i', range(6))\ndef test(i): os._exit(1)")
    project.run("1/1", "--max-worker-restart=10", n="2", options=("--reruns", "1"))
    assert attempts(project) == {f"test[{i}]": [("crashed", 0, 0), ("crashed", 1, 1)] for i in range(6)}


def test_a_stuck_test_is_stuck_in_its_re_run_too(project: Project) -> None:
    project.write(test_a="import time\ndef test_1(): time.sleep(60)\ndef test_2(): pass")
    ran = project.run(n="1", options=("--reruns", "1", "--stuck-after", "1"))
    assert ran.code == 1, ran.output
    assert attempts(project) == {"test_1": [("crashed", 0, 0), ("crashed", 1, 1)], "test_2": [("passed", 0, 0)]}


def test_an_error_while_collecting_is_not_run_again(project: Project) -> None:
    project.write(test_a="import nothing_of_this_name", test_b="def test_1(): assert 0")
    ran = project.run("1/1", "--continue-on-collection-errors", n="0", options=("--reruns", "1"))
    assert [(a.nodeid, a.fresh) for a in ran.attempts] == [
        ("test_a.py", 0),
        ("test_b.py::test_1", 0),
        ("test_b.py::test_1", 1),
    ]


COVERED = {
    "covered": "def a():\n    return 1\ndef b():\n    return 2",
    "test_a": "import covered\ndef test_a(): assert covered.a()\ndef test_b(): assert covered.b() == 3",
}


def test_the_data_of_coverage_run_are_those_of_the_first_run(project: Project) -> None:
    project.write(**COVERED)
    coverage = (sys.executable, "-m", "coverage")
    command = (*coverage, "run", "--include=covered.py", "-m", "pytest", "-n", "0")
    assert project.run(command=command, options=("--reruns", "1")).code == 1
    shown = subprocess.run([*coverage, "report"], cwd=project.root, capture_output=True, text=True).stdout
    assert "100%" in shown


@pytest.mark.parametrize("n", ["0", "2"])
def test_the_reports_of_pytest_cov_are_those_of_the_first_run(project: Project, n: str) -> None:
    project.write(**COVERED)
    assert project.run("1/1", "--cov=covered", "--cov-report=xml:cov.xml", n=n, options=("--reruns", "1")).code == 1
    assert 'lines-covered="4"' in (project.root / "cov.xml").read_text()


# -- who may mend a failure --------------------------------------------------------------------

LEG = "import os\ndef test_x(): assert os.environ['LEG'] == 'b'\ndef test_y(): pass"


def test_a_failure_in_one_session_is_not_mended_by_another(project: Project) -> None:
    """The shape of `tox -e a,b`: the same tests twice, in two environments."""
    project.write(test_a=LEG)
    pytest_ = " ".join((*PYTEST, "-n", "0"))
    script = f"LEG=a {pytest_}; code=$?; LEG=b {pytest_} || code=$?; exit $code"
    ran = project.run(command=("sh", "-c", script))
    assert ran.code == 1, ran.output
    report = project.merge()
    assert {case.nodeid: case.outcome.value for case in report.cases} == {
        "test_a.py::test_x": "failed",
        "test_a.py::test_y": "passed",
    }
    assert report.flips == ()
    note = "2 tests ran in several pytest sessions, the worst result counts: "
    assert any(text.startswith(note) for text in report.notes)


def test_with_dist_each_a_failure_on_one_worker_is_a_failure(project: Project) -> None:
    project.write(test_a="import os\ndef test_x(): assert os.environ['PYTEST_XDIST_WORKER'] == 'gw1'")
    assert project.run("1/1", "--dist", "each", n="2").code == 1
    assert [case.outcome.value for case in project.merge().cases] == ["failed"]


@pytest.mark.parametrize("again", [("--reruns=1",), ()])
def test_a_threshold_that_was_missed_is_not_mended_with_the_failure(project: Project, again: tuple[str, ...]) -> None:
    """pytest-cov's fail-under exits 1 as failed tests do; the rerun may be pytest-rerunfailures' or ours."""
    project.write(covered="def a():\n    return 1\ndef b():\n    return 2", test_a="import covered\n" + FLAKY)
    arguments = ("-k", "second", "--cov=covered", "--cov-report=", "--cov-fail-under=100", *again)
    ran = project.run("1/1", *arguments, n="0", options=() if again else ("--reruns", "1"))
    assert ran.code == 1, ran.output
    report = project.merge()
    assert report.shards[0].reason == "pytest exited 1 though no test failed: a plugin's threshold, say coverage's"
    assert [case.outcome.value for case in report.cases] == ["passed"]


def test_a_re_run_that_skips_a_test_has_not_mended_it(project: Project) -> None:
    """What pytest-dependency does: alone, the test that depends on another is skipped."""
    project.write(
        test_a="""
        import pytest
        ran = []
        def test_a(): ran.append(1)
        def test_b():
            if not ran: pytest.skip("test_a has not run")
            assert 0
        """
    )
    ran = project.run(n="0", options=("--reruns", "1"))
    assert ran.code == 1, ran.output
    assert [case.outcome.value for case in project.merge().cases] == ["passed", "failed"]


def test_a_command_that_stops_at_its_first_red_pytest_is_not_made_whole_by_a_re_run(project: Project) -> None:
    """`a && b`: with a's failure mended, b's other tests have still never run."""
    project.write(test_a=FLAKY, test_b="def test_slow(): assert 0")
    project.write_plan([whole("test_a.py"), whole("test_b.py")])
    pytest_ = " ".join((*PYTEST, "-n", "0"))
    script = f"{pytest_} -k 'second and not slow' && {pytest_} -k slow"
    ran = project.run(command=("sh", "-c", script), options=("--reruns", "1"))
    assert ran.code == 3, ran.output
    why = "its command stopped before its last pytest, which only a re-run reached"
    assert project.merge().shards[0].reason == why


def test_a_command_that_fails_after_its_re_run_has_failed(project: Project) -> None:
    project.write(test_a=FLAKY)
    script = " ".join((*PYTEST, "-n", "0", "-k", "second", "&&", "exit", "9"))
    ran = project.run(command=("sh", "-c", script), options=("--reruns", "1"))
    assert ran.code == 1, ran.output
    assert project.merge().shards[0].reason == "the command exited 9 after pytest had passed"


# -- how a command is ended ---------------------------------------------------------------------


def test_signals_grow_harder_as_time_goes_by() -> None:
    sent: list[str] = []
    ending = Ending(lambda number: sent.append(number.name))
    ending.begin(GITHUB, 100.0)
    trace = []
    for now_s in (100.0, 104.9, 105.0, 106.9, 107.5, 200.0):
        ending.look(now_s)
        trace.append(list(sent))
    interrupt, terminate, kill = ["SIGINT"], ["SIGINT", "SIGTERM"], ["SIGINT", "SIGTERM", "SIGKILL"]
    assert trace == [interrupt, interrupt, terminate, terminate, kill, kill]


def test_a_second_signal_takes_over_what_was_still_to_come() -> None:
    sent: list[str] = []
    ending = Ending(lambda number: sent.append(number.name))
    ending.begin(GITHUB, 0.0)
    ending.begin(TERMINATED, 3.0)
    ending.look(4.5)
    ending.look(10.0)
    assert sent == ["SIGINT", "SIGTERM", "SIGKILL"]

"""Workers of real pytest-xdist that die, and what else can go wrong under it."""

from __future__ import annotations

from collections import Counter

import pytest
from project import Project, whole

CRASHES = {
    "os._exit": "os._exit(3)",
    "sigkill": "os.kill(os.getpid(), signal.SIGKILL)",
    "segfault": "ctypes.string_at(0)",
}


def outcomes(project: Project) -> dict[str, list[str]]:
    return {case.nodeid: [a.outcome.value for _, a in case.attempts] for case in project.merge().cases}


@pytest.mark.parametrize("n", ["1", "2", "4"])
@pytest.mark.parametrize("how", CRASHES)
def test_a_crashed_test_is_reported_once_and_all_others_run(project: Project, how: str, n: str) -> None:
    crash = CRASHES[how]
    files = {
        f"test_{name}": f"""
        import ctypes, os, signal
        def test_1(): {crash if name == "first" else "pass"}
        def test_2(): {crash if name == "middle" else "pass"}
        def test_3(): {crash if name == "last" else "pass"}
        """
        for name in ("first", "middle", "last", "none")
    }
    project.write(**files)
    project.write_plan([whole(f"{name}.py") for name in files])
    ran = project.run(n=n)
    assert ran.code == 1, ran.output
    crashed = {"test_first.py::test_1", "test_middle.py::test_2", "test_last.py::test_3"}
    assert outcomes(project) == {
        nodeid: ["crashed" if nodeid in crashed else "passed"]
        for nodeid in (f"{name}.py::test_{number}" for name in files for number in (1, 2, 3))
    }
    (message,) = {a.message.partition(" ")[0] for a in ran.attempts if a.outcome.value == "crashed"}
    assert message == "worker"


def test_two_workers_that_die_at_the_same_moment_lose_nothing(project: Project) -> None:
    for name in "ab":
        project.write_path(
            f"test_{name}.py",
            f"""
            import os, pathlib, time
            here = pathlib.Path(__file__).parent
            def test_dies():
                (here / "{name}").touch()
                while not ((here / "a").exists() and (here / "b").exists()): time.sleep(0.01)
                os._exit(1)
            def test_after(): pass
            """,
        )
    project.write_plan([whole("test_a.py"), whole("test_b.py")])
    ran = project.run(n="2")
    assert ran.code == 1, ran.output
    assert outcomes(project) == {
        f"test_{name}.py::{test}": [outcome]
        for name in "ab"
        for test, outcome in (("test_dies", "crashed"), ("test_after", "passed"))
    }


def test_a_worker_that_dies_while_collecting_is_replaced(project: Project) -> None:
    project.write(
        test_a="""
        import os, pathlib
        try: (pathlib.Path(__file__).parent / "died").touch(exist_ok=False)
        except FileExistsError: pass
        else: os._exit(1)
        def test_1(): pass
        """,
        test_b="def test_2(): pass",
    )
    ran = project.run(n="2")
    assert ran.code == 0, ran.output
    assert outcomes(project) == {"test_a.py::test_1": ["passed"], "test_b.py::test_2": ["passed"]}


def test_workers_that_never_get_through_collecting_are_named_and_nothing_is_green(project: Project) -> None:
    project.write(test_a="import os; os._exit(1)")
    ran = project.run(n="1")
    assert ran.code == 3, ran.output
    report = project.merge()
    assert report.conclusion.value == "incomplete"
    assert [missing.name for missing in report.not_run] == ["test_a.py"]


def test_a_dead_worker_is_noticed_though_a_child_of_it_holds_its_pipe(project: Project) -> None:
    """pytest-xdist alone waits as long as the child lives."""
    project.write(
        test_a="""
        import multiprocessing, os, time
        def test_dies():
            multiprocessing.get_context("fork").Process(target=time.sleep, args=(8,)).start()
            os._exit(1)
        def test_after(): pass
        """
    )
    ran = project.run(n="1")
    assert ran.code == 1, ran.output
    assert outcomes(project) == {"test_a.py::test_after": ["passed"], "test_a.py::test_dies": ["crashed"]}
    assert "its process died, a child of it lives" in ran.output


@pytest.mark.parametrize("n", ["0", "2"])
def test_a_forked_child_that_comes_back_into_pytest_runs_no_test_twice(project: Project, n: str) -> None:
    project.write(
        test_a="""
        import os
        def test_forks():
            if os.fork() == 0: raise SystemExit(0)
            os.wait()
        def test_after(): pass
        """
    )
    ran = project.run(n=n)
    assert ran.code == 0, ran.output
    assert outcomes(project) == {"test_a.py::test_after": ["passed"], "test_a.py::test_forks": ["passed"]}


@pytest.mark.parametrize("arguments", [("-x",), ("--maxfail=1",), ("--max-worker-restart=0",)])
def test_a_run_that_ends_early_names_every_test_that_did_not_run(project: Project, arguments: tuple[str, ...]) -> None:
    how = "os._exit(1)" if "restart" in arguments[0] else "assert 0"
    project.write(test_a=f"import os\ndef test_dies(): {how}")
    for number in range(8):
        project.write_path(f"test_{number}.py", "import time\ndef test_1(): time.sleep(0.5)\ndef test_2(): pass")
    files = ["test_a.py", *(f"test_{number}.py" for number in range(8))]
    project.write_plan([whole(file, ms=5000 if file == "test_a.py" else 1000) for file in files])
    ran = project.run("1/1", *arguments, n="2")
    assert ran.code == 3, ran.output
    report = project.merge()
    run, missing = {case.nodeid for case in report.cases}, {missing.name for missing in report.not_run}
    assert missing and not run & missing
    assert len(run | missing) == 17
    assert f"{len(missing)} tests did not run: " in ran.output


@pytest.mark.parametrize("mark", ["serial", "no_parallel"])
def test_serial_tests_run_last_when_no_other_worker_is_left(project: Project, mark: str) -> None:
    project.write_path("pytest.ini", "[pytest]\naddopts = --strict-markers")
    project.write(
        conftest="""
        import os, pathlib, pytest
        log = pathlib.Path(__file__).parent / "log"
        def note(what):
            with log.open("a") as file: file.write(f"{os.environ['PYTEST_XDIST_WORKER']} {what}\\n")
        @pytest.fixture(scope="session", autouse=True)
        def session():
            yield
            note("over")
        @pytest.fixture(name="note")
        def _note(): return note
        """
    )
    for number in range(4):
        project.write_path(
            f"test_{number}.py",
            f"""
            import time, pytest
            @pytest.mark.{mark}
            def test_alone(note): note("alone")
            def test_any(note):
                time.sleep(0.1)
                note("any")
            """,
        )
    ran = project.run(n="3")
    assert ran.code == 0, ran.output
    log = [line.split() for line in (project.root / "log").read_text().splitlines()]
    first = next(index for index, (_, what) in enumerate(log) if what == "alone")
    (worker,) = {worker for worker, what in log if what == "alone"}
    assert Counter(what for _, what in log[:first] if what != "over") == Counter(any=4)
    assert {w for w, what in log[:first] if what == "over"} == {"gw0", "gw1", "gw2"} - {worker}
    assert [what for _, what in log[first:]] == ["alone"] * 4 + ["over"]


def test_a_crash_in_the_serial_phase_loses_no_serial_test(project: Project) -> None:
    project.write_path("pytest.ini", "[pytest]\nmarkers = serial")
    project.write(
        test_a="""
        import os, pytest
        def test_1(): pass
        @pytest.mark.serial
        def test_2(): os._exit(1)
        @pytest.mark.serial
        def test_3(): pass
        """
    )
    ran = project.run(n="2")
    assert ran.code == 1, ran.output
    assert outcomes(project) == {
        "test_a.py::test_1": ["passed"],
        "test_a.py::test_2": ["crashed"],
        "test_a.py::test_3": ["passed"],
    }


def test_pytest_rerunfailures_reruns_a_crashed_test(project: Project) -> None:
    project.write(
        test_a="""
        import os, pathlib
        died = pathlib.Path(__file__).parent / "died"
        def test_dies_once():
            if not died.exists():
                died.touch()
                os._exit(1)
        def test_after(): pass
        """
    )
    ran = project.run("1/1", "--reruns=1", n="1")
    assert ran.code == 0, ran.output
    assert outcomes(project) == {
        "test_a.py::test_after": ["passed"],
        "test_a.py::test_dies_once": ["crashed", "passed"],
    }
    report = project.merge()
    assert [(case.nodeid, case.flip_condition) for case in report.flips] == [
        ("test_a.py::test_dies_once", "on another worker, gw1")
    ]


# -- standing back -----------------------------------------------------------------------------


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadscope"])
def test_another_dist_is_pytest_xdists_own_and_a_line_says_so(project: Project, dist: str) -> None:
    project.write(test_a="def test_1(): pass\ndef test_2(): pass")
    ran = project.run("1/1", "--dist", dist, n="2")
    assert ran.code == 0, ran.output
    assert f"xdist-ci: --dist {dist} is scheduled by pytest-xdist itself" in ran.output


def test_another_plugins_scheduler_stays_and_a_line_says_so(project: Project) -> None:
    project.write(
        conftest="""
        from xdist.scheduler import LoadFileScheduling
        class Theirs(LoadFileScheduling): pass
        def pytest_xdist_make_scheduler(config, log): return Theirs(config, log)
        """,
        test_a="def test_1(): pass",
    )
    ran = project.run("1/1", "-v", n="1")
    assert ran.code == 0, ran.output
    assert "scheduling tests via Theirs" in ran.output
    assert "xdist-ci: another plugin schedules the tests" in ran.output

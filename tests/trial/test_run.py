"""One trial: the tests asked for, each of them once, in the order asked for, under the conditions asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from guests import python_with
from hypothesis import given
from hypothesis import strategies as st
from project import Project

from ci_tools.formats import marks_json
from ci_tools.merge.read import read_bundle
from ci_tools.model.errors import CiToolsError
from ci_tools.model.trial import Conditions, Order, Steering
from ci_tools.plugin.steer import ordered
from ci_tools.shard.processes import is_alive
from ci_tools.trial.result import Result
from ci_tools.trial.run import Trial, run_trial
from ci_tools.trial.stress import stressed

PYTEST = (sys.executable, "-m", "pytest")
BASE = ("pytest==9.2.0", "pytest-xdist==3.8.0")
RERUNNERS = ("pytest-rerunfailures==16.7", "flaky==3.8.1", "pytest-retry==1.7.0")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "suite"
    root.mkdir()
    monkeypatch.chdir(root)
    return Project(root)


def trial(project: Project, command: tuple[str, ...] = PYTEST, **conditions: Any) -> Trial:
    return Trial(command=command, out=project.root.parent / "out", conditions=Conditions(**conditions))


def ran(asked: Trial, **steering: Any) -> Result:
    return run_trial(replace(asked, steering=Steering(**steering)), os.environ, say=print)


def outcomes(result: Result) -> dict[str, str]:
    return {nodeid: attempt.outcome.value for nodeid, attempt in result.attempts.items()}


# -- which tests, in which order -----------------------------------------------------------


def test_what_is_asked_for_is_run_once_in_that_order_and_what_is_not_found_is_named(project: Project) -> None:
    project.write(
        test_a="""
        import pytest
        @pytest.mark.parametrize("x", ["a::b", "c/d[1]", "e f"])
        def test_x(x): pass
        class TestC:
            def test_in_class(self): pass
        """,
        test_b="def test_b(): pass",
        test_other="raise RuntimeError('is not even imported')",
    )
    (project.root.parent / "outside").mkdir()
    outside = project.root.parent / "outside" / "test_far.py"
    outside.write_text("def test_far(): pass")
    project.write_path("pytest.ini", f"[pytest]\ntestpaths = . {outside.parent}")
    wanted = ("test_b.py::test_b", "test_a.py::test_x[c/d[1]]", "test_a.py::test_x[e f]", "test_a.py::test_x[a::b]")
    far = "test_far.py::test_far"  # as pytest says
    tests = (*wanted, far, "test_a.py::test_gone", "test_a.py::TestC::test_in_class", "test_gone.py::test", wanted[0])
    result = ran(trial(project), tests=tests)
    assert list(result.attempts) == [*wanted, far, "test_a.py::TestC::test_in_class"], result.problem
    assert set(result.selected) == set(result.attempts)
    assert (result.missing, result.not_run) == (("test_a.py::test_gone", "test_gone.py::test"), ())
    assert (result.problem, result.exit_code, result.workers) == ("", 0, 0)
    (session,) = read_bundle(result.bundle).sessions
    assert len(session.attempts) == len(result.attempts)


def test_lanes_are_the_tests_of_single_workers(project: Project) -> None:
    project.write(test_a="def test_1(): pass\ndef test_2(): assert 0", test_b="def test_3(): pass")
    lanes = {
        "gw0": ("test_a.py::test_2", "test_a.py::test_1"),
        "gw1": ("test_b.py::test_3", "test_b.py::test_4"),
        "gw2": ("test_a.py::test_2",),
    }
    result = ran(trial(project, workers="3", dist="each"), lanes=lanes)
    assert dict(sorted(outcomes(result).items())) == {
        "gw0 test_a.py::test_1": "passed",
        "gw0 test_a.py::test_2": "failed",
        "gw1 test_b.py::test_3": "passed",
        "gw2 test_a.py::test_2": "failed",
    }
    assert (result.missing, result.not_run, result.workers) == (("gw1 test_b.py::test_4",), (), 3)


def test_workers_get_the_files_in_the_order_asked_for(project: Project) -> None:
    """The first two files are the first of the two workers, however short they are."""
    long = "import pytest\n@pytest.mark.parametrize('i', range(9))\ndef test(i): pass"
    project.write(test_a=long, test_b="def test(): pass", test_c="def test(): pass")
    project.write_path("pytest.ini", "[pytest]\naddopts = -n 1 -d --maxprocesses 1")
    result = ran(trial(project, workers="2", order=Order.REVERSE))
    first = [next(n for n, a in result.attempts.items() if a.worker == worker) for worker in ("gw0", "gw1")]
    assert (set(first), result.workers) == ({"test_c.py::test", "test_b.py::test"}, 2)
    assert [session.begin.dist for session in read_bundle(result.bundle).sessions] == ["loadfile"]


def items(*nodeids: str) -> list[Any]:
    return [SimpleNamespace(nodeid=nodeid) for nodeid in nodeids]


names = st.lists(
    st.sampled_from(
        [f"{f}.py::{c}test_{n}{p}" for f in "ab" for c in ("", "C::") for n in "xy" for p in ("", "[a::b]")]
    ),
    unique=True,
)


@given(names, st.integers(0, 5))
def test_a_random_order_keeps_files_together_and_is_the_same_whatever_others_there_are(
    nodeids: list[str], seed: int
) -> None:
    whole = [item.nodeid for item in ordered(items(*nodeids), Order.RANDOM, seed)]
    assert sorted(whole) == sorted(nodeids)
    files = [nodeid.partition("::")[0] for nodeid in whole]
    assert [f for i, f in enumerate(files) if i == 0 or files[i - 1] != f] == list(dict.fromkeys(files))
    some = [item.nodeid for item in ordered(items(*sorted(nodeids)[::2]), Order.RANDOM, seed)]
    assert some == [nodeid for nodeid in whole if nodeid in some]


def test_seeds_give_different_orders() -> None:
    nodeids = [f"test_{i}.py::test" for i in range(8)]
    orders = [[item.nodeid for item in ordered(items(*nodeids), Order.RANDOM, seed)] for seed in range(20)]
    assert len({tuple(order) for order in orders}) == 20


# -- plugins and options of the project ----------------------------------------------------


def test_nothing_is_run_again_whatever_the_project_says(project: Project) -> None:
    """Every plugin alone would: what one of them ran again is noted twice."""
    options = "--reruns 3 --force-flaky --max-runs=3 --retries 3"
    project.write_path("pytest.ini", f"[pytest]\naddopts = {options} --strict-markers -p no:cacheprovider")
    project.write(
        test_a="""
        import os, pytest, flaky
        def note(what):
            with open("ran.txt", "a") as file: file.write(what + "\\n")
        @pytest.mark.flaky(reruns=2, retries=2)
        @flaky.flaky(max_runs=3)
        def test_marked():
            note("marked")
            assert 0
        def test_plain():
            note("plain")
            assert 0
        def test_crash():
            note("crash")
            os._exit(9)
        def test_after(): note("after")
        """
    )
    python = str(python_with("rerunners", *BASE, *RERUNNERS))
    result = ran(trial(project, (python, "-m", "pytest"), workers="1"), as_is=True)
    assert outcomes(result) == {
        "test_a.py::test_marked": "failed",
        "test_a.py::test_plain": "failed",
        "test_a.py::test_crash": "crashed",
        "test_a.py::test_after": "passed",
    }, result.problem
    assert (project.root / "ran.txt").read_text().split() == ["marked", "plain", "crash", "after"]


def test_plugins_that_shuffle_do_not_change_the_order_and_repeated_tests_are_tests(project: Project) -> None:
    project.write_path("pytest.ini", "[pytest]\naddopts = --random-order --count 2 -p no:cacheprovider")
    project.write(**{f"test_{name}": "def test_1(): pass\ndef test_2(): pass" for name in "abc"})
    packages = ("pytest-randomly==4.0.1", "pytest-random-order==1.2.0", "pytest-repeat==0.9.4")
    python = str(python_with("shuffled", *BASE, *packages))
    result = ran(trial(project, (python, "-m", "pytest")))
    assert list(result.attempts) == [
        f"test_{name}.py::test_{i}[{n}-2]" for name in "abc" for i in (1, 2) for n in (1, 2)
    ]
    assert "Using --randomly-seed=" in (result.bundle.parent / "output.log").read_text()  # it goes on to seed


def test_every_test_runs_and_nothing_of_the_user_is_written_over(project: Project) -> None:
    """What pytest would choose by its cache, where it would stop, what it and its plugins would write."""
    project.write(
        test_a="""
        import os
        def test_1(): os._exit(9)
        def test_2(): assert 0
        def test_3(): assert 0
        def test_4(): pass
        """
    )
    project.pytest("-p", "cacheprovider", "-k", "not test_1")
    cache = {path: path.read_bytes() for path in (project.root / ".pytest_cache").rglob("*") if path.is_file()}
    addopts = "-x --lf --ff --nf --sw --junitxml=mine.xml --cov=. --cov-report=xml --max-worker-restart=0 --pdb"
    project.write_path("pytest.ini", f"[pytest]\naddopts = {addopts}")
    result = ran(trial(project, workers="1"))
    assert list(outcomes(result).values()) == ["crashed", "failed", "failed", "passed"], result.problem
    assert {path: path.read_bytes() for path in (project.root / ".pytest_cache").rglob("*") if path.is_file()} == cache
    assert {path.name for path in project.root.iterdir()} - {"__pycache__"} == {
        ".pytest_cache",
        "pytest.ini",
        "test_a.py",
    }


# -- conditions ----------------------------------------------------------------------------


def test_a_run_is_under_the_conditions_asked_for_and_writes_down_who_has_which_marks(project: Project) -> None:
    """Each mark once per test, without pytest's own, whatever --dist adds to a test's name."""
    project.write(
        test_a="""
        import json, os, pathlib, pytest, time
        pytestmark = pytest.mark.whole
        @pytest.mark.slow
        @pytest.mark.slow
        @pytest.mark.parametrize("x", [1, 2])
        def test_x(x): pass
        @pytest.mark.usefixtures("tmp_path")
        @pytest.mark.xdist_group("g")
        def test_y():
            told = {"hash": os.environ["PYTHONHASHSEED"], "tz": time.tzname[0]}
            pathlib.Path("told.json").write_text(json.dumps(told))
        """
    )
    project.write_path("pytest.ini", "[pytest]\nmarkers =\n    slow\n    whole")
    result = ran(trial(project, workers="1", dist="loadgroup", hash_seed=7, tz="UTC-3", stress=1), as_is=True)
    assert set(outcomes(result).values()) == {"passed"}, result.problem
    assert json.loads((project.root / "told.json").read_text()) == {"hash": "7", "tz": "UTC"}
    path = result.bundle / "marks.json"
    assert marks_json.loads(path.read_text(), source=path.name) == {
        "slow": ("test_a.py::test_x[1]", "test_a.py::test_x[2]"),
        "whole": ("test_a.py::test_x[1]", "test_a.py::test_x[2]", "test_a.py::test_y"),
    }


def test_busy_processes_end_with_their_block() -> None:
    with stressed(2) as pids:
        assert [is_alive(pid) for pid in pids] == [True, True]
    assert [is_alive(pid) for pid in pids] == [False, False]


def test_busy_processes_do_not_outlive_a_kill() -> None:
    program = (
        "import os, signal\nfrom ci_tools.trial.stress import stressed\n"
        "with stressed(1) as pids:\n    print(*pids, flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    (pid,) = map(int, done.stdout.split())
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(pid)


# -- runs that can't be judged -------------------------------------------------------------


def test_a_file_that_cannot_be_collected_is_named_with_what_pytest_said(project: Project) -> None:
    project.write(test_a="import nowhere", test_b="def test_b(): pass")
    result = ran(trial(project))
    head, _, rest = result.problem.partition("\n")
    assert head == "broken: not collected: 'test_a.py'"
    assert "ModuleNotFoundError: No module named 'nowhere'" in rest and rest.endswith("===")
    assert (result.failed, result.exit_code) == (("test_a.py",), 2)


def test_a_command_that_does_not_reach_pytest_is_an_error_with_its_last_words(project: Project) -> None:
    command = (sys.executable, "-c", "print('\\x1b[31mno such\\x00thing'); raise SystemExit(3)")
    with pytest.raises(CiToolsError) as caught:
        ran(trial(project, command))
    head, _, rest = caught.value.fact.partition("\n")
    assert head.endswith("ran without the xdist-ci plugin (exit code 3): nothing was selected or recorded")
    assert rest == "no such\\x00thing"


def test_workers_without_pytest_xdist_are_refused(project: Project) -> None:
    project.write(test_a="def test_a(): pass")
    with pytest.raises(
        CiToolsError, match=r"pytest-xdist isn't installed here, or turned off.*: pip install pytest-xdist"
    ):
        ran(trial(project, (*PYTEST, "-p", "no:xdist"), workers="2"))

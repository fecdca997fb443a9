"""Stuck tests, stalled runs, deadlines: `ci-tools run` looks after its command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project import PYTEST, Project, whole

from ci_tools.formats import attempts_jsonl, collected_jsonl
from ci_tools.model.plan import Atom
from ci_tools.model.run import Begin, CollectedFile, Collection, FileState
from ci_tools.shard.watch import Limits, Watch

STUCK = {
    "in Python": "time.sleep(60)",
    "in a C call": "ctypes.CDLL(None).sleep(60)",
    "on a lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "holding the interpreter": "ctypes.PyDLL(None).sleep(60)",
    "deaf to signals": "[signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; time.sleep(60)",
}


@pytest.mark.parametrize("how", STUCK)
def test_a_stuck_test_is_reported_with_its_stacks_and_all_others_run(project: Project, how: str) -> None:
    project.write(
        test_a=f"""
        import ctypes, signal, threading, time
        def helper(): {STUCK[how]}
        def test_before(): pass
        def test_stuck(): helper()
        def test_after(): pass
        """,
        test_b="def test_other(): pass",
    )
    ran = project.run(n="2", options=("--stuck-after", "2"))
    assert ran.code == 1, ran.output
    report = project.merge()
    assert {case.nodeid: [a.outcome.value for _, a in case.attempts] for case in report.cases} == {
        "test_a.py::test_after": ["passed"],
        "test_a.py::test_before": ["passed"],
        "test_a.py::test_stuck": ["crashed"],
        "test_b.py::test_other": ["passed"],
    }
    (stuck,) = [case.final for case in report.cases if case.nodeid.endswith("stuck")]
    assert stuck.message.startswith("stuck for 2.") and stuck.message.endswith(f"its worker {stuck.worker} was killed")
    stacks = (project.root / "bundles/shard-1-of-1-attempt-1/workers" / f"{stuck.worker}.stacks").read_text()
    for text in (stuck.text, ran.output, stacks):
        assert "in helper" in text and "in test_stuck" in text


def test_without_pytest_xdist_the_stuck_test_and_what_did_not_run_are_named(project: Project) -> None:
    project.write(test_a="import time\ndef test_1(): pass\ndef test_2(): time.sleep(60)\ndef test_3(): pass")
    ran = project.run(n="0", options=("--stuck-after", "1"))
    assert ran.code == 3, ran.output
    report = project.merge()
    assert {case.nodeid: case.outcome.value for case in report.cases} == {
        "test_a.py::test_1": "passed",
        "test_a.py::test_2": "crashed",
    }
    assert [missing.name for missing in report.not_run] == ["test_a.py::test_3"]
    assert report.reasons[0].startswith("shard 1 was stopped: test_a.py::test_2 was stuck for 1.")


def test_zero_turns_the_watch_off(project: Project) -> None:
    project.write(test_a="import time\ndef test_1(): time.sleep(2)")
    ran = project.run(n="1", options=("--stuck-after", "0"))
    assert (ran.code, ran.outcomes) == (0, {"test_a.py::test_1": "passed"})


def test_a_test_that_takes_long_by_its_recorded_time_is_not_stuck(project: Project) -> None:
    project.write(test_a="import time\ndef test_1(): time.sleep(2)")
    (project.root / ".test_durations").write_text('{"test_a.py::test_1": 0.5}')
    project.plan(1)
    ran = project.run(n="1", options=("--stuck-after", "1"))
    assert (ran.code, ran.outcomes) == (0, {"test_a.py::test_1": "passed"})


@pytest.mark.parametrize("n", ["0", "2"])
def test_at_its_deadline_a_shard_seals_its_bundle_and_names_what_did_not_run(project: Project, n: str) -> None:
    project.write(test_a="import pytest, time\n@pytest.mark.parametrize('i', range(60))\ndef test(i): time.sleep(0.25)")
    project.write_plan([whole("test_a.py")])
    ran = project.run(n=n, options=("--deadline-minutes", "0.06"))  # 3.6 s
    assert ran.code == 3, ran.output
    assert ran.bundle.manifest is not None and ran.bundle.manifest.sealed
    report = project.merge()
    assert report.reasons[0].startswith("shard 1 was stopped at its deadline of 3.6 s while running 'test_a.py::test[")
    assert len(report.cases) + len(report.not_run) == 60
    assert len(report.cases) > 1
    assert "has been running test_a.py::test[" in ran.output


@pytest.mark.parametrize(
    ("given", "longest_ms", "limit_s"),
    [
        (None, 0, 600.0),
        (None, 10, 60.0),
        (None, 7000, 70.0),
        (5.0, 0, 5.0),
        (5.0, 10, 5.0),
        (5.0, 7000, 70.0),
    ],
)
def test_a_limit_is_ten_times_what_is_recorded_and_no_less_than_asked(
    given: float | None, longest_ms: int, limit_s: float
) -> None:
    assert Limits(stuck_after_s=given).of_test(longest_ms) == limit_s


# -- a run that stalls: made by hand, ours doesn't ------------------------------------------------


class Stalled:
    """A bundle whose pytest has written these lines and goes on living without a word."""

    def __init__(self, project: Project, selected: tuple[str, ...]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True
        )
        self.said: list[str] = []
        self.bundle = project.root / "bundle"
        self.bundle.mkdir()
        begin = Begin(
            nonce="n", python="3", pytest="9", xdist="3", workers=1, dist="loadfile", rootdir="/r", start_s=1.0
        )
        self.write(
            attempts_jsonl.begin_line(begin), attempts_jsonl.worker_line("gw0", self.process.pid, stack_signal=0)
        )
        collection = Collection(files=(CollectedFile(file="a.py", state=FileState.SEEN, selected=selected),))
        (self.bundle / "collected.jsonl").write_text(collected_jsonl.dumps(collection))
        self.watch = Watch(
            leader=self.process.pid,
            bundle=self.bundle,
            plan=project.write_plan([whole("a.py")]),
            limits=Limits(),
            say=self.said.append,
            now_s=0.0,
        )

    def write(self, *lines: str) -> None:
        with (self.bundle / "attempts.jsonl").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def looks(self, *times_s: float) -> list[str]:
        return [self.watch.look(now_s) for now_s in times_s]


@pytest.fixture
def stalled(project: Project) -> object:
    made = Stalled(project, ("a.py::test_1", "a.py::test_2"))
    yield made
    made.process.communicate(b"\n")


PASSED = '{"t":"attempt","id":"a.py::test_1","outcome":"passed","worker":"gw0","start_s":1,"s":[0,0,0]}'


def test_a_run_in_which_nothing_happens_is_stalled_and_the_missing_tests_are_listed(stalled: Stalled) -> None:
    stalled.write(attempts_jsonl.ready_line("gw0"), PASSED)
    why = "stalled for 10m 01s: no worker runs a test, 1 test not reported: 'a.py::test_2'"
    assert stalled.looks(1.0, 590.0, 602.0) == ["", "", why]


def test_a_worker_that_runs_a_test_is_no_stall(stalled: Stalled) -> None:
    stalled.watch._limits = Limits(stuck_after_s=10_000)
    stalled.write(attempts_jsonl.ready_line("gw0"), attempts_jsonl.start_line("a.py::test_1", "gw0"))
    assert stalled.looks(1.0, 9000.0) == ["", ""]


def test_a_collection_that_takes_for_ever_is_stalled(stalled: Stalled) -> None:
    assert stalled.looks(1.0, 590.0, 602.0) == ["", "", "stalled: gw0 has been collecting for 10m 01s"]
    assert stalled.said == ["gw0 collects tests\n\n"]


def test_a_pytest_that_does_not_end_is_stalled(stalled: Stalled) -> None:
    stalled.write(attempts_jsonl.ready_line("gw0"), PASSED, PASSED.replace("test_1", "test_2"))
    why = "stalled for 10m 01s: all tests are reported, but pytest doesn't end"
    assert stalled.looks(1.0, 602.0) == ["", why]


def test_a_process_that_is_not_ours_is_left_alone(stalled: Stalled) -> None:
    """A pid in a file that tests can write to may be anybody's."""
    stalled.watch._leader = 1
    stalled.write(attempts_jsonl.ready_line("gw0"), attempts_jsonl.start_line("a.py::test_1", "gw0"))
    assert stalled.looks(1.0, 602.0, 603.0) == ["", "", ""]
    assert stalled.process.poll() is None
    (said,) = stalled.said
    assert said.startswith("a.py::test_1 runs for 10m 01s, but its process")


def test_lines_that_a_test_forged_do_not_stop_the_watch(stalled: Stalled) -> None:
    stalled.write(
        '{"t":"worker","worker":[],"pid":"x","stack_signal":null}',
        '{"t":"start","id":7,"worker":"gw9"}',
        '{"t":"attempt","id":{},"outcome":[],"worker":null}',
        '{"t":"worker","worker":"../../x","pid":-1,"stack_signal":1}',
        '{"t":"worker","worker":"gw7","pid":100000000000000000000,"stack_signal":0}',
        '{"t":"worker","worker":"gw8","pid":99999,"stack_signal":4096}',
        '{"t":"worker","worker":"a\\u0000b","pid":99999,"stack_signal":0}',
        "not json",
        '{"t":"begin","rerun":"x"}',
    )
    assert stalled.looks(1.0, 2.0) == ["", ""]
    assert stalled.watch.tail.workers == {}


def test_a_workers_first_test_may_set_up_what_takes_long(project: Project, stalled: Stalled) -> None:
    """Its recorded time is that of a worker on which another test came first."""
    stalled.watch._plan = project.write_plan([Atom(file="a.py", expected_ms=2, longest_ms=1)])
    start = attempts_jsonl.start_line("a.py::test_2", "gw0")
    stalled.write(attempts_jsonl.ready_line("gw0"), start)
    assert stalled.looks(1.0, 590.0) == ["", ""]
    stalled.write(PASSED.replace("test_1", "test_2"), attempts_jsonl.start_line("a.py::test_1", "gw0"))
    assert stalled.looks(591.0, 640.0) == ["", ""]
    assert stalled.process.poll() is None
    stalled.looks(652.0)
    assert stalled.said[0].startswith("a.py::test_1: stuck for 1m 01s: its worker gw0 was killed")


def test_what_a_test_leaves_among_the_stacks_does_not_keep_the_bundle_from_being_sealed(project: Project) -> None:
    project.write(
        test_a="""
        import os, pathlib
        def test_1():
            workers = next(pathlib.Path(__file__).parent.glob("bundles/*/workers"))
            (workers / "nowhere").symlink_to("/nothing/here")
            (workers / "directory").mkdir()
            with next(workers.parent.glob("attempts.jsonl")).open("a") as file:
                file.write('{"t":"worker","worker":"x","pid":100000000000000000000,"stack_signal":0}\\n')
        """
    )
    ran = project.run(n="1")
    assert ran.code == 0, ran.output
    assert ran.bundle.manifest is not None and ran.bundle.manifest.sealed


def test_after_a_ctrl_c_that_a_test_ignores_the_shard_still_ends_at_its_deadline(project: Project) -> None:
    project.write(
        test_a="""
        import pathlib, signal, time
        def test_1():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            pathlib.Path(__file__).with_suffix(".begun").touch()
            time.sleep(90)
        """
    )
    project.plan(1)
    words = ["run", "--shard", "1/1", "--deadline-minutes", "0.1", "--stuck-after", "0", "--", *PYTEST, "-n", "0"]
    environ = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    process = subprocess.Popen([sys.executable, "-m", "ci_tools", *words], cwd=project.root, env=environ)
    while not (project.root / "test_a.begun").exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 3
    assert project.merge().shards[0].state.value == "killed"


def test_a_stalled_run_is_ended_and_its_bundle_sealed(project: Project) -> None:
    """A scheduler that forgets its tests, as pytest-xdist's own does after a crash."""
    project.write(
        conftest="""
        from xdist.scheduler import LoadFileScheduling
        class Forgets(LoadFileScheduling):
            tests_finished = False
            def schedule(self): pass
        def pytest_xdist_make_scheduler(config, log): return Forgets(config, log)
        """,
        test_a="def test_1(): pass",
    )
    program = (
        "import sys, ci_tools.shard.watch as watch; watch.UNKNOWN_AFTER_S = 2.0\n"
        "from ci_tools.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    project.plan(1)
    words = ["run", "--shard", "1/1", "--", *PYTEST, "-n", "1"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=project.root, capture_output=True, text=True, timeout=60
    )
    report = project.merge()
    assert done.returncode == 3, done.stdout
    assert "no worker runs a test, 1 test not reported: 'test_a.py::test_1'" in done.stderr
    assert [missing.name for missing in report.not_run] == ["test_a.py::test_1"]


def test_nothing_is_left_behind_by_a_run(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    temporary = tmp_path_factory.mktemp("tmp")
    project.write(test_a="import os\ndef test_1(): os._exit(1)\ndef test_2(): pass")
    project.plan(1)
    done = subprocess.run(
        [sys.executable, "-m", "ci_tools", "run", "--shard", "1/1", "--", *PYTEST, "-n", "2"],
        cwd=project.root,
        env={"PATH": str(Path(sys.executable).parent), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert [path.name for path in temporary.glob("xdist-ci-*")] == []
    bundle = project.root / "bundles/shard-1-of-1-attempt-1"
    assert sorted(path.name for path in bundle.iterdir()) == [
        "attempts.jsonl",
        "collected.jsonl",
        "cost.json",
        "junit.xml",
        "manifest.json",
        "plan.json",
    ]

"""One shard from outside: the user's commands, signals, kills, a full disk."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project import PYTEST, Project, whole

from ci_tools.merge.read import read_bundle
from ci_tools.model.words import some

SUITE = "import pytest\n@pytest.mark.parametrize('i', range(3))\ndef test_it(i): pass\n"
SLOW = "import time, pytest\n@pytest.mark.parametrize('i', range(100))\ndef test_it(i): time.sleep(0.1)\n"


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-m", "pytest", "-n0"),
        (str(Path(sys.executable).parent / "pytest"), "-n0"),
        ("sh", "-c", f"cd . && {sys.executable} -m pytest -n0 | cat"),
        ("env", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", sys.executable, "-m", "pytest"),
        ("env", "PYTHONSAFEPATH=1", sys.executable, "-m", "pytest", "-n0"),
        ("make", "-s", "test"),
    ],
)
def test_the_plugin_gets_into_the_users_command(project: Project, command: tuple[str, ...]) -> None:
    project.write(test_a=SUITE).write_path("Makefile", f"test:\n\t{sys.executable} -m pytest -n0\n")
    ran = project.run(command=command)
    assert ran.code == 0, ran.output
    assert len(ran.outcomes) == 3


def test_a_shard_that_a_test_starts_is_no_worker(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.setenv(name, "2")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "1")
    project.write(
        test_a="""
        import os, xdist
        def test_a(request):
            assert not xdist.is_xdist_worker(request)
            assert [name for name in os.environ if "XDIST" in name and "CI" not in name] == [
                "PYTEST_XDIST_AUTO_NUM_WORKERS"
            ]
        """
    )
    ran = project.run()
    assert ran.outcomes == {"test_a.py::test_a": "passed"}, ran.output


def test_by_default_tests_run_on_all_processors_by_file(project: Project) -> None:
    project.write(test_a=SUITE)
    ran = project.run(command=(sys.executable, "-m", "pytest"))
    begin = ran.bundle.sessions[0].begin
    assert (begin.dist, begin.workers >= 1) == ("loadfile", True)
    assert {a.worker[:2] for a in ran.attempts} == {"gw"}


@pytest.mark.parametrize(
    ("addopts", "arguments", "dist", "workers"),
    [
        ("-n 1", (), "loadfile", 1),
        ("-n 1 --dist worksteal", (), "worksteal", 1),
        ("", ("-n", "1", "--dist", "loadscope"), "loadscope", 1),
        ("", ("-n", "1", "--dist", "load"), "load", 1),
        ("", ("-n", "1", "-d"), "load", 1),
        ("-n 2", ("-n", "0"), "no", 1),
        ("-p no:xdist", (), "no", 1),
    ],
)
def test_the_users_own_choice_wins(
    project: Project, addopts: str, arguments: tuple[str, ...], dist: str, workers: int
) -> None:
    project.write(test_a=SUITE).write_path("pytest.ini", f"[pytest]\naddopts = {addopts}\n")
    ran = project.run("1/1", *arguments, n="")
    begin = ran.bundle.sessions[0].begin
    assert (begin.dist, begin.workers, len(ran.outcomes)) == (dist, workers, 3)


@pytest.mark.parametrize(
    ("command", "fact", "hint"),
    [
        (
            ("true",),
            "`true` ran without the xdist-ci plugin (exit code 0): nothing was selected or recorded",
            "the command must run pytest with PYTHONPATH and PYTEST_PLUGINS passed on",
        ),
        (
            (sys.executable, "-I", "-c", "pass"),
            (
                f"`{sys.executable} -I -c pass` ran without the xdist-ci plugin (exit code 0): nothing was selected "
                "or recorded"
            ),
            "python's -I and -E ignore PYTHONPATH: leave them out",
        ),
        (
            ("env", "-i", sys.executable, "-m", "pytest"),
            (
                f"`env -i {sys.executable} -m pytest` ran without the xdist-ci plugin (exit code 0): "
                "nothing was selected or recorded"
            ),
            "the command must run pytest with PYTHONPATH and PYTEST_PLUGINS passed on",
        ),
    ],
)
def test_a_command_without_the_plugin_is_never_green(
    project: Project, command: tuple[str, ...], fact: str, hint: str
) -> None:
    ran = project.write(test_a=SUITE).run(command=command)
    assert ran.code == 3
    assert f"ci-tools: error: {fact}\nci-tools: hint: {hint}\n" in ran.output
    assert project.merge().conclusion.value == "incomplete"


def test_a_command_that_does_not_exist(project: Project) -> None:
    project.write(test_a=SUITE).plan(1)
    done = project.ci_tools("run", "--shard", "1/1", "--", "no-such-command")
    assert (done.returncode, done.stderr) == (
        3,
        (
            "ci-tools: error: 'no-such-command' can't be started: No such file or directory\n"
            "ci-tools: hint: put the command that runs pytest behind --\n"
        ),
    )


def test_results_are_never_overwritten(project: Project) -> None:
    project.write(test_a=SUITE).plan(1)
    project.run()
    before = read_bundle(project.root / "bundles" / "shard-1-of-1-attempt-1")
    done = project.ci_tools("run", "--shard", "1/1", "--", *PYTEST, "-n0")
    assert (done.returncode, done.stderr) == (
        2,
        (
            "ci-tools: error: bundles/shard-1-of-1-attempt-1: already holds the results of this shard\n"
            "ci-tools: hint: choose another --out or --attempt, or remove it\n"
        ),
    )
    assert read_bundle(project.root / "bundles" / "shard-1-of-1-attempt-1") == before
    assert project.ci_tools("run", "--shard", "1/1", "--attempt", "2", "--", *PYTEST, "-n0").returncode == 0


def test_the_command_sees_its_own_arguments_and_a_clean_tree(project: Project) -> None:
    """Nothing of ours in the project's directory but --out, nothing on sys.path[0]."""
    project.write(
        test_a="""
        import sys
        def test_path(request):
            assert "xdist-ci" not in sys.path[0]
            assert not [name for name in sys.modules if name.split(".")[0] in ("rich", "junitparser", "requests")]
        """
    )
    project.plan(1)
    ran = project.run()
    assert ran.code == 0, ran.output
    assert {p.name for p in project.root.iterdir()} - {"__pycache__"} == {"bundles", "plan.json", "test_a.py"}


@pytest.mark.parametrize("n", ["0", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_pytest_and_all_that_finished_is_kept(project: Project, n: str, number: int) -> None:
    project.write(test_a=SLOW)
    project.write_plan([whole("test_a.py")])
    bundle, process = started(project, n)
    process.send_signal(number)
    assert process.wait(30) == 3
    read = read_bundle(bundle)
    done = [attempt for attempt in read.sessions[0].attempts if attempt.outcome.value == "passed"]
    assert len(done) >= 3
    report = project.merge()
    assert report.conclusion.value == "incomplete"
    assert len(report.cases) + len(report.not_run) == 100
    assert read.manifest is not None and read.manifest.sealed
    assert report.shards[0].state.value == "killed"
    assert report.shards[0].reason.startswith(
        f"interrupted by {signal.Signals(number).name} while running 'test_a.py::"
    )


@pytest.mark.parametrize("n", ["0", "2"])
def test_after_kill_9_of_everything_the_finished_and_the_running_tests_are_named(project: Project, n: str) -> None:
    project.write(test_a=SLOW)
    project.write_plan([whole("test_a.py")])
    bundle, process = started(project, n)
    kill_all(process)
    recorded = read_bundle(bundle).sessions[0]
    report = project.merge()
    assert report.shards[0].state.value == "killed"
    assert recorded.running and recorded.running[0] in report.shards[0].reason
    assert len(report.cases) + len(report.not_run) == 100
    assert len(report.cases) >= 3


def kill_all(process: subprocess.Popen[str]) -> None:
    """SIGKILL to `ci-tools run` and to everything that it started."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()
    parents = {int(row.split()[0]): int(row.split()[1]) for row in rows}
    pytest_pid = next(pid for pid, parent in parents.items() if parent == process.pid)
    os.kill(process.pid, signal.SIGKILL)
    os.killpg(pytest_pid, signal.SIGKILL)
    process.wait(30)
    time.sleep(0.2)


def test_a_run_killed_at_ninety_percent_names_shard_suspect_and_how_many_did_not_run(project: Project) -> None:
    project.write(test_a=SLOW)
    project.write_plan([whole("test_a.py")], [whole("test_b.py")])
    project.write(test_b="def test_b(): pass")
    bundle, process = started(project, "2", shard="1/2", done=90)
    kill_all(process)
    assert project.run("2/2", n="2").code == 0
    running = read_bundle(bundle).sessions[0].running
    done = project.ci_tools("merge", str(project.root / "bundles"))
    assert done.returncode == 3
    n_run = len({a.nodeid for a in read_bundle(bundle).sessions[0].attempts})
    verdict = next(line for line in done.stdout.splitlines() if line.startswith("INCOMPLETE"))
    what = "test or file" if n_run == 99 else "tests or files"
    # Between two tests nothing runs.
    killed = f"killed while running {some(list(running))}" if running else f"killed after {n_run} tests"
    assert verdict == f"INCOMPLETE: shard 1 was {killed}; {100 - n_run} {what} did not run"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_pytest_ends_when_ci_tools_run_is_killed_and_the_next_run_cleans_up(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    temporary = tmp_path_factory.mktemp("tmp")
    monkeypatch.setenv("TMPDIR", str(temporary))
    project.write(test_a=SLOW)
    project.write_plan([whole("test_a.py")])
    bundle, process = started(project, "2")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    until = time.monotonic() + 20
    while time.monotonic() < until and read_bundle(bundle).sessions[0].exit_status is None:
        time.sleep(0.1)
    read = read_bundle(bundle)
    assert read.sessions[0].exit_status == 2
    assert 3 <= len(read.sessions[0].attempts) < 100
    assert len(list(temporary.glob("xdist-ci-*"))) == 1
    shutil.rmtree(bundle)
    project.write(test_a="def test(): pass")
    assert project.run(n="0").code == 0
    assert len(list(temporary.glob("xdist-ci-*"))) == 1  # it might be another container's
    shutil.rmtree(bundle)
    for path in temporary.glob("xdist-ci-*"):
        os.utime(path, (0, 0))
    assert project.run(n="0").code == 0
    assert list(temporary.glob("xdist-ci-*")) == []


def started(project: Project, n: str, *, shard: str = "1/1", done: int = 3) -> tuple[Path, subprocess.Popen[str]]:
    """Start a slow shard and wait until so many tests are done."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ci_tools", "run", "--shard", shard, "--", *PYTEST, "-n", n],
        cwd=project.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    bundle = project.root / "bundles" / f"shard-{shard.replace('/', '-of-')}-attempt-1"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        path = bundle / "attempts.jsonl"
        if path.exists() and path.read_text().count('"t":"attempt"') >= done:
            return bundle, process
        time.sleep(0.02)
    raise AssertionError("no test has finished")


def run_with_small_files(project: Project, n_bytes: int) -> subprocess.CompletedProcess[str]:
    """RLIMIT_FSIZE stands for the disk: a write past it fails as on a full one."""

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))

    return subprocess.run(
        [sys.executable, "-m", "ci_tools", "run", "--shard", "1/1", "--", *PYTEST, "-n0"],
        cwd=project.root,
        capture_output=True,
        text=True,
        preexec_fn=small_files,
        timeout=60,
    )


def test_a_full_disk_fails_no_test_and_is_never_green(project: Project) -> None:
    project.write(test_a="import pytest\n@pytest.mark.parametrize('i', range(1500))\ndef test_it(i): pass\n")
    project.write_plan([whole("test_a.py")])
    done = run_with_small_files(project, 60_000)  # the plugin itself fits
    assert done.returncode == 3, done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert "1500 passed" in done.stdout
    report = project.merge()
    assert report.conclusion.value == "incomplete"
    assert len(report.cases) + len(report.not_run) >= 1


def test_without_room_for_the_plugin_itself_it_says_so(project: Project) -> None:
    project.write(test_a="def test_a(): pass").plan(1)
    done = run_with_small_files(project, 2_000)
    assert done.returncode == 3
    assert re.search(r"^ci-tools: error: .*: can't be written: .*File too large", done.stderr, re.M)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_pytest_that_fails_behind_a_pipe_is_still_red(project: Project) -> None:
    project.write(test_a="def test_a(): assert 0")
    ran = project.run(command=("bash", "-c", f"{sys.executable} -m pytest -n0 || true"))
    assert ran.code == 1
    assert project.merge().conclusion.value == "failed"

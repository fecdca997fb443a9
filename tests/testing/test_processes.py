"""Processes that start together, fail together, and of which none is left behind."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from ci_tools.store.lines import Lines
from ci_tools.testing import synchronized_processes, wait_for_condition

GROUPS = sys.version_info >= (3, 11)


class NeedsTwoError(Exception):
    """As many are: its pickle can't be read, which calls it with the message alone."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")


class ArrivesNowhere:
    """What can be sent, but not read."""

    def __reduce__(self) -> object:
        return refuse, ()


def refuse() -> NoReturn:
    raise ConnectionRefusedError


def add(a: int, b: int) -> tuple[int, int]:
    return a + b, os.getpid()


def meets(directory: Path, name: str, parties: int) -> list[str]:
    """Return who was there; only those who run at the same time come to that."""
    (directory / name).touch()
    return wait_for_condition(lambda: len(found := sorted(os.listdir(directory))) == parties and found, timeout_s=60)


def fails(text: str) -> NoReturn:
    raise KeyError(text)


def fails_with_what_cant_be_sent() -> NoReturn:
    raise NeedsTwoError(404, "not found")


def returns_what_cant_be_sent() -> object:
    return lambda: None


def skips() -> NoReturn:
    pytest.skip("not here")


def dies(how: int) -> None:
    os.kill(os.getpid(), how)


def exits(code: int) -> None:
    os._exit(code)


def says_its_pid_and_hangs(path: Path) -> None:
    Lines(path).write(str(os.getpid()))
    signal.pause()


def ends_with(path: Path) -> None:
    atexit.register(path.touch)


def runs(pid: int) -> bool:
    """Return whether there is such a process that isn't a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_the_results_are_in_the_order_of_the_functions_each_from_a_process_of_its_own() -> None:
    results = synchronized_processes([partial(add, 1, 2), partial(add, b=3, a=4)])
    assert [result for result, _ in results] == [3, 7]
    assert len({os.getpid(), *(pid for _, pid in results)}) == 3


def test_all_run_at_the_same_time(tmp_path: Path) -> None:
    assert synchronized_processes([partial(meets, tmp_path, name, 2) for name in "ab"]) == [["a", "b"]] * 2


def test_no_function_is_called_before_all_are_there(tmp_path: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        synchronized_processes([partial(Path.touch, tmp_path / "called"), partial(add, ArrivesNowhere())])
    assert os.listdir(tmp_path) == []


def test_what_a_process_does_at_its_end_is_done(tmp_path: Path) -> None:
    """Coverage writes its data then."""
    synchronized_processes([partial(ends_with, tmp_path / name) for name in "ab"])
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_no_functions_are_no_processes() -> None:
    assert synchronized_processes([]) == []


@pytest.mark.parametrize("start_method", ["fork", "forkserver"])
def test_other_ways_to_start_are_to_be_had(start_method: str) -> None:
    program = f"""
    import os, functools
    from ci_tools.testing import synchronized_processes
    if __name__ == "__main__":
        print(synchronized_processes([functools.partial(max, 1, 2)] * 2, start_method={start_method!r}))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[2, 2]\n"


def test_a_function_within_a_test_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """The seed's bug: with `multiprocessing`, an AttributeError from its depths, and one process has begun already."""

    def buy_worker() -> None: ...

    refused = "buy_worker: a new process can't import it; write it as a function at the top of its module"
    for nested in (buy_worker, partial(partial(buy_worker))):
        with pytest.raises(TypeError) as raised:
            synchronized_processes([partial(says_its_pid_and_hangs, tmp_path / "pids"), nested])
        assert str(raised.value).endswith(f"<locals>.{refused}")
    with pytest.raises(TypeError, match=r"<lambda>: a new process can't import it"):
        synchronized_processes([lambda: None])
    assert not (tmp_path / "pids").exists()


def test_an_argument_that_cant_be_sent_is_refused_before_anything_starts() -> None:
    with pytest.raises(TypeError, match=r"^add: can't be sent to a process: .*TextIOWrapper"):
        synchronized_processes([partial(add, sys.__stdout__)])


def test_a_lone_error_is_raised_as_it_is_with_the_traceback_in_the_process() -> None:
    with pytest.raises(KeyError, match="x") as raised:
        synchronized_processes([partial(add, 1, 2), partial(fails, "x")])
    cause = str(raised.value.__cause__)
    assert cause.startswith("\nTraceback (most recent call last):\n") and cause.endswith("KeyError: 'x'\n")
    assert "in fails\n    raise KeyError(text)" in cause


def test_no_error_is_lost_when_there_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception) as raised:
        synchronized_processes([partial(fails, "a"), partial(exits, 3), partial(dies, signal.SIGKILL), skips])
    said = ["'a'", "process 2 of 4 (exits) ended with exit status 3", "process 3 of 4 (dies) was killed by SIGKILL"]
    if GROUPS:
        assert raised.value.args[0] == "4 of 4 processes failed"
        assert [str(error) for error in raised.value.args[1]] == [*said, "Skipped: not here"]
    else:
        assert str(raised.value) == "'a'" and said[1] in (err := capsys.readouterr().err) and said[2] in err


def test_what_cant_be_sent_back_is_said_and_hangs_nobody() -> None:
    with pytest.raises(RuntimeError, match=r"^NeedsTwoError: 404 not found$") as raised:
        synchronized_processes([fails_with_what_cant_be_sent])
    assert "in fails_with_what_cant_be_sent" in str(raised.value.__cause__)
    with pytest.raises(TypeError, match=r"^function: can't be sent back from the process: "):
        synchronized_processes([returns_what_cant_be_sent])


HANGS = """
import os, signal, sys
from functools import partial
from multiprocessing.util import Finalize
from ci_tools.testing import synchronized_processes

def hangs(log):
    os.write(log, b"%d " % os.getpid())
    signal.pause()

def hangs_at_its_end(log): Finalize(None, hangs, [log], exitpriority=1)

def ends(): pass

read, log = os.pipe()
try:
    # By fork, which takes no time: a busy machine may need seconds to start Python.
    synchronized_processes([partial(hangs, log), ends, partial(hangs, log)], timeout_s=1.5, start_method="fork")
except TimeoutError as error:
    print(error)
try:
    synchronized_processes([ends, partial(hangs_at_its_end, log)], timeout_s=1.5, start_method="fork")
except TimeoutError as error:
    print(error)
for pid in os.read(read, 100).split():
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        print("gone")
"""


def test_processes_that_hang_are_named_and_killed() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], stdout=subprocess.PIPE, text=True, check=True)
    named = "process 1 of 3 (hangs), process 3 of 3 (hangs)"
    at_its_end = "still running after 1.5 s: process 2 of 2 (hangs_at_its_end)"
    assert done.stdout.splitlines() == [f"still running after 1.5 s: {named}", at_its_end, "gone", "gone", "gone"]


TEST = """
from functools import partial
from pathlib import Path
import os, signal
from ci_tools.testing import synchronized_processes

def hangs(path):
    (path / str(os.getpid())).touch()
    signal.pause()

def test_it(): synchronized_processes([partial(hangs, Path("pids").absolute())] * 2, timeout_s=300)
"""


def test_when_the_tests_process_is_killed_its_processes_end_too(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    (tmp_path / "test_it.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as killed:
        wait_for_condition(lambda: len(os.listdir(pids)) == 2, timeout_s=60)
        killed.kill()
    wait_for_condition(lambda: not any(runs(int(name)) for name in os.listdir(pids)), timeout_s=30)


TWINS = """
from functools import partial
from ci_tools.testing import synchronized_processes

def named(name): return name, SIDE

SIDE = "{side}"

def test_side(): assert synchronized_processes([partial(named, "x")] * 2) == [("x", "{side}")] * 2
"""


def test_it_finds_functions_of_test_modules_that_nobody_can_import(tmp_path: Path) -> None:
    """Two files of one name, in directories that are no packages: pytest can, with `importlib`."""
    for side in ("left", "right"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "test_twin.py").write_text(TWINS.format(side=side))
    pytest_script = Path(sys.executable).parent / "pytest"  # unlike `python -m pytest`, it doesn't add the directory
    done = subprocess.run(
        [pytest_script, "-q", "--import-mode=importlib", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode, done.stdout.splitlines()[-1].split(" in ")[0]) == (0, "2 passed"), done.stdout

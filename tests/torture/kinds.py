"""What the tests of a torture suite do, as source text, and how each of them may end."""

from __future__ import annotations

from enum import Enum


class Kind(str, Enum):
    """What one test does."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    XFAIL = "xfail"
    FLAKY = "flaky"  # fails the first time, passes then
    SETUP_ERROR = "setup_error"
    TEARDOWN_ERROR = "teardown_error"
    EXIT = "exit"
    SEGFAULT = "segfault"
    KILL = "kill"
    EXIT_IN_SETUP = "exit_in_setup"
    TWIN = "twin"  # dies at the same instant as another worker
    SESSION_END = "session_end"  # uses a session fixture that kills its worker in teardown
    HANG = "hang"
    HANG_GIL = "hang_gil"  # in C, with the GIL: no other thread of the worker runs
    HANG_MASKED = "hang_masked"  # in a lock, with all signals blocked
    FORK_EXIT = "fork_exit"
    FORK_RETURNS = "fork_returns"  # the child raises SystemExit, so it comes back into pytest
    FORK_HOLDS = "fork_holds"  # a child keeps the worker's pipe open when the worker is killed
    FILES_RELEASED = "files_released"
    FILES_LEFT = "files_left"  # the worker has no file descriptor left for the rest of its life


HANGS = (Kind.HANG, Kind.HANG_GIL, Kind.HANG_MASKED)
CRASHES = (Kind.EXIT, Kind.SEGFAULT, Kind.KILL, Kind.EXIT_IN_SETUP, Kind.TWIN, Kind.FORK_HOLDS)
ERRORS = (Kind.SETUP_ERROR, Kind.TEARDOWN_ERROR)
BAD = (Kind.FAIL, Kind.FLAKY, *ERRORS, *CRASHES, *HANGS)


def outcomes_of(kind: Kind, reruns: int) -> frozenset[str]:
    """Return the outcomes that a test's last attempt may have, in the words of report.json."""
    if kind in CRASHES or kind in HANGS:
        return frozenset({"crashed"})
    if kind in ERRORS:
        return frozenset({"error"})
    if kind is Kind.FLAKY:
        return frozenset({"passed" if reruns else "failed"})
    words = {Kind.FAIL: "failed", Kind.SKIP: "skipped", Kind.XFAIL: "xfailed"}
    return frozenset({words.get(kind, "passed")})


# Every test's begin and end goes to one file by one O_APPEND write: the truth about what ran.
# Directories stand for flags, because making one needs no file descriptor.
KIT = """\
import os
import time

DIR = os.environ["TORTURE_DIR"]
FD = os.open(os.path.join(DIR, "truth.log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def log(event, name):
    os.write(FD, f"{event} {time.monotonic_ns()} {os.getpid()} {name}\\n".encode())


def once(name):
    try:
        os.mkdir(os.path.join(DIR, name))
    except FileExistsError:
        return False
    return True


def meet(mine, other, limit_s=1.5):
    once(mine)
    until = time.monotonic() + limit_s
    while not os.path.exists(os.path.join(DIR, other)) and time.monotonic() < until:
        time.sleep(0.001)


def die_while_collecting(name):
    if "PYTEST_XDIST_WORKER" in os.environ and once(name):
        log("die", "collection")
        os._exit(9)
"""

CONFTEST = """\
import os
import resource

import kit
import pytest

HELD = []


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    kit.log("begin", item.nodeid)
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    yield
    kit.log("end", item.nodeid)


@pytest.fixture
def broken_setup():
    raise RuntimeError("on purpose, in setup")


@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError("on purpose, in teardown")


@pytest.fixture
def deadly_setup():
    kit.log("die", "setup")
    os._exit(4)


@pytest.fixture(scope="session")
def deadly_session():
    yield
    kit.log("die", "session")
    os._exit(5)


def use_all_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(fd) for fd in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 8, hard))
    while True:
        try:
            HELD.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return soft, hard


@pytest.fixture
def files_left():
    return use_all_files


@pytest.fixture
def files_released():
    before = []
    yield lambda: before.append(use_all_files())
    while HELD:
        os.close(HELD.pop())
    resource.setrlimit(resource.RLIMIT_NOFILE, before[0])
"""

HEADER = """\
import ctypes
import multiprocessing
import os
import signal
import threading
import time

import kit
import pytest
"""

BROKEN_MODULE = """

@pytest.fixture(scope="module", autouse=True)
def broken_module():
    yield
    kit.log("raise", "module")
    raise RuntimeError("on purpose, in the module's teardown")
"""

_FIXTURES = {
    Kind.SETUP_ERROR: "broken_setup",
    Kind.TEARDOWN_ERROR: "broken_teardown",
    Kind.EXIT_IN_SETUP: "deadly_setup",
    Kind.SESSION_END: "deadly_session",
    Kind.FILES_LEFT: "files_left",
    Kind.FILES_RELEASED: "files_released",
}
_BODIES = {
    Kind.FAIL: ["assert False, 'on purpose'"],
    Kind.SKIP: ["pytest.skip('on purpose')"],
    Kind.FLAKY: ["assert not kit.once('flaky-{name}'), 'on purpose, the first time'"],
    Kind.EXIT: ["kit.log('die', 'exit')", "os._exit(3)"],
    Kind.SEGFAULT: ["kit.log('die', 'segfault')", "ctypes.string_at(0)"],
    Kind.KILL: ["kit.log('die', 'kill')", "os.kill(os.getpid(), signal.SIGKILL)"],
    Kind.HANG: ["time.sleep(3600)"],
    # A signal ends one sleep; PyDLL keeps the GIL, so that no handler written in Python runs.
    Kind.HANG_GIL: ["sleep = ctypes.PyDLL(None).sleep", "while True:", "    sleep(3600)"],
    Kind.HANG_MASKED: [
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
        "lock = threading.Lock()",
        "lock.acquire()",
        "lock.acquire()",
    ],
    Kind.FORK_EXIT: ["child = os.fork()", "if not child:", "    os._exit(0)", "os.waitpid(child, 0)"],
    Kind.FORK_RETURNS: ["child = os.fork()", "if not child:", "    raise SystemExit(0)", "os.waitpid(child, 0)"],
    Kind.FORK_HOLDS: [
        "child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(300,))",
        "child.start()",
        "kit.log('die', 'kill')",
        "os.kill(os.getpid(), signal.SIGKILL)",
    ],
    Kind.FILES_LEFT: ["files_left()"],
    Kind.FILES_RELEASED: ["files_released()"],
}


def test_source(kind: Kind, name: str, *, sleep_s: float, marks: tuple[str, ...], twin: tuple[str, str]) -> str:
    """Return one test function; `twin` is (its flag, the other one's flag) for Kind.TWIN."""
    decorators = [f"@pytest.mark.{mark}" for mark in marks]
    if kind is Kind.XFAIL:
        decorators.append("@pytest.mark.xfail(reason='on purpose')")
    if kind is Kind.TWIN:
        body = [f"kit.meet({twin[0]!r}, {twin[1]!r})", *_BODIES[Kind.KILL]]
    elif kind is Kind.XFAIL:
        body = _BODIES[Kind.FAIL]
    else:
        body = [line.replace("{name}", name) for line in _BODIES.get(kind, [])]
    fixtures = [_FIXTURES[kind]] if kind in _FIXTURES else []
    arguments = [*(["i"] if any(mark.startswith("parametrize") for mark in marks) else []), *fixtures]
    lines = [*decorators, f"def {name}({', '.join(arguments)}):", f"    time.sleep({sleep_s})"]
    return "\n".join([*lines, *(f"    {line}" for line in body)]) + "\n"

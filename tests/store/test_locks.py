"""Locks between processes and threads, and what frees them."""

from __future__ import annotations

import errno
import fcntl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.store import locks
from ci_tools.store.locks import Lock, LockHeldError, LockTimeoutError

from .children import HOLD, TRY, child, said_by, said_by_all
from .interrupts import at_call

INCREMENT = """
say("ready"); wait()
for _ in range(150):
    with Lock(path.with_name("x.lock"), transient=%s):
        path.write_text(str(int(path.read_text()) + 1))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "locks" / "x.lock"


def is_free(path: Path, *, shared: bool = False) -> bool:
    """Whether another thread, of this process, gets the lock at once."""

    def attempt() -> bool:
        try:
            with Lock(path, timeout_s=0, shared=shared):
                return True
        except LockTimeoutError:
            return False

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(attempt).result()


def test_a_lock_that_another_process_holds_says_which_one(path: Path) -> None:
    with child(HOLD, path) as other:
        assert other.says() == "held"
        with pytest.raises(LockTimeoutError) as caught:
            Lock(path, timeout_s=0.01).acquire()
        who = f"process {other.process.pid}" if sys.platform == "linux" else "another process"
        assert caught.value.fact == f"{path}: still locked by {who} after 0.01 s"
        if sys.platform == "linux":
            assert caught.value.hint == f"`ps -fp {other.process.pid}` says what it is"
        assert other.asked() == "free"
        with Lock(path, timeout_s=0):
            pass


def test_a_lock_that_another_thread_holds_says_so(path: Path) -> None:
    with Lock(path), ThreadPoolExecutor(1) as pool, pytest.raises(LockTimeoutError) as caught:
        pool.submit(Lock(path, timeout_s=0.01).acquire).result()
    assert caught.value.fact == f"{path}: still locked by another thread after 0.01 s"
    assert caught.value.hint == "see what the threads of this process wait for"


def test_who_waits_gets_the_lock_when_it_is_free(path: Path) -> None:
    def take() -> str:
        with Lock(path, timeout_s=None):
            return "had it"

    with child(HOLD, path) as other, ThreadPoolExecutor(1) as pool:
        assert other.says() == "held"
        waiting = pool.submit(take)
        other.tell()
        assert waiting.result(30) == "had it"


def test_an_exception_frees_the_lock(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Lock(path):
        raise ZeroDivisionError
    assert is_free(path)
    assert said_by("\nwith Lock(path, timeout_s=0): say('had it')", path) == "had it"


def test_a_killed_process_holds_nothing_though_its_child_lives(path: Path) -> None:
    program = "lock = Lock(path); lock.acquire(); say(os.fork() or wait())"
    with child(program, path) as other:
        assert other.says() != "None"
        other.process.kill()
        other.process.wait()
        with Lock(path, timeout_s=0):
            pass


def test_shared_holders_exclude_only_an_exclusive_one(path: Path) -> None:
    with child(HOLD.replace("False", "True"), path) as other:
        assert other.says() == "held"
        with Lock(path, shared=True):
            assert is_free(path, shared=True)
            assert not is_free(path)
            assert other.asked() == "free"
            assert not is_free(path)
        assert is_free(path)


def test_the_last_thread_that_shares_a_lock_frees_it(path: Path) -> None:
    lock = Lock(path, shared=True)
    entered, leave = threading.Barrier(3), threading.Barrier(3)

    def share() -> None:
        with lock:
            entered.wait(30)
        leave.wait(30)

    with child(TRY, path) as other, ThreadPoolExecutor(2) as pool:
        with lock:
            sharing = [pool.submit(share) for _ in range(2)]
            entered.wait(30)
            leave.wait(30)
            assert [each.result() for each in sharing] == [None, None]
            assert other.asked() == "locked"
        assert other.asked() == "had it"


def test_an_attempt_that_fails_does_not_free_what_another_thread_holds(path: Path) -> None:
    """Closing a file gives up all POSIX locks that the process has on it."""
    with child(TRY, path) as other, Lock(path):
        assert not is_free(path)
        assert other.asked() == "locked"


def test_a_thread_that_would_wait_for_itself_is_told_at_once(path: Path) -> None:
    lock = Lock(path, timeout_s=None)
    with child(TRY, path) as other:
        with lock:
            for again in (lock, Lock(path), Lock(path, shared=True)):
                with pytest.raises(LockHeldError) as caught:
                    again.acquire()
                assert (caught.value.fact, caught.value.hint) == (
                    f"{path}: this thread has locked it already",
                    "release it first",
                )
            assert other.asked() == "locked"
        assert other.asked() == "had it"


def test_one_lock_serves_many_threads(path: Path) -> None:
    lock, total = Lock(path), [0]

    def add() -> None:
        for _ in range(50):
            with lock:
                before = total[0]
                is_read.wait(0)
                total[0] = before + 1

    is_read = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(add) for _ in range(4)]:
            each.result()
    assert total == [200]
    assert locks._held == {}


def test_releasing_what_is_not_held_does_nothing(path: Path) -> None:
    Lock(path).release()
    with Lock(path) as lock, ThreadPoolExecutor(1) as pool:
        pool.submit(lock.release).result()
        assert not is_free(path)


@pytest.mark.parametrize("transient", [False, True])
def test_processes_do_not_come_between_each_other(tmp_path: Path, transient: bool) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    assert said_by_all(3, INCREMENT % transient, number) == ["", "", ""]
    assert number.read_text() == "450"
    assert [each.name for each in tmp_path.iterdir() if each != number] == ([] if transient else ["x.lock"])


def test_a_removed_file_is_not_the_lock_any_more(path: Path) -> None:
    with child(HOLD, path) as other:
        assert other.says() == "held"
        path.unlink()
        with Lock(path, timeout_s=0), child(TRY, path) as third:
            assert third.asked() == "locked"


def test_a_transient_lock_leaves_the_file_that_another_made(path: Path) -> None:
    with child(HOLD, path) as other:
        with Lock(path, transient=True):
            path.unlink()
            assert other.says() == "held"
        assert path.exists()
        assert not is_free(path)


def test_a_forked_child_holds_nothing_and_can_lock(path: Path) -> None:
    """Another thread was just in the midst of locking; the child has no such thread."""
    program = """
import threading
from ci_tools.store import locks
inside, leave = threading.Event(), threading.Event()
def stay():
    with locks._guard: inside.set(); leave.wait()
lock = Lock(path); lock.acquire()
thread = threading.Thread(target=stay); thread.start(); inside.wait()
if not os.fork():
    lock.release()
    with Lock(path.with_name("another"), timeout_s=0): pass
    try: Lock(path, timeout_s=0).acquire()
    except LockTimeoutError as error: os.write(1, str(error).encode().replace(str(os.getppid()).encode(), b"parent"))
    os._exit(0)
leave.set(); thread.join(); os.wait(); lock.release()
"""
    who = "process parent" if sys.platform == "linux" else "another process"
    assert said_by(program, path) == f"{path}: still locked by {who} after 0 s"


@pytest.mark.parametrize("transient", [False, True])
def test_a_keyboard_interrupt_at_any_moment_leaves_no_lock_behind(path: Path, transient: bool) -> None:
    def strike() -> None:
        raise KeyboardInterrupt

    def work() -> None:
        with Lock(path, transient=transient):
            pass

    with child(TRY, path) as other:
        for number in count():
            try:
                came_so_far = at_call(number, ("store/locks.py",), strike, work)
            except KeyboardInterrupt:
                came_so_far = True
            assert (locks._held, other.asked()) == ({}, "had it"), number
            if not came_so_far:
                break
    assert number > 20


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.ENOLCK, "choose a directory on a local disk: some network file systems have no locks"),
        (errno.EIO, "choose a directory that you may write to"),
    ],
)
def test_a_file_system_without_locks_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, hint: str
) -> None:
    def lockf(*_: object) -> None:
        raise OSError(code, "no can do")

    monkeypatch.setattr(fcntl, "lockf", lockf)
    with pytest.raises(CiToolsError) as caught:
        Lock(path).acquire()
    assert (caught.value.fact, caught.value.hint) == (f"{path}: can't be locked: no can do", hint)


def test_a_lock_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "x.lock"
    with pytest.raises(CiToolsError) as caught:
        Lock(path).acquire()
    assert caught.value.fact == f"{path}: can't be locked: Not a directory"
    assert caught.value.hint == "choose a directory that you may write to"

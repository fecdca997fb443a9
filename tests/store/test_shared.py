"""Files that several processes change: what goes wrong with code as it is often written, and the same with ours."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.store.locks import LockHeldError
from ci_tools.store.shared import Store, change_text

from .children import child, said_by, said_by_all

LOADS_IN_INIT = """
import json
class Portfolio:
    def __init__(self):
        self.state = json.loads(path.read_text())
    def buy(self, usd):
        with Lock(path.with_name("lock")):
            if self.state["cash"] < usd: return False
            self.state["cash"] -= usd
            path.write_text(json.dumps(self.state))
            return True
"""
DECIDES_WITHIN = """
class Portfolio:
    def __init__(self):
        self.store = Store(path)
    def buy(self, usd):
        with self.store.changing() as state:
            if state["cash"] < usd: return False
            state["cash"] -= usd
            return True
"""
TWO_BUY = "\nportfolio = Portfolio(); say('ready'); wait(); say(portfolio.buy(6_000))"

IN_PLACE = """
def save(text): path.write_text(text)
"""
WHOLE = """
def save(text): change_text(path, lambda _: text)
"""
# A file may have 4,096 bytes: what a full disk does to a process, as far as it can see.
FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try: save("new" * 10_000)
except (OSError, CiToolsError) as error: say(error)
"""
# The user `nobody`, when the tests are root's, who may write everywhere.
FORBIDDEN = """
if os.getuid() == 0: os.setuid(65534)
try: save("new")
except CiToolsError as error: say(error)
"""
ADD = """
say("ready"); wait()
for _ in range(30):
    with Store(path).changing() as state: state["total"] = state.get("total", 0) + 1
"""
# A child is killed at each moment that a change has; the file is looked at after each.
KILLED = """
from tests_store import at_call
old, new = "old" * 3000, "new" * 3000
seen, number, lives = [], 0, True
while lives:
    change_text(path, lambda _: old)
    pid = os.fork()
    if not pid:
        files = ("store/shared.py", "store/locks.py")
        at_call(number, files, lambda: os._exit(9), lambda: change_text(path, lambda _: new))
        os._exit(0)
    lives = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    text = path.read_text()
    seen.append("old" if text == old else "new" if text == new else "torn")
    number += 1
change_text(path, lambda _: "swept")
say([number > 40, seen == sorted(seen, key=["old", "new"].index), set(seen) == {"old", "new"}, os.listdir(path.parent)])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "state.json"


def names_beside(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if each != path)


@pytest.mark.parametrize(
    ("portfolio", "bought", "cash"),
    [(LOADS_IN_INIT, ["True", "True"], 4_000), (DECIDES_WITHIN, ["False", "True"], 4_000)],
    ids=["naive", "store"],
)
def test_two_processes_buy_for_6000_of_10000(path: Path, portfolio: str, bought: list[str], cash: int) -> None:
    """$12,000 are spent when the state is loaded before the lock is had; exactly one may buy."""
    with Store(path).changing() as state:
        state["cash"] = 10_000
    assert sorted(said_by_all(2, portfolio + TWO_BUY, path)) == bought
    assert Store(path).read() == {"cash": cash}


@pytest.mark.parametrize(("save", "left"), [(IN_PLACE, "new" * 1365 + "n"), (WHOLE, "old")], ids=["naive", "store"])
def test_a_full_disk_leaves_the_old_file_whole(path: Path, save: str, left: str) -> None:
    change_text(path, lambda _: "old")
    ours = f"{path}: can't be written: File too large"
    assert said_by(save + FULL, path) == ("[Errno 27] File too large" if save == IN_PLACE else ours)
    assert (path.read_text(), names_beside(path)) == (left, [])


def test_a_directory_that_may_not_be_written_to_leaves_the_old_file_whole(path: Path) -> None:
    change_text(path, lambda _: "old")
    path.parent.chmod(0o555)
    for parent in path.parent.parents:
        if parent.stat().st_uid == os.getuid() and not parent.stat().st_mode & 1:
            parent.chmod(0o711)
    lock = path.with_name(".state.json.lock")
    try:
        assert said_by(WHOLE + FORBIDDEN, path) == f"{lock}: can't be locked: Permission denied"
    finally:
        path.parent.chmod(0o755)
    assert (path.read_text(), names_beside(path)) == ("old", [])


def test_a_process_killed_at_any_moment_leaves_the_old_text_or_the_new_one(path: Path, tmp_path: Path) -> None:
    source = Path(__file__).with_name("interrupts.py")
    (tmp_path / "tests_store.py").write_text(source.read_text())
    program = f"sys.path.insert(0, {str(tmp_path)!r})\n{KILLED}"
    assert said_by(program, path) == "[True, True, True, ['state.json']]"


def test_no_change_of_several_processes_is_lost(path: Path) -> None:
    assert said_by_all(3, ADD, path) == ["", "", ""]
    assert (Store(path).read(), names_beside(path)) == ({"total": 90}, [])


def test_no_change_of_several_threads_is_lost(path: Path) -> None:
    store = Store(path)

    def add() -> None:
        for _ in range(20):
            with store.changing() as state:
                state["total"] = state.get("total", 0) + 1

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read() == {"total": 60}


def test_a_change_gets_what_is_there_and_returns_what_it_made(path: Path) -> None:
    seen = []

    def change(text: str | None) -> str:
        seen.append(text)
        return f"{text}\r\nä\n"

    assert change_text(path, change) == "None\r\nä\n"
    assert change_text(path, change) == "None\r\nä\n\r\nä\n"
    assert (seen, path.read_bytes().decode()) == ([None, "None\r\nä\n"], "None\r\nä\n\r\nä\n")


@pytest.mark.parametrize("wrong", [ZeroDivisionError(), KeyboardInterrupt()])
def test_what_a_change_raises_is_raised_and_nothing_is_written(path: Path, wrong: BaseException) -> None:
    change_text(path, lambda _: '{"a": 1}')

    def change(_: str | None) -> str:
        raise wrong

    with pytest.raises(type(wrong)):
        change_text(path, change)
    with pytest.raises(type(wrong)), Store(path).changing() as state:
        state["a"] = 2
        raise wrong
    assert (path.read_text(), names_beside(path)) == ('{"a": 1}', [])


@pytest.mark.parametrize("value", [{1}, float("nan")])
def test_what_is_not_json_is_not_written(path: Path, value: object) -> None:
    change_text(path, lambda _: '{"a": 1}')
    with pytest.raises((TypeError, ValueError)), Store(path).changing() as state:
        state["a"] = value
    assert (path.read_text(), names_beside(path)) == ('{"a": 1}', [])


def test_no_change_writes_nothing_but_sweeps_what_a_dead_writer_left(path: Path) -> None:
    change_text(path, lambda _: '{"a":   1}')
    before = path.stat()
    path.with_name(".state.json.new").write_text("half of")
    with Store(path).changing() as state:
        assert state == {"a": 1}
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns, names_beside(path)) == (before.st_ino, before.st_mtime_ns, [])
    path.unlink()
    with Store(path).changing() as state:
        assert state == {}
    assert not path.exists()


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(path: Path) -> None:
    change_text(path, lambda _: "old")
    path.chmod(0o640)
    link = path.with_name("link")
    link.symlink_to(path.name)
    change_text(link, lambda text: f"{text} and new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("old and new", 0o640)
    assert link.is_symlink()


def test_a_change_within_a_change_of_the_same_file_is_told_at_once(path: Path) -> None:
    store = Store(path, timeout_s=None)
    with store.changing() as state:
        with pytest.raises(LockHeldError), store.changing():
            pass
        state["a"] = 1
    assert store.read() == {"a": 1}


def test_who_reads_does_not_wait(path: Path) -> None:
    store = Store(path, timeout_s=0)
    assert store.read() == {}
    with child("with Store(path).changing() as state: state['a'] = 1; say('in'); wait()\nsay('out')", path) as other:
        assert other.says() == "in"
        assert store.read() == {}
        assert other.asked() == "out"
    assert store.read() == {"a": 1}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON: nested too deeply"),
    ],
)
def test_a_damaged_file_is_named_and_left(path: Path, text: str, fact: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    for use in (Store(path).read, Store(path).changing().__enter__):
        with pytest.raises(CiToolsError) as caught:
            use()
        assert (caught.value.fact, caught.value.hint) == (f"{path}: {fact}", "remove it, and it begins anew")
    assert (path.read_text(), names_beside(path)) == (text, [])


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(CiToolsError) as caught:
        change_text(path, json.dumps)
    assert (caught.value.fact, caught.value.hint) == (f"{path}: not a regular file", "name another one")

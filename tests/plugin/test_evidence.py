"""What tests touch and leave changed, as a run that is watched writes it down."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from project import Project

from ci_tools.formats import evidence_jsonl
from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record
from ci_tools.model.trial import Conditions, Steering
from ci_tools.plugin.evidence import units
from ci_tools.plugin.evidence.events import sqlite_file
from ci_tools.plugin.evidence.names import Names, absolute
from ci_tools.plugin.evidence.slow import SlowMotion
from ci_tools.plugin.evidence.units import Observer
from ci_tools.shard.watch import Limits
from ci_tools.store.lines import Lines
from ci_tools.trial.evidence import read_evidence
from ci_tools.trial.run import Result, Trial, run_trial

CONFTEST = """
import logging, os, sqlite3
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def db():
    connection = sqlite3.connect("app.db")
    connection.execute("create table if not exists rows (n)")
    yield connection
    connection.close()
    Path("closed").touch()

@pytest.fixture(scope="module")
def put_back():
    os.environ["PUT_BACK"] = "1"
    yield
    del os.environ["PUT_BACK"]

def pytest_sessionfinish():
    Path("report").write_text("")
"""
APP = """
import enum
class Colour(enum.Enum):
    RED = 1
class Settings:
    limits = {}
TOTAL = 0.0
CALLS = []
settings = Settings()
UNTOUCHED = {"a": 1}
"""
FILES = """
import fcntl, os, shutil, socket, sqlite3, subprocess, sys, tempfile
from contextlib import suppress
from pathlib import Path

def setup_module():
    Path("module").touch()

def test_files(tmp_path):
    Path("data").mkdir()
    Path("data/new").write_text("x")
    with open("data/new", "a") as file:
        file.write("y")
    Path("data/new").read_text()
    os.rename("data/new", "data/old")
    os.listdir("data")
    Path("link").symlink_to("data")
    Path("link/old").read_text()
    (tmp_path / "own").write_text("")
    with tempfile.NamedTemporaryFile(), tempfile.TemporaryFile(), tempfile.TemporaryDirectory() as directory:
        Path(directory, "own").write_text("")

def test_tree(monkeypatch):
    monkeypatch.chdir("..")
    shutil.rmtree("suite/data")

def test_elsewhere(tmp_path):
    Path("same").touch()
    (tmp_path / "x/same").mkdir(parents=True)
    shutil.rmtree(tmp_path / "x")

def test_moves():
    Path("one/below").mkdir(parents=True)
    os.rename("one", "two")

def test_locks():
    with open("lock", "w") as lock, open("full", "w") as full:
        fcntl.flock(lock, fcntl.LOCK_EX)
        full.write("x")
        full.flush()
        fcntl.lockf(full, fcntl.LOCK_EX)

def test_much():
    Path("written").touch()
    for number in range(2_000):
        with suppress(OSError):
            open(f"missing/{number}")

def test_databases(tmp_path):
    for number in range(100):
        sqlite3.connect(tmp_path / f"{number}.db").close()
    for _ in range(2):
        late = sqlite3.connect("late.db")
        late.execute("create table if not exists rows (n)")
        late.close()

def test_ports():
    with socket.socket() as server, socket.socket(type=socket.SOCK_DGRAM) as udp:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        server.listen()
        socket.create_connection(("127.0.0.1", port)).close()
        udp.bind(("", port))

def test_unix(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("/tmp/../tmp/evidence.sock")
    os.unlink("/tmp/evidence.sock")

def test_programs():
    subprocess.run([sys.executable, "-c", "open('unseen', 'w')"], check=True)

def test_forks():
    child = os.fork()
    if not child:
        Path("by_child").write_text("")
        os._exit(0)
    os.waitpid(child, 0)

def test_fails():
    Path("before").write_text("")
    Path("missing/after").write_text("")
"""
STATE = """
import logging, os, signal, socket, sys, threading, warnings
import app

left = []

def test_database(db):
    db.execute("insert into rows values (1)")
    db.commit()

def test_leaves_nothing(monkeypatch, put_back):
    monkeypatch.setenv("BACK", "1")
    monkeypatch.setattr(app, "TOTAL", 3)
    monkeypatch.chdir("..")
    warnings.simplefilter("ignore")
    logging.getLogger("quiet").info("x")
    thread = threading.Thread(target=len, args=("x",))
    thread.start()

def test_leaves_much():
    os.environ["LEFT"] = "secret"
    os.umask(0o027)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    sys.path.append("/left/behind")
    logging.getLogger("loud").addHandler(logging.NullHandler())
    socket.setdefaulttimeout(9)
    app.TOTAL += 1
    app.CALLS.append(1)
    app.Settings.limits["a"] = 1
    app.settings.name = "x"
    left.append(socket.socket())
    event = threading.Event()
    threading.Thread(target=event.wait, daemon=True, name="stays").start()
    os.chdir("..")
    os.chdir("suite")

def test_lookup():
    app.Colour(1)
"""
Key = tuple[str, str]
Watched = tuple[Result, Mapping[Key, list[Record]]]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """One run, and its records by the unit's id and what it ran under."""
    root = tmp_path_factory.mktemp("evidence") / "suite"
    project = Project(root)
    project.write(conftest=CONFTEST, app=APP, test_files=FILES, test_state=STATE)
    result = ran(root, steering=Steering(evidence=True, tests=all_tests()))
    assert result.problem == "", (result.problem, result.bundle)
    (evidence,) = read_evidence(result.bundle)
    assert (evidence.worker, evidence.rootdir, evidence.damaged) == ("main", str(root), 0)
    records: dict[Key, list[Record]] = {}
    for record in evidence.records:
        records.setdefault((record.id or record.kind.value, record.under), []).append(record)
    return result, records


def all_tests() -> tuple[str, ...]:
    """Naming tests makes it a replay, in which all state is looked at after each test."""
    found = []
    for name, text in (("test_files.py", FILES), ("test_state.py", STATE)):
        found += [f"{name}::{line[4:].partition('(')[0]}" for line in text.splitlines() if line.startswith("def test_")]
    return tuple(found)


def ran(root: Path, *, conditions: Conditions | None = None, steering: Steering) -> Result:
    trial = Trial(
        command=(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
        out=root.parent / "trial",
        conditions=conditions or Conditions(),
        steering=steering,
        limits=Limits(deadline_s=90),
    )
    before = Path.cwd()
    os.chdir(root)
    try:
        return run_trial(trial, os.environ, say=print)
    finally:
        os.chdir(before)


def touched(watched: Watched, id: str, under: str = "") -> list[tuple[str, str, str]]:
    records = watched[1].get((id, under), [])
    return sorted((t.phase, t.access.value, t.resource) for record in records for t in record.touched)


def changed(watched: Watched, id: str, under: str = "") -> list[Change]:
    return sorted(change for record in watched[1].get((id, under), []) for change in record.changed)


def test_files_are_named_from_rootdir_through_links_and_what_is_private_is_left_out(watched: Watched) -> None:
    assert touched(watched, "test_files.py::test_files") == [
        ("call", "append", "data/new"),
        ("call", "delete", "data/new"),
        ("call", "list", "data"),
        ("call", "make", "data"),
        ("call", "read", "data/new"),
        ("call", "read", "data/old"),
        ("call", "write", "data/new"),
        ("call", "write", "data/old"),
        ("call", "write", "link"),
    ]


def test_a_tree_that_is_deleted_is_one_access_wherever_the_test_stands(watched: Watched) -> None:
    assert touched(watched, "test_files.py::test_tree") == [
        ("call", "set", "process:cwd"),
        ("call", "tree", "data"),
        ("teardown", "set", "process:cwd"),
    ]


def test_what_is_deleted_elsewhere_is_not_read_here(watched: Watched) -> None:
    assert touched(watched, "test_files.py::test_elsewhere") == [("call", "write", "same")]


def test_a_directory_that_is_moved_away_is_gone_with_all_below_it(watched: Watched) -> None:
    found = touched(watched, "test_files.py::test_moves")
    assert found[-2:] == [("call", "make", "two"), ("call", "tree", "one")]


def test_an_empty_file_that_is_locked_is_there_for_that(watched: Watched) -> None:
    assert touched(watched, "test_files.py::test_locks") == [("call", "write", "full")]


def test_of_too_much_what_is_only_read_is_left_out(watched: Watched) -> None:
    (record,) = watched[1]["test_files.py::test_much", ""]
    assert (len(record.touched), record.omitted) == (2_000, 1)
    assert ("call", "write", "written") in touched(watched, "test_files.py::test_much")


def test_a_port_counts_where_it_is_asked_for_by_number(watched: Watched) -> None:
    found = [(access, name.rpartition(":")[0]) for _, access, name in touched(watched, "test_files.py::test_ports")]
    assert found == [("bind", "udp:"), ("connect", "tcp:127.0.0.1")]


def test_a_socket_of_the_file_system_is_its_path(watched: Watched) -> None:
    expected = [("call", "bind", "/tmp/evidence.sock"), ("call", "delete", "/tmp/evidence.sock")]
    assert [
        row for row in touched(watched, "test_files.py::test_unix") if row[0] == "call" and "sock" in row[2]
    ] == expected


def test_programs_are_named_and_what_they_do_is_not_seen(watched: Watched) -> None:
    assert touched(watched, "test_files.py::test_programs") == [
        ("call", "run", f"program:{os.path.basename(sys.executable)}")
    ]


def test_a_forked_child_is_seen(watched: Watched) -> None:
    assert touched(watched, "test_files.py::test_forks") == [
        ("call", "run", "program:(fork)"),
        ("call", "write", "by_child"),
    ]


def test_a_test_that_fails_is_told_of_too_and_so_is_what_it_only_tried(watched: Watched) -> None:
    assert watched[0].failed == ("test_files.py::test_fails",)
    assert touched(watched, "test_files.py::test_fails") == [
        ("call", "write", "before"),
        ("call", "write", "missing/after"),
    ]


def test_a_fixture_of_wider_scope_is_a_unit_of_its_own_when_it_is_set_up_and_torn_down(watched: Watched) -> None:
    assert touched(watched, "conftest.py::db", "test_state.py::test_database") == [
        ("", "change", "app.db"),
        ("setup", "database", "app.db"),
    ]
    assert touched(watched, "test_files.py::setup_module", "test_files.py::test_files") == [
        ("setup", "write", "module")
    ]
    last = "test_state.py::test_lookup"
    assert touched(watched, "conftest.py::db", last) == [("teardown", "write", "closed")]
    (record,) = watched[1]["conftest.py::db", last]
    assert (record.kind, record.scope) == (Kind.FIXTURE, "session")


def test_a_database_that_is_otherwise_after_a_test_was_changed_by_it(watched: Watched) -> None:
    assert ("", "change", "app.db") in [("", *row[1:]) for row in touched(watched, "test_state.py::test_database")]


def test_a_database_that_only_one_test_opens_is_compared_and_private_ones_are_in_nobodys_way(watched: Watched) -> None:
    assert touched(watched, "test_files.py::test_databases") == [
        ("", "change", "late.db"),
        ("call", "database", "late.db"),
    ]


def test_hooks_at_the_end_are_a_unit_too(watched: Watched) -> None:
    assert touched(watched, "end") == [("", "write", "report")]


def test_what_is_put_back_is_no_change(watched: Watched) -> None:
    assert changed(watched, "test_state.py::test_leaves_nothing") == []


def test_all_that_is_left_changed_is_named_and_no_value_is_told(watched: Watched) -> None:
    assert changed(watched, "test_state.py::test_leaves_much") == [
        Change("descriptor", "socket", "set"),
        Change("environ", "LEFT", "set"),
        Change("global", "app:CALLS", "changed"),
        Change("global", "app:Settings.limits", "changed"),
        Change("global", "app:TOTAL", "changed"),
        Change("global", "app:settings", "changed"),
        Change("global", "test_state:left", "changed"),
        Change("logging", "loud", "set"),
        Change("setting", "socket.setdefaulttimeout", "changed"),
        Change("signal", "SIGUSR1", "changed"),
        Change("sys.path", "/left/behind", "set"),
        Change("thread", "stays", "set"),
        Change("umask", "", "changed"),
    ]
    assert "secret" not in (watched[0].bundle / "workers" / "main.evidence.jsonl").read_text()


def test_a_fixture_that_puts_its_variable_back_says_both(watched: Watched) -> None:
    under = "test_state.py::test_leaves_nothing"
    assert changed(watched, "conftest.py::put_back", under) == [Change("environ", "PUT_BACK", "set")]
    last = "test_state.py::test_lookup"
    assert changed(watched, "conftest.py::put_back", last) == [Change("environ", "PUT_BACK", "removed")]


def test_looking_up_a_member_of_an_enumeration_changes_nothing(watched: Watched) -> None:
    assert changed(watched, "test_state.py::test_lookup") == []


def test_each_worker_writes_its_own_file_and_their_outcomes_are_what_they_were(tmp_path: Path) -> None:
    root = tmp_path / "suite"
    Project(root).write(
        test_a="from pathlib import Path\ndef test_a():\n    Path('a').touch()\n",
        test_b="import pytest\nfrom pathlib import Path\nPath('imported').touch()\n"
        "def test_b():\n    Path('b').touch()\n    pytest.skip()\n",
    )
    result = ran(root, conditions=Conditions(workers="2"), steering=Steering(evidence=True))
    assert {name: a.outcome.value for name, a in result.attempts.items()} == {
        "test_a.py::test_a": "passed",
        "test_b.py::test_b": "skipped",
    }
    found = {e.worker: [(r.kind, r.id, _written(r)) for r in e.records] for e in read_evidence(result.bundle)}
    assert found.keys() == {"gw0", "gw1"}
    imported = (Kind.COLLECTION, "", ["imported"])
    tests = sorted(rows[1] for rows in found.values())
    assert [rows[0] for rows in found.values()] == [imported, imported]
    assert tests == [(Kind.TEST, "test_a.py::test_a", ["a"]), (Kind.TEST, "test_b.py::test_b", ["b"])]


def _written(record: Record) -> list[str]:
    return [touch.resource for touch in record.touched if touch.access is Access.WRITE]


def test_what_no_longer_fits_into_the_file_is_counted_and_nobody_waits_while_tests_are_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "MAX_BYTES", 200)
    (tmp_path / "workers").mkdir()
    lines = Lines(tmp_path / "workers/gw0.evidence.jsonl")
    lines.write(evidence_jsonl.header_line("gw0", str(tmp_path)))
    observer = Observer(lines, "gw0", str(tmp_path), [], is_thorough=False)
    waits = SlowMotion(("x",), None, hold_at=2)
    waited: list[str] = []
    monkeypatch.setattr(waits, "before", lambda access, name: waited.append(name))
    observer.slow_down(waits)
    for kind, id in ((Kind.COLLECTION, ""), (Kind.TEST, "a"), (Kind.TEST, "b" * 200)):
        observer.enter(kind, id)
        observer._events.add(Access.WRITE, str(tmp_path / f"{id}x"))
        observer.leave()
    observer.end()
    (evidence,) = read_evidence(tmp_path)
    assert [(record.kind, len(record.touched), record.omitted) for record in evidence.records] == [
        (Kind.COLLECTION, 1, 0),
        (Kind.TEST, 1, 0),
        (Kind.END, 0, 1),
    ]
    assert waited == ["ax", f"{'b' * 200}x"]


# -- names ---------------------------------------------------------------------------------


def test_names_are_relative_to_rootdir_and_absolute_elsewhere(tmp_path: Path) -> None:
    names = Names(str(tmp_path), [str(tmp_path / "private")])
    asked = {
        "a/../b": "b",
        "": ".",
        "private/x": "",
        "private-too/x": "private-too/x",
        "pkg/__pycache__/x.pyc": "",
        ".hypothesis/examples/1": "",
        ".github/x": ".github/x",
        ".coverage.host.1": "",
    }
    assert {path: names.name(os.path.join(tmp_path, path), is_read=False) for path in asked} == asked
    assert names.name("/elsewhere/x", is_read=False) == "/elsewhere/x"
    assert names.name("/proc/self/fd", is_read=False) == ""
    assert [names.name(str(tmp_path / "m.py"), is_read=read) for read in (True, False)] == ["", "m.py"]
    assert len(names.name("/" + "x" * 5000, is_read=False)) == 1000


def test_what_has_a_random_name_is_private_with_all_below_it(tmp_path: Path) -> None:
    names = Names(str(tmp_path), [])
    names.add_private("/tmp/tmpabc")
    assert names.name("/tmp/tmpabc/x/y", is_read=False) == ""
    assert names.name("/tmp/tmpabcd", is_read=False) == "/tmp/tmpabcd"


def test_relative_paths_are_of_their_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    handle = os.open(tmp_path / "sub", os.O_RDONLY)
    try:
        assert [absolute(b"x"), absolute("x", handle), absolute(handle)] == [
            str(tmp_path / "x"),
            str(tmp_path / "sub/x"),
            str(tmp_path / "sub"),
        ]
    finally:
        os.close(handle)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (":memory:", ""),
        ("", ""),
        ("file::memory:?cache=shared", ""),
        ("file:x?mode=memory", ""),
        ("file:x.db?mode=ro", "x.db"),
        ("file:///abs/x%20y.db", "/abs/x y.db"),
        ("x.db", "x.db"),
    ],
)
def test_a_database_in_memory_is_nobody_elses(name: str, path: str) -> None:
    assert sqlite_file(name) == path


def test_evidence_of_another_kind_is_left_out(tmp_path: Path) -> None:
    workers = tmp_path / "workers"
    workers.mkdir()
    (workers / "gw0.evidence.jsonl").write_text('{"format":"something else"}\n')
    (workers / "gw1.evidence.jsonl").write_bytes(b"\xff\xfe")
    (workers / "gw2.evidence.jsonl").symlink_to("/etc/passwd")
    (workers / "gw3.evidence.jsonl").mkdir()
    header = '{"format":"xdist-ci/evidence","version":1,"worker":"gw4","rootdir":"/r"}\n'
    (workers / "gw4.evidence.jsonl").write_text(header + '{"t":"test"\n{"t":"test","id":"a')
    assert read_evidence(tmp_path) == (Evidence(worker="gw4", rootdir="/r", damaged=1),)

"""The file comes from a cache, or from anywhere: used when it is ours and whole, else not, and never a traceback."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest
from recorded import ask, past_of, report, run, write_runs

from ci_tools.history import database
from ci_tools.history.database import MAX_BYTES, DamagedError, opened, written
from ci_tools.history.look import overview, story
from ci_tools.history.record import record
from ci_tools.history.schema import APPLICATION_ID, STEPS, Step, objects_after
from ci_tools.model.errors import CiToolsError
from ci_tools.model.verdict import Past

RESULTS = {f"tests/test_{number}.py::test_a": "PFRS"[number % 4] for number in range(120)}
# What a later version may do: a column more, by a new table, so that the SQL is the same in every file.
NEXT: tuple[Step, ...] = (
    *STEPS,
    (
        "CREATE TABLE labels (run INTEGER PRIMARY KEY, text TEXT NOT NULL)",
        "INSERT INTO labels SELECT id, key || ' on ' || branch FROM runs",
    ),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A history of three runs."""
    path = tmp_path_factory.mktemp("whole") / "history.sqlite"
    write_runs(path, RESULTS, RESULTS, RESULTS)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    path = tmp_path / "history.sqlite"
    path.write_bytes(whole)
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def refusal(path: Path) -> CiToolsError:
    with pytest.raises(CiToolsError) as caught:
        past_of(path)
    return caught.value


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert past_of(tmp_path / "none.sqlite") == Past()


def test_an_empty_file_is_a_history_without_runs(tmp_path: Path) -> None:
    """What is left when a process is killed while it makes one."""
    (tmp_path / "history.sqlite").touch()
    assert past_of(tmp_path / "history.sqlite") == Past()
    write_runs(tmp_path / "history.sqlite", {"a": "P"})


def test_a_file_of_ours_says_so(path: Path) -> None:
    assert ask(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert ask(path, "PRAGMA user_version") == [(len(STEPS),)]
    assert path.read_bytes()[68:72] == b"xdci"


def test_a_newer_version_is_not_used_and_not_touched(path: Path) -> None:
    change(path, f"PRAGMA user_version = {len(STEPS) + 1}")
    before = path.read_bytes()
    error = refusal(path)
    assert (error.fact, type(error)) == (f"{path}: history version 2, this ci-tools reads 1", CiToolsError)
    assert error.hint == "use the same xdist-ci ref in every job, or name another file"
    with pytest.raises(CiToolsError, match="history version 2"):
        record(path, report({"a": "P"}), run(4))
    assert (path.read_bytes(), os.listdir(path.parent)) == (before, [path.name])


def test_an_older_version_is_brought_up_to_date_with_all_that_it_holds(path: Path) -> None:
    with written(path, steps=NEXT):
        pass
    assert ask(path, "SELECT run, text FROM labels") == [(n, "tests on main") for n in (1, 2, 3)]
    assert ask(path, "PRAGMA user_version") == [(2,)]
    with opened(path, steps=NEXT) as connection:
        assert connection.execute("SELECT count(*) FROM results").fetchone() == (360,)


def test_a_new_file_is_what_all_steps_make(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with opened(path, create=True, steps=NEXT):
        pass
    found = ask(path, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    assert found == objects_after(NEXT)


def test_a_step_that_fails_leaves_the_older_version_as_it_was(path: Path) -> None:
    before = path.read_bytes()
    broken = (*STEPS, ("CREATE TABLE labels (run INTEGER)", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(CiToolsError, match="no such table: nowhere"), opened(path, steps=broken):
        pass
    assert path.read_bytes() == before


def test_an_older_version_with_more_in_it_is_not_run(path: Path) -> None:
    change(path, "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM tests; END")
    what = "its tables aren't those of a history of version 1"
    with pytest.raises(DamagedError, match=what), opened(path, steps=NEXT):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM tests; END",
        "CREATE VIEW v AS SELECT * FROM runs",
        "CREATE TABLE more (x)",
        "CREATE INDEX i ON runs (key)",
        "CREATE INDEX i ON runs (abs(run_id))",
        "DROP TABLE results",
        "ALTER TABLE runs ADD COLUMN x DEFAULT 1",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -1",
    ],
)
def test_other_tables_than_ours_are_damage_and_the_history_begins_anew(path: Path, statement: str) -> None:
    change(path, statement)
    assert isinstance(refusal(path), DamagedError)
    (told,) = record(path, report({"a": "P"}), run(9))
    assert told.endswith("; it is history.sqlite.damaged now, the history begins anew")
    assert list(past_of(path).tests) == ["a"]
    assert sorted(os.listdir(path.parent)) == ["history.sqlite", "history.sqlite.damaged"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET sha = x'00' WHERE id = 1",
        "UPDATE runs SET at_s = 1e300",
        "UPDATE runs SET complete = 7",
        "UPDATE runs SET tests = -1",
        "UPDATE runs SET run_id = 'x'",
        "UPDATE tests SET nodeid = x'ff' WHERE id = 1",
        "UPDATE tests SET nodeid = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE results SET outcome = 7 WHERE run = 3",
        "UPDATE results SET outcome = 'x' WHERE run = 3",
        "UPDATE results SET outcome = -1 WHERE run = 3",
        "UPDATE results SET outcome = 1.5 WHERE run = 3",
        "UPDATE results SET ms = 'x' WHERE test = 1",
        "UPDATE results SET ms = -5 WHERE test = 1",
        "UPDATE results SET ms = 1 << 60 WHERE test = 1",
        "UPDATE results SET ms = x'c3' WHERE test = 1",
    ],
)
def test_a_value_that_can_not_be_is_damage(path: Path, statement: str) -> None:
    change(path, "PRAGMA ignore_check_constraints = ON", statement)
    assert isinstance(refusal(path), DamagedError)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tests WHERE id > 60",
        "UPDATE results SET test = 'x' || test WHERE run = 1",
        "UPDATE results SET run = 'x' WHERE run = 1",
        "UPDATE results SET flip = 'x' WHERE run = 1",
        "UPDATE runs SET tests = 9223372036854775807",
        "UPDATE runs SET sha = 'same'",
    ],
)
def test_what_does_not_fit_together_is_left_out(path: Path, statement: str) -> None:
    change(path, statement)
    assert set(past_of(path).tests) <= set(RESULTS)
    assert record(path, report(RESULTS), run(9)) == ()
    assert set(past_of(path).tests) == set(RESULTS)


def test_results_of_runs_that_are_not_there_are_damage_once_they_are_in_the_way(path: Path) -> None:
    change(path, "DELETE FROM runs")
    assert past_of(path) == Past()
    assert len(record(path, report(RESULTS), run(9))) == 1
    assert set(past_of(path).tests) == set(RESULTS)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cookies.sqlite"
    change(path, "CREATE TABLE cookies (x)")
    before = path.read_bytes()
    assert refusal(path).fact == f"{path}: another program's database"
    with pytest.raises(CiToolsError, match="another program's database"):
        record(path, report({"a": "P"}), run(1))
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# Mine\n" * 100)
    assert refusal(path).fact == f"{path}: not a history: file is not a database"
    with pytest.raises(CiToolsError, match="not a history"):
        record(path, report({"a": "P"}), run(1))
    assert path.read_text() == "# Mine\n" * 100


def test_neither_a_directory_nor_a_pipe_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        assert refusal(path).fact == f"{path}: not a regular file"


def test_a_file_above_the_limit_is_not_opened(path: Path) -> None:
    os.truncate(path, MAX_BYTES + 1)
    assert refusal(path).fact == f"{path}: 250 MB, the limit is 250 MB"
    assert len(record(path, report({"a": "P"}), run(9))) == 1


def test_a_locked_file_is_not_taken_for_a_damaged_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CiToolsError, match="can't be used: database is locked") as caught:
            record(path, report({"a": "P"}), run(9))
    assert not isinstance(caught.value, DamagedError)
    assert past_of(path).base is not None


def test_a_file_that_can_not_be_written_can_be_read(path: Path) -> None:
    before = past_of(path)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert past_of(path) == before
    finally:
        path.parent.chmod(0o755)


def mutations(data: bytes) -> Sequence[bytes]:
    """Return the file cut, with bytes changed, swapped, zeroed or doubled: 150 of them, always the same."""
    chance = random.Random(5)
    found = []
    for number in range(150):
        copy, at = bytearray(data), chance.randrange(len(data))
        match number % 6:
            case 0:
                del copy[at:]
            case 1:
                copy[at] ^= 1 << chance.randrange(8)
            case 2:
                for _ in range(50):
                    copy[chance.randrange(len(copy))] = chance.randrange(256)
            case 3:
                copy[chance.randrange(200)] = chance.randrange(256)  # the header and the schema's page
            case 4:
                page = at // 4096 * 4096
                copy[page : page + 4096] = bytes(4096)
            case _:
                copy[at:at] = copy[at : at + 500]
        found.append(bytes(copy))
    return found


def test_a_changed_file_is_refused_or_read_and_nothing_else(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "history.sqlite"
    refused = 0
    for number, data in enumerate(mutations(path.read_bytes())):
        shutil.rmtree(copy.parent, ignore_errors=True)
        copy.parent.mkdir()
        copy.write_bytes(data)
        try:
            past_of(copy)
            overview(copy)
        except CiToolsError:
            refused += 1
        with suppress(CiToolsError):
            story(copy, "test_7.py")
        with suppress(CiToolsError):  # of a file that no longer says that it is ours
            if number % 3 == 0:
                record(copy, report({"a": "P"}), run(9))
                assert "a" in past_of(copy).tests
    assert 60 <= refused < 150

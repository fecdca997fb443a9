import sqlite3

import aiosqlite

DATABASE = "test.db"


def test_file():
    connection = sqlite3.connect("app.db")  # CIT103
    connection.close()


def test_constant():
    with sqlite3.connect(DATABASE) as connection:  # CIT103
        connection.execute("create table a (b)")


def test_keyword_and_uri():
    sqlite3.connect(database="file:shared.db?mode=rwc", uri=True).close()  # CIT103


async def test_async():
    async with aiosqlite.connect("async.db") as connection:  # CIT103
        await connection.execute("select 1")


def test_memory():
    sqlite3.connect(":memory:").close()
    sqlite3.connect("").close()
    sqlite3.connect("file::memory:?cache=shared", uri=True).close()
    sqlite3.connect("file:a?mode=memory", uri=True).close()


def test_read_only():
    sqlite3.connect("file:data/words.db?mode=ro", uri=True).close()
    sqlite3.connect("file:data/words.db?immutable=1", uri=True).close()


def test_private(tmp_path):
    sqlite3.connect(tmp_path / "app.db").close()
    sqlite3.connect(str(tmp_path / "app.db")).close()
    sqlite3.connect(f"file:{tmp_path}/app.db?mode=rwc", uri=True).close()


def test_of_a_worker(worker_id):
    sqlite3.connect(f"app_{worker_id}.db").close()


def test_in_a_directory_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sqlite3.connect("app.db").close()

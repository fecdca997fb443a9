"""A database for each worker, on real servers: PostgreSQL, MariaDB, Redis and SQLite."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import services
from project import PYTEST, Project

from ci_tools.model.dburl import DatabaseUrl, Family, parse
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.project import Database
from ci_tools.plugin.isolation import databases, servers, sql
from ci_tools.plugin.isolation.redis import Redis
from ci_tools.plugin.run import Run


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    with services.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    with services.mariadb() as url:
        yield url


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    with services.redis() as url:
        yield url


@pytest.fixture(autouse=True)
def _own_host_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(tmp_path / "host"))


@pytest.fixture(params=["psycopg", "psql"])
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What there is to talk to PostgreSQL with."""
    drivers, program, query = sql.BY_FAMILY[Family.POSTGRESQL]
    left = {name: drivers[name] for name in drivers if name == request.param}
    monkeypatch.setitem(sql.BY_FAMILY, Family.POSTGRESQL, (left, program, query))
    return str(request.param)


@pytest.fixture(params=["pymysql", "mysql"])
def by_mysql(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    drivers, program, query = sql.BY_FAMILY[Family.MYSQL]
    left = {name: drivers[name] for name in drivers if name == request.param}
    monkeypatch.setitem(sql.BY_FAMILY, Family.MYSQL, (left, program, query))
    return str(request.param)


def names(url: DatabaseUrl) -> set[str]:
    column, table = (
        ("datname", "pg_database")
        if url.family is Family.POSTGRESQL
        else ("schema_name", "information_schema.schemata")
    )
    return {str(row[0]) for row in sql.query(url, f"SELECT {column} FROM {table}")}


def run_of(worker: str = "gw0", id: str = "1a2b3c4d", shard: int = 0) -> Run:
    return Run(id=id, worker=worker, shard=shard)


def redis_url(url: str, *, empty: bool = False) -> tuple[str, contextlib.ExitStack]:
    leases = contextlib.ExitStack()
    reserved = databases.redis_indexes([url, "postgresql://host/9", "nonsense", None])
    return databases.redis_url(parse(url), leases, reserved=reserved, empty=empty), leases


def made(url: str, run: Run, template: str = "", rootdir: Path = Path("/")) -> str:
    """Create a worker's database; return its URL."""
    ours = databases.worker_url(parse(url), run, rootdir)
    databases.create(url, ours, Database(create=True, template=template), run, rootdir)
    return ours


def test_four_workers_of_a_run_have_four_of_everything_and_leave_nothing(
    tmp_path: Path, postgresql: str, mariadb: str, redis: str
) -> None:
    sql.query(parse(f"{postgresql}/app"), "CREATE DATABASE pattern")
    with psycopg.connect(f"{postgresql}/pattern") as connection:
        connection.execute("CREATE TABLE kept (name text)")
    sql.query(parse(f"{mariadb}/app"), "CREATE TABLE IF NOT EXISTS app.kept (name text)")
    with contextlib.closing(sqlite3.connect(tmp_path / "template.db")) as template:
        template.execute("PRAGMA journal_mode=WAL")
        template.execute("CREATE TABLE kept (name text)")  # still in the -wal while the workers copy it
        template.commit()
        project = Project(tmp_path)
        project.write_path(
            "pyproject.toml",
            """
            [tool.ci-tools.isolation]
            always = true
            [tool.ci-tools.isolation.env]
            PG_URL = "db-url"
            ASYNC_PG_URL = "db-url"
            MY_URL = "db-url"
            FILE_URL = "db-url"
            REDIS_URL = "db-url"
            [tool.ci-tools.isolation.databases]
            PG_URL = {create = true, template = "pattern"}
            ASYNC_PG_URL = {create = true, template = "pattern"}
            MY_URL = {create = true, template = "app"}
            FILE_URL = {create = true, template = "template.db"}
            REDIS_URL = {create = true}
            """,
        )
        project.write(
            conftest="""
            import os, psycopg, pymysql, sqlite3
            from urllib.parse import urlsplit
            # As an application does: when it is imported, and never again.
            pg = psycopg.connect(os.environ["PG_URL"], autocommit=True)
            my = urlsplit(os.environ["MY_URL"])
            where = {"host": my.hostname, "port": my.port, "user": my.username, "database": my.path[1:]}
            mysql = pymysql.connect(**where, autocommit=True).cursor()
            file = sqlite3.connect(os.environ["FILE_URL"].removeprefix("sqlite:///"), isolation_level=None)
            databases = (pg.cursor(), mysql, file.cursor())
            """,
            **{
                f"test_{letter}": """
                import os, pathlib, time, conftest
                def test_it_is_alone(worker_name):
                    for database in conftest.databases:
                        database.execute(f"INSERT INTO kept VALUES ('{worker_name}')")
                    pathlib.Path(f"{worker_name}.redis").write_text(os.environ["REDIS_URL"])
                    deadline_s = time.monotonic() + 60
                    while len(list(pathlib.Path().glob("*.redis"))) < 3:
                        assert time.monotonic() < deadline_s
                        time.sleep(0.01)
                    for database in conftest.databases:
                        database.execute("SELECT name FROM kept")
                        assert list(database) == [(worker_name,)]
                """
                for letter in "abc"
            },
        )
        env = {"PG_URL": f"{postgresql}/app", "ASYNC_PG_URL": f"{postgresql}/app".replace(":", "+asyncpg:", 1)}
        env |= {"MY_URL": f"{mariadb}/app", "REDIS_URL": f"{redis}/0"}
        done = subprocess.run(
            [*PYTEST, "-n3", "--dist", "loadfile"],
            cwd=tmp_path,
            env={**os.environ, **env, "FILE_URL": f"sqlite:///{tmp_path}/app.db"},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert (done.returncode, done.stdout.count("3 passed")) == (0, 1), done.stdout + done.stderr
    assert names(parse(f"{postgresql}/app")) == {"app", "pattern", "postgres", "template0", "template1"}
    assert {name for name in names(parse(f"{mariadb}/app")) if name.startswith("app")} == {"app"}
    assert {path.read_text() for path in tmp_path.glob("*.redis")} == {f"{redis}/{index}" for index in (1, 2, 3)}
    assert [services.redis_call(f"{redis}/{index}", "DBSIZE") for index in range(4)] == [0, 0, 0, 0]
    assert sorted(path.name for path in tmp_path.glob("*.db*")) == ["template.db"]


def test_a_postgresql_database_is_a_copy_that_says_whose_and_how_old_it_is(postgresql: str, by: str) -> None:
    url = parse(f"{postgresql}/app")
    new = parse(made(f"{postgresql}/app?sslmode=disable&async_fallback=1", run_of(shard=2), template="app"))
    comment = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{new.database}'"
    try:
        assert new.database == "app_1a2b3c4d_s2_gw0"
        ((said,),) = sql.query(url, comment)
        assert said.startswith("xdist-ci 1a2b3c4d ") and abs(int(said.split()[2]) - time.time()) < 600
    finally:
        with psycopg.connect(f"{postgresql}/{new.database}"):  # somebody still is
            databases.drop_all(f"{postgresql}/app", run_of(worker="main"))
    assert new.database not in names(url)


def test_only_the_databases_of_this_run_are_dropped(postgresql: str) -> None:
    url = parse(f"{postgresql}/app")
    others = {parse(made(f"{postgresql}/app", run_of(id="99999999"))).database, "app_1a2b3c4d", "1a2b3c4d_gw0"}
    for name in ("app_1a2b3c4d", "1a2b3c4d_gw0"):
        sql.query(url, f'CREATE DATABASE "{name}"')
    for worker in ("gw0", "gw7", "main"):
        made(f"{postgresql}/app", run_of(worker=worker))
    databases.drop_all(f"{postgresql}/app", run_of(worker="main"))
    left = {name for name in names(url) if "1a2b3c4d" in name or "99999999" in name}
    for name in left:
        sql.query(url, f'DROP DATABASE "{name}"')
    assert left == others


def test_databases_of_killed_runs_go_after_a_day_unless_they_are_in_use(postgresql: str) -> None:
    url, now_s = parse(f"{postgresql}/app"), 2_000_000_000
    old, young, used = (f"app_{digit * 8}_gw0" for digit in "123")
    for name, age_h in ((old, 25), (young, 23), (used, 25)):
        servers.create(url, name, template="", run_id=name[4:12], now_s=now_s - age_h * 3600)
    sql.query(url, "CREATE DATABASE app_44444444_gw0")  # no comment: it may be anybody's
    with psycopg.connect(f"{postgresql}/{used}"):
        servers.reap(url, now_s=now_s)
        left = {name for name in names(url) if name.startswith("app_")}
    for name in left:
        sql.query(url, f"DROP DATABASE {name} WITH (FORCE)")
    assert left == {young, used, "app_44444444_gw0"}


def test_a_template_that_somebody_uses_is_waited_for_and_then_they_are_named(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "IN_USE_TIMEOUT_S", 0)
    with psycopg.connect(f"{postgresql}/app?application_name=forgotten") as connection:
        with pytest.raises(CiToolsError) as raised:
            made(f"{postgresql}/app", run_of(), template="app")
        pid = connection.info.backend_pid
    assert raised.value.fact == (
        "the template app can't be copied while others are connected to it: "
        f"pid {pid}, user tester, forgotten, idle in transaction"
    ).replace("idle in transaction", "idle")


def test_a_server_that_refuses_is_quoted(postgresql: str, by: str) -> None:
    with pytest.raises(CiToolsError, match='template database "nowhere" does not exist'):
        made(f"{postgresql}/app", run_of(), template="nowhere")
    sql.query(parse(f"{postgresql}/app"), f"CREATE ROLE poor_{by} LOGIN PASSWORD 'x'")
    with pytest.raises(CiToolsError, match="permission denied") as raised:
        made(f"{postgresql.replace('tester:' + services.ENCODED, f'poor_{by}:x')}/app", run_of())
    assert raised.value.hint == "the user needs the right to create databases"


def test_a_mysql_database_is_a_copy_with_all_that_is_in_it(mariadb: str, by_mysql: str) -> None:
    url = parse(f"{mariadb}/app")
    sql.query(url, "CREATE DATABASE template")
    sql.query(url, "CREATE TABLE template.a (id INT PRIMARY KEY)")
    sql.query(url, "CREATE TABLE template.b (a_id INT, FOREIGN KEY (a_id) REFERENCES a (id))")
    sql.query(url, "INSERT INTO template.a VALUES (7)")
    new = parse(made(f"{mariadb}/app", run_of(), template="template")).database
    try:
        assert new == "app_1a2b3c4d_gw0"
        assert [tuple(map(int, row)) for row in sql.query(url, f"SELECT id FROM {new}.a")] == [(7,)]
        with pytest.raises(CiToolsError, match="foreign key constraint fails"):
            sql.query(url, f"INSERT INTO {new}.b VALUES (8)")
    finally:
        sql.query(url, "DROP DATABASE template")
        databases.drop_all(f"{mariadb}/app", run_of(worker="main"))
    assert new not in names(url)


def test_old_mysql_databases_go_where_this_host_has_created_them(mariadb: str) -> None:
    url, now_s = parse(f"{mariadb}/app"), time.time()
    for name, age_h in (("app_11111111_gw0", 25), ("app_22222222_gw0", 23)):
        servers.create(url, name, template="", run_id=name[4:12], now_s=now_s - age_h * 3600)
    sql.query(url, "CREATE DATABASE app_20240101_gw0")  # a name like ours, of somebody else
    servers.reap(url, now_s=now_s)
    left = {name for name in names(url) if name.startswith("app_")}
    for name in left:
        sql.query(url, f"DROP DATABASE {name}")
    assert left == {"app_20240101_gw0", "app_22222222_gw0"}


@pytest.mark.parametrize("family", [Family.POSTGRESQL, Family.MYSQL])
def test_without_driver_and_program_it_is_said_what_to_install(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    drivers, _, program = sql.BY_FAMILY[family]
    monkeypatch.setitem(
        sql.BY_FAMILY, family, ({f"no_{name}": drivers[name] for name in drivers}, "no-program", program)
    )
    scheme = "postgresql" if family is Family.POSTGRESQL else "mysql"
    with pytest.raises(UsageError, match=f"to create a {family.value} database takes no_.* or the program no-program"):
        sql.query(parse(f"{scheme}://host/app"), "SELECT 1")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("psql", f"postgresql://me:{services.ENCODED}@host:1/app"),
        ("psql", f"postgresql://host/app?user=me&password={services.ENCODED}"),
        ("mysql", f"mysql://me:{services.ENCODED}@host:1/app"),
    ],
)
def test_a_password_is_in_no_list_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    url = parse(text)
    _, _, by_program = sql.BY_FAMILY[url.family]
    (tmp_path / name).write_text('#!/bin/sh\necho "$* $PGPASSWORD$MYSQL_PWD"\n')
    (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    said = " ".join(by_program(url, "SELECT 1")[0])
    assert said.endswith(f"SELECT 1 {services.PASSWORD}") and "me" in said
    assert said.count(services.PASSWORD) == 1 and services.ENCODED not in said


def test_a_redis_worker_gets_an_empty_database_that_nobody_else_has(redis: str) -> None:
    services.redis_call(f"{redis}/1", "SET", "somebody", "elses")
    ours, leases = redis_url(f"{redis}/2?protocol=2")
    assert ours == f"{redis}/3?protocol=2"
    services.redis_call(f"{redis}/3", "SET", "left", "behind")
    with pytest.raises(UsageError) as raised:
        redis_url(f"{redis}/2")
    counts = "1 are other workers', 1 hold keys, 2 are not for tests"
    assert raised.value.fact == f"none of the server's 4 databases is free: {counts}"
    leases.close()
    assert [services.redis_call(f"{redis}/{index}", "DBSIZE") for index in range(4)] == [0, 1, 0, 0]
    again, leases = redis_url(f"{redis}/2", empty=True)
    assert again == f"{redis}/3" and services.redis_call(f"{redis}/1", "DBSIZE") == 1
    last, more = redis_url(f"{redis}/2", empty=True)
    assert last == f"{redis}/1" and services.redis_call(f"{redis}/1", "DBSIZE") == 0
    leases.close()
    more.close()


def test_a_redis_server_that_is_not_up_yet_is_taken_to_have_sixteen_and_not_emptied(unused_port: int) -> None:
    taken = [redis_url(f"redis://127.0.0.1:{unused_port}/0") for _ in range(15)]
    assert [url for url, _ in taken] == [f"redis://127.0.0.1:{unused_port}/{n}" for n in range(1, 16)]
    with pytest.raises(UsageError, match="none of the server's 16 databases is free: 15 are"):
        redis_url(f"redis://localhost:{unused_port}")
    with socket.create_server(("127.0.0.1", unused_port)) as server:
        server.setblocking(False)
        for _, leases in taken:
            leases.close()
        with pytest.raises(BlockingIOError):
            server.accept()


def test_redis_is_reached_by_its_socket_and_its_refusals_are_quoted(redis: str) -> None:
    with pytest.raises(CiToolsError, match="Redis refuses database 9: ERR DB index is out of range"):
        Redis(parse(f"{redis}/0")).size(9)
    with pytest.raises(CiToolsError, match="NOAUTH"):
        Redis(parse(f"redis://{redis.rpartition('@')[2]}/0")).size(0)
    _, directory = services.redis_call(f"{redis}/0", "CONFIG", "GET", "dir")  # type: ignore[misc]
    assert Redis(parse(f"unix://:{services.ENCODED}@{directory}/socket")).n_databases() == 4

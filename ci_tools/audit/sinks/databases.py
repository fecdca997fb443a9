"""Calls that open a database, or empty one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ci_tools.audit.sinks.where import is_refused, shared_path
from ci_tools.audit.steps import Call, Kind, Place, Step, Store, UnitKind, Value

_FILES = {
    "sqlite3.connect": (0, "database"),
    "sqlite3.dbapi2.connect": (0, "database"),
    "aiosqlite.connect": (0, "database"),
    "duckdb.connect": (0, "database"),
    "peewee.SqliteDatabase": (0, "database"),
    "tinydb.TinyDB": (0, "path"),
}
_URLS = {
    "sqlalchemy.create_engine": (0, "url"),
    "sqlalchemy.engine.create_engine": (0, "url"),
    "sqlalchemy.ext.asyncio.create_async_engine": (0, "url"),
    "sqlmodel.create_engine": (0, "url"),
    "databases.Database": (0, "url"),
    "dataset.connect": (0, "url"),
    "asyncpg.connect": (0, "dsn"),
    "asyncpg.create_pool": (0, "dsn"),
    "psycopg.connect": (0, "conninfo"),
    "psycopg.AsyncConnection.connect": (0, "conninfo"),
    "psycopg2.connect": (0, "dsn"),
}
_BY_NAME = frozenset(
    {
        "asyncpg.connect",
        "asyncpg.create_pool",
        "psycopg.connect",
        "psycopg2.connect",
        "pymysql.connect",
        "MySQLdb.connect",
        "mysql.connector.connect",
        "aiomysql.connect",
    }
)
_ENVIRONMENT = frozenset({"os.environ.setdefault", "os.putenv", "pytest.MonkeyPatch.setenv"})
_MAINTENANCE = frozenset({"postgres", "template1", "mysql", ""})  # where databases are created from
_URL = re.compile(r"(?P<kind>[a-z]+)(?:\+\w+)?://(?P<place>[^/?]*)(?:/(?P<name>[^?]*))?(?P<query>\?.*)?", re.DOTALL)
_KINDS = frozenset({"sqlite", "postgresql", "postgres", "mysql", "mariadb", "mssql", "oracle", "duckdb"})
_DBNAME = re.compile(r"\b(?:dbname|database)\s*=\s*'?([^\s']+)")
_NO_FILE = re.compile(r"(?:file:)?:memory:|.*[?&](?:mode=(?:memory|ro)\b|immutable=1)", re.DOTALL)


def opened_by(step: Step) -> Iterator[str]:
    """Yield the fixed databases that a step opens, or has others open by an environment variable."""
    if is_refused(step):
        return
    if isinstance(step, Store):
        if step.place is Place.ITEM and step.owner.data == "os.environ" and not step.is_delete:
            yield from fixed_url(step, step.value)
    elif isinstance(step, Call):
        yield from _opened_by_call(step)


def _opened_by_call(call: Call) -> Iterator[str]:
    if call.name in _FILES:
        yield from _fixed_file(call, call.argument(*_FILES[call.name]))
    elif call.name in _BY_NAME and (name := _name_given(call)) is not None:
        yield from _fixed_name(name)
    elif call.name in _URLS:
        yield from fixed_url(call, call.argument(*_URLS[call.name]))
    elif call.name in _ENVIRONMENT and call.unit.kind is not UnitKind.TEST:
        yield from fixed_url(call, call.argument(1, "value"))
    elif call.name == "os.environ.update":
        for value in (*call.keywords.values(), *(call.argument(0).items if call.argument(0).data == "dict" else ())):
            yield from fixed_url(call, value)


def emptied_by(step: Step) -> Iterator[str]:
    """Yield what a step empties on a server that all workers have: a Redis database, a MongoDB database."""
    if not isinstance(step, Call) or is_refused(step) or step.receiver is None or _is_own(step.receiver):
        return
    if step.name.startswith("redis.") and step.name.endswith((".flushdb", ".flushall")):
        yield "the Redis database"
    elif step.name.startswith("pymongo.") and step.name.endswith(".drop_database"):
        name = step.argument(0, "name_or_database")
        yield from (repr(name.data),) if name.kind is Kind.CONST else ()


def changed_by(step: Step) -> Iterator[str]:
    """Yield what a step does to the tables of a database that all workers have."""
    if isinstance(step, Call) and step.name.endswith((".create_all", ".drop_all")) and not is_refused(step):
        engine = step.argument(0, "bind")
        if engine.kind is Kind.MADE and engine.data in _URLS and engine.args:
            verb = "creates" if step.name.endswith("create_all") else "drops"
            yield from (f"{verb} the tables of {url!r}" for url in fixed_url(step, engine.args[0]))


def is_default(step: Step) -> bool:
    """Return whether what is opened is the default of a variable: each worker may have been given its own."""
    values = (*step.args, *step.keywords.values()) if isinstance(step, Call) else ()
    return any(value.home.startswith("os.environ.") for value in values)


def fixed_url(step: Step, value: Value) -> Iterator[str]:
    """Yield a database's URL, or a libpq connection text, that all workers have."""
    if value.kind not in (Kind.CONST, Kind.PATH) or not isinstance(value.data, str) or value.is_unique:
        return
    match = _URL.fullmatch(value.data)
    if match is None:
        named = _DBNAME.search(value.data)
        yield from _fixed_name(Value(Kind.CONST, named.group(1))) if named and "…" not in named.group(1) else ()
    elif match["kind"] in _KINDS and "…" not in value.data:
        name = match["name"] or ""
        if match["kind"] in ("sqlite", "duckdb"):
            yield from _fixed_file(step, replace(value, data=name + (match["query"] or "")))
        elif name not in _MAINTENANCE:
            yield value.data if "@" not in match["place"] else _without_password(value.data)


def _fixed_file(step: Step, value: Value) -> Iterator[str]:
    text = value.data if isinstance(value.data, str) else ""
    if text and not _NO_FILE.match(text):
        path = shared_path(step, replace(value, data=text.removeprefix("file:").partition("?")[0]))
        yield from (path,) if path else ()


def _fixed_name(value: Value) -> Iterator[str]:
    is_fixed = value.kind is Kind.CONST and isinstance(value.data, str) and not value.is_unique
    yield from (value.data,) if is_fixed and value.data not in _MAINTENANCE else ()


def _name_given(call: Call) -> Value | None:
    return next((call.keywords[k] for k in ("dbname", "database", "db") if k in call.keywords), None)


def _is_own(client: Value) -> bool:
    return client.is_unique or any(v.is_unique for v in (*client.args, *client.attributes.values()))


def _without_password(url: str) -> str:
    return re.sub(r"//[^@]*@", "//", url)

"""One SQL statement on a PostgreSQL or MySQL server: by a driver that the user has, else by psql or mysql."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ci_tools.model.dburl import DatabaseUrl, Family, parse, unquoted
from ci_tools.model.errors import CiToolsError, UsageError

TIMEOUT_S = 60
Row = tuple[Any, ...]

# What libpq takes in a URL; others (SQLAlchemy's, asyncpg's) it would refuse.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
LIBPQ = (
    "host hostaddr port user password passfile require_auth channel_binding connect_timeout options application_name "
    "sslmode sslnegotiation sslcert sslkey sslpassword sslcertmode sslrootcert sslcrl sslsni requirepeer gssencmode "
    "krbsrvname gsslib service target_session_attrs load_balance_hosts"
)


class SqlError(CiToolsError):
    """What the server said; `code` is PostgreSQL's SQLSTATE, or MySQL's error number."""

    def __init__(self, fact: str, code: str) -> None:
        super().__init__(fact)
        self.code = code


def query(url: DatabaseUrl, sql: str) -> list[Row]:
    """Return the rows of one statement, run outside of a transaction; on PostgreSQL in the database `postgres`.

    Raises SqlError, or UsageError when there is neither a driver nor the program.
    """
    drivers, program, by_program = BY_FAMILY[url.family]
    for name, arguments in drivers.items():
        try:
            driver = importlib.import_module(name)
        except ImportError:
            continue
        return _by_driver(driver, arguments(url), sql)
    if not shutil.which(program):
        raise UsageError(
            f"to create a {url.family.value} database takes {', '.join(drivers)} or the program {program}",
            hint="install one of them where the tests run",
        )
    return by_program(url, sql)


def libpq_url(url: DatabaseUrl) -> str:
    """Return the URL of the server's database `postgres`, with what libpq knows."""
    scheme_and_host, _, _ = url.before.partition("?")
    host = scheme_and_host.partition("://")[2].partition("/")[0]
    pairs = [(key, value) for key, value in _options(url) if key in LIBPQ.split()]
    return f"postgresql://{host}/postgres{'?' if pairs else ''}{urlencode(pairs)}"


def psql_address(url: DatabaseUrl) -> tuple[str, dict[str, str]]:
    """Return the URL for psql, and the variable that keeps the password from the list of processes."""
    start, _, text = libpq_url(url).partition("?")
    user, at, host = start.removeprefix("postgresql://").rpartition("@")
    user, _, password = user.partition(":")
    options = parse_qsl(text, keep_blank_values=True)
    secret = dict(options).get("password") or unquoted(password)
    pairs = urlencode([(key, value) for key, value in options if key != "password"])
    return f"postgresql://{user}{at}{host}{'?' if pairs else ''}{pairs}", {"PGPASSWORD": secret} if secret else {}


def mysql_words(url: DatabaseUrl) -> tuple[list[str], dict[str, str]]:
    """Return the words for MySQL's programs, and the variable that keeps the password from the list of processes."""
    known = _mysql(url)
    names = {"host": "host", "port": "port", "user": "user", "unix_socket": "socket"}
    words = [f"--{names[key]}={value}" for key, value in known.items() if key in names]
    return words, {"MYSQL_PWD": known["password"]} if "password" in known else {}


def _options(url: DatabaseUrl) -> list[tuple[str, str]]:
    query = str(url).partition("?")[2]
    return parse_qsl(query, keep_blank_values=True)


def _libpq(url: DatabaseUrl) -> dict[str, Any]:
    return {"dsn": libpq_url(url)}


def _pg8000(url: DatabaseUrl) -> dict[str, Any]:
    parts = parse(libpq_url(url)).split()
    options = dict(_options(url))
    host = parts.hostname or options.get("host", "localhost")
    port = int(options.get("port", parts.port or 5432))
    user = unquoted(parts.username or "") or options.get("user") or os.environ.get("PGUSER") or os.environ.get("USER")
    known: dict[str, Any] = {"user": user, "database": "postgres"}
    password = unquoted(parts.password or "") or options.get("password") or os.environ.get("PGPASSWORD")
    if password:
        known["password"] = password
    return (
        {**known, "unix_sock": f"{host}/.s.PGSQL.{port}"}
        if host.startswith("/")
        else {**known, "host": host, "port": port}
    )


def _mysql(url: DatabaseUrl) -> dict[str, Any]:
    parts = url.split()
    known = {
        "host": parts.hostname,
        "port": parts.port,
        "user": parts.username and unquoted(parts.username),
        "password": parts.password and unquoted(parts.password),
        "unix_socket": dict(_options(url)).get("unix_socket"),
    }
    return {key: value for key, value in known.items() if value}


def _by_driver(driver: Any, arguments: dict[str, Any], sql: str) -> list[Row]:
    dsn = (arguments.pop("dsn"),) if "dsn" in arguments else ()
    try:
        connection = driver.connect(*dsn, **arguments)
        try:
            if callable(getattr(connection, "autocommit", None)):  # MySQL's drivers
                connection.autocommit(True)
            else:
                connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()
    except driver.Error as error:
        raise SqlError(_said(error), _code(error)) from None


def _said(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    if isinstance(first, dict):  # pg8000
        return str(first.get("M", first))
    return " ".join(str(error.args[-1] if isinstance(first, int) else error).split())


def _code(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    if isinstance(first, dict):
        return str(first.get("C", ""))
    if isinstance(first, int):
        return str(first)
    return str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")


def _psql(url: DatabaseUrl, sql: str) -> list[Row]:
    address, password = psql_address(url)
    words = ("psql", "-XAtqw", "-F", "\x1f", "-v", "VERBOSITY=verbose", "-d", address, "-c", sql)
    done = _ran(words, {"LC_MESSAGES": "C", "PGCONNECT_TIMEOUT": "10", **password})
    if done.returncode:
        said = done.stderr.strip().partition("\n")[0]
        code, _, text = said.rpartition("ERROR:  ")[2].partition(": ")
        raise SqlError(text or said, code if len(code) == 5 else "")
    return [tuple(line.split("\x1f")) for line in done.stdout.splitlines()]


def _mysql_program(url: DatabaseUrl, sql: str) -> list[Row]:
    words, environment = mysql_words(url)
    done = _ran(("mysql", *words, "--batch", "--skip-column-names", "--execute", sql), environment)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or [""]
        raise SqlError(said[0], said[0].removeprefix("ERROR ").partition(" ")[0])
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def _ran(words: tuple[str, ...], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


Arguments = Callable[[DatabaseUrl], dict[str, Any]]
Program = Callable[[DatabaseUrl, str], list[Row]]
BY_FAMILY: dict[Family, tuple[dict[str, Arguments], str, Program]] = {
    Family.POSTGRESQL: ({"psycopg": _libpq, "psycopg2": _libpq, "pg8000": _pg8000}, "psql", _psql),
    Family.MYSQL: ({"pymysql": _mysql, "MySQLdb": _mysql}, "mysql", _mysql_program),
}

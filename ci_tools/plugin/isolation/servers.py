"""Databases created and dropped on PostgreSQL and MySQL servers, through what the user has: a driver or a program.

A database's name ends in `_<run>_<worker>`, or `_<run>_s<shard>_<worker>`: so a run finds its own. What an older
run has left must prove that it is ours: by its comment on PostgreSQL, and on MySQL, which has none, by a file that
this host wrote when it was created.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, unquote

from ci_tools.model.dburl import DatabaseUrl, Family
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.plugin.isolation.sql import SqlError, mysql_words, query
from ci_tools.store.host import host_dir

IN_USE_TIMEOUT_S = 20.0  # each attempt takes PostgreSQL five already
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
OLD_S = 24 * 3600
NAME = "_[0-9a-f]{8}(_s[0-9]+)?_(gw[0-9]+|main)$"
OBJECT_IN_USE, SYNTAX_ERROR, INSUFFICIENT_PRIVILEGE = "55006", "42601", "42501"


def create(url: DatabaseUrl, name: str, *, template: str, run_id: str, now_s: float) -> None:
    """Create a database on url's server, as a copy of `template` unless that is "". Raises CiToolsError."""
    try:
        if url.family is Family.POSTGRESQL:
            _create_postgresql(url, name, template)
            query(url, f"COMMENT ON DATABASE {identifier(name)} IS 'xdist-ci {run_id} {int(now_s)}'")
        else:
            _write_record(url, name, now_s)
            query(url, f"CREATE DATABASE {backquoted(name)}")
            if template:
                _copy_mysql(url, template, name)
    except SqlError as error:
        hint = "the user needs the right to create databases" if error.code in (INSUFFICIENT_PRIVILEGE, "1044") else ""
        raise CiToolsError(f"database {name} can't be created: {error.fact}", hint=hint) from None


def drop_run(url: DatabaseUrl, run_id: str) -> None:
    """Drop every database of one run, whoever is connected. Raises CiToolsError."""
    for name in _names(url, NAME.replace("[0-9a-f]{8}", run_id)):
        if url.family is Family.MYSQL:
            query(url, f"DROP DATABASE IF EXISTS {backquoted(name)}")
            continue
        try:
            query(url, f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)")
        except SqlError as error:
            if error.code != SYNTAX_ERROR:  # PostgreSQL 12 and older
                raise
            query(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {literal(name)}")
            query(url, f"DROP DATABASE IF EXISTS {identifier(name)}")


def reap(url: DatabaseUrl, *, now_s: float) -> None:
    """Drop what runs have left that were killed more than a day ago, unless somebody is connected to it."""
    for name in _old_postgresql(url, now_s) if url.family is Family.POSTGRESQL else _old_mysql(url, now_s):
        quoting = identifier if url.family is Family.POSTGRESQL else backquoted
        try:
            query(url, f"DROP DATABASE IF EXISTS {quoting(name)}")
        except SqlError:
            continue  # in use, or gone meanwhile


def identifier(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def backquoted(name: str) -> str:
    """Return a name as MySQL has it."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Return a text as SQL has it; of names alone, which MySQL lets hold no backslash."""
    return "'" + text.replace("'", "''") + "'"


def _create_postgresql(url: DatabaseUrl, name: str, template: str) -> None:
    copied = f" TEMPLATE {identifier(template)}" if template else ""
    deadline_s = time.monotonic() + IN_USE_TIMEOUT_S
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            query(url, f"CREATE DATABASE {identifier(name)}{copied}")
            return
        except SqlError as error:
            if error.code != OBJECT_IN_USE:
                raise
            if time.monotonic() > deadline_s:
                raise _in_use(url, template) from None
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _in_use(url: DatabaseUrl, template: str) -> CiToolsError:
    sql = f"SELECT pid, usename, application_name, state FROM pg_stat_activity WHERE datname = {literal(template)}"
    who = [
        f"pid {pid}, user {user}, {application or 'no application name'}, {state}"
        for pid, user, application, state in query(url, sql)
    ]
    return CiToolsError(
        f"the template {template} can't be copied while others are connected to it: {'; '.join(who)}",
        hint="name a database that only the template's maker connects to, and that has disconnected; "
        "conftest.py is imported by pytest-xdist's controller too, with the original URL unless always = true",
    )


def _copy_mysql(url: DatabaseUrl, template: str, name: str) -> None:
    dump, load = shutil.which("mysqldump") or shutil.which("mariadb-dump"), shutil.which("mysql")
    if not dump or not load:
        raise UsageError("a MySQL template is copied by mysqldump and mysql", hint="install both")
    words, environment = mysql_words(url)
    environment = {**os.environ, **environment}
    whole = ("--single-transaction", "--routines", "--triggers", "--events", template)
    dumped = subprocess.run([dump, *words, *whole], env=environment, capture_output=True, check=False)
    command = [load, *words, name]
    loaded = subprocess.run(command, env=environment, input=dumped.stdout, capture_output=True, check=False)
    for done in (dumped, loaded):
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise CiToolsError(f"the template {template} can't be copied: {said}")


def _names(url: DatabaseUrl, pattern: str) -> list[str]:
    if url.family is Family.POSTGRESQL:
        return [str(row[0]) for row in query(url, f"SELECT datname FROM pg_database WHERE datname ~ '{pattern}'")]
    sql = "SELECT schema_name FROM information_schema.schemata"
    return [str(row[0]) for row in query(url, sql) if re.search(pattern, str(row[0]))]


def _old_postgresql(url: DatabaseUrl, now_s: float) -> list[str]:
    sql = (
        f"SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname ~ '{NAME}' "
        "AND shobj_description(oid, 'pg_database') ~ '^xdist-ci [0-9a-f]{8} [0-9]{1,12}$' "
        # PostgreSQL would wait five seconds for them.
        "AND datname NOT IN (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)"
    )
    return [str(name) for name, comment in query(url, sql) if int(str(comment).split()[2]) < now_s - OLD_S]


def _old_mysql(url: DatabaseUrl, now_s: float) -> list[str]:
    used = {str(row[0]) for row in query(url, "SELECT db FROM information_schema.processlist WHERE db IS NOT NULL")}
    there = {str(row[0]) for row in query(url, "SELECT schema_name FROM information_schema.schemata")}
    old = []
    for record in _record(url, "").parent.glob(f"{_record(url, '').name}*"):
        name = unquote(record.name.partition(".")[2])
        if name not in there:
            record.unlink(missing_ok=True)
        elif name not in used and record.stat().st_mtime < now_s - OLD_S:
            old.append(name)
    return old


def _record(url: DatabaseUrl, name: str) -> Path:
    """Return the file that says of a MySQL database that this host has created it, and when: `<server>.<name>`."""
    server = hashlib.sha256(repr(url.place[:2]).encode(errors="replace")).hexdigest()[:16]
    return host_dir() / "mysql" / f"{server}.{quote(name, safe='')}"


def _write_record(url: DatabaseUrl, name: str, now_s: float) -> None:
    """Before the database: one without a record would stay for ever."""
    record = _record(url, name)
    record.parent.mkdir(mode=0o700, exist_ok=True)
    record.touch()
    os.utime(record, (now_s, now_s))

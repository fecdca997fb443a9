"""Real database servers for tests: Debian's, installed when they aren't here. Without them tests fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from debian import program

from ci_tools.store.ports import leased_ports

START_TIMEOUT_S = 60
PASSWORD = "p@ss/word"
ENCODED = "p%40ss%2Fword"


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the start of the URL of a PostgreSQL server with a database `app`: postgresql://user:password@host:port."""
    bin = Path(program(["postgres"], ["postgresql"], "/usr/lib/postgresql/*/bin")).resolve().parent
    with _home("postgres") as (home, user), leased_ports(1) as (port,):
        (home / "password").write_text(PASSWORD)
        data, options = home / "data", ("--username=tester", f"--pwfile={home}/password", "--auth=scram-sha-256")
        _run([f"{bin}/initdb", f"--pgdata={data}", *options, "--no-sync", "--locale=C", "--encoding=UTF8"], user)
        settings = ("fsync=off", "autovacuum=off", "shared_buffers=16MB", f"port={port}", "listen_addresses=127.0.0.1")
        words = [word for setting in (*settings, f"unix_socket_directories={home}") for word in ("-c", setting)]
        url = f"postgresql://tester:{ENCODED}@127.0.0.1:{port}"
        with _running(
            [f"{bin}/postgres", "-D", str(data), *words], user, home, lambda: _sql(url, "CREATE DATABASE app")
        ):
            yield url


@contextmanager
def redis(n_databases: int = 4) -> Iterator[str]:
    """Yield the URL of a Redis server with so many databases: redis://:password@host:port."""
    path = program(["redis-server"], ["redis-server"])
    with _home("redis") as (home, user), leased_ports(1) as (port,):
        words = ("--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--dir", str(home))
        url = f"redis://:{ENCODED}@127.0.0.1:{port}"
        command = [path, *words, "--databases", str(n_databases), "--save", "", "--unixsocket", f"{home}/socket"]
        with _running(command, user, home, lambda: redis_call(f"{url}/0", "PING")):
            yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """Yield the start of the URL of a MariaDB server with a database `app`: mysql+pymysql://user@host:port."""
    path = program(["mariadbd"], ["mariadb-server"], "/usr/sbin")
    install = program(["mariadb-install-db"], ["mariadb-server"])
    with _home("mysql") as (home, user), leased_ports(1) as (port,):
        words = (
            "--no-defaults",
            f"--datadir={home}/data",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-log-file-size=4M",
        )
        _run([install, *words, "--auth-root-authentication-method=normal", "--skip-test-db"], user)
        url = f"mysql+pymysql://root@127.0.0.1:{port}"
        command = [path, *words, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={home}/socket"]
        with _running(command, user, home, lambda: _sql(url, "CREATE DATABASE app")):
            yield url


def redis_call(url: str, *words: str) -> object:
    """Return a Redis server's answer."""
    from ci_tools.model.dburl import parse
    from ci_tools.plugin.isolation.redis import Redis

    parsed = parse(url)
    answer = Redis(parsed)._ask(list(words), int(parsed.name))
    if answer is None:
        raise ConnectionError(url)
    return answer


def _sql(url: str, sql: str) -> object:
    from ci_tools.model.dburl import parse
    from ci_tools.plugin.isolation.sql import query

    return query(parse(f"{url}/app"), sql)


@contextmanager
def _home(owner: str) -> Iterator[tuple[Path, str | None]]:
    """Yield a directory and the user to run as: PostgreSQL refuses root. Sockets want a short path."""
    user = owner if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="db-", dir="/tmp", ignore_cleanup_errors=True) as path:
        if user:
            shutil.chown(path, user)
        yield Path(path), user


def _run(command: list[str], user: str | None) -> None:
    done = subprocess.run(command, user=user, cwd="/tmp", capture_output=True, text=True, timeout=START_TIMEOUT_S)
    assert done.returncode == 0, f"$ {' '.join(command)}\n{done.stdout}{done.stderr}"


@contextmanager
def _running(command: list[str], user: str | None, home: Path, is_up: Callable[[], object]) -> Iterator[None]:
    """Run a server until the block ends; it begins when `is_up` no longer raises."""
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, user=user, cwd=home, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                is_up()
                break
            except Exception as error:
                said = f"$ {' '.join(command)}\n{(home / 'log').read_text()}{error}"
                assert server.poll() is None and time.monotonic() < deadline_s, said
                time.sleep(0.02)
        yield
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()
        server.wait()

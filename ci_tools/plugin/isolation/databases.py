"""A database of each worker's own: the URL it gets, and the database itself where the project wants it created."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from pathlib import Path

from ci_tools.model.dburl import DatabaseUrl, Family, for_worker, parse, unquoted, with_index
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.project import Database
from ci_tools.plugin.run import Run
from ci_tools.store.host import host_dir
from ci_tools.store.locks import Lock, LockHeldError, LockTimeoutError

REDIS_DATABASES = 16  # redis.conf, unless it says otherwise


def suffix_of(run: Run) -> str:
    """Return what makes a name this worker's own on a server that runs, shards and workers share: _1a2b3c4d_s2_gw0."""
    return f"_{run.id}{f'_s{run.shard}' if run.shard else ''}_{run.worker}"


def worker_url(url: DatabaseUrl, run: Run, cwd: Path) -> str:
    """Return the URL of this worker's database instead of `url`'s; not for Redis."""
    directory = run.worker_root / "databases"
    ours = for_worker(url, suffix=suffix_of(run), directory=str(directory), cwd=str(cwd))
    if url.family is Family.SQLITE and not url.is_in_memory:
        Path(ours.database).parent.mkdir(parents=True, exist_ok=True)
    return str(ours)


def redis_indexes(urls: Iterable[str | None]) -> frozenset[int]:
    """Return the databases that somebody may work with when no tests run: 0, and those that these URLs name."""
    found = {0}
    for text in filter(None, urls):
        with contextlib.suppress(UsageError):
            url = parse(text)
            found |= {int(url.name)} if url.family is Family.REDIS else set()
    return frozenset(found)


def redis_url(url: DatabaseUrl, leases: contextlib.ExitStack, *, reserved: frozenset[int], empty: bool = False) -> str:
    """Return the URL of a database of this Redis server that nobody on this host has leased, and that holds no keys.

    It is emptied when the lease ends; with `empty` one that holds keys is emptied before, when no other is
    left. A server that can't be reached yet is taken to have 16, and what wasn't seen empty is not
    emptied. Raises UsageError when none is free.
    """
    from ci_tools.plugin.isolation.redis import Redis

    redis = Redis(url)
    n_databases = redis.n_databases() or REDIS_DATABASES
    for emptied in (False, True) if empty else (False,):
        in_use = full = 0
        for index in sorted(set(range(n_databases)) - reserved):
            lock = Lock(host_dir() / "redis" / f"{redis.digest}-{index}.lock", timeout_s=0)
            try:
                lock.acquire()
            except (LockHeldError, LockTimeoutError):
                in_use += 1
                continue
            if emptied:
                redis.flush(index)
            n_keys = redis.size(index)
            if not n_keys:
                leases.callback(lock.release)
                if n_keys is not None:
                    leases.callback(redis.flush, index)
                return str(with_index(url, index))
            full += 1
            lock.release()
    raise UsageError(
        f"none of the server's {n_databases} databases is free: {in_use} are other workers', {full} hold keys, "
        f"{len(reserved)} are not for tests",
        hint="create = true empties those that hold keys; for more workers set `databases` in redis.conf, "
        'or give the variable of a key prefix a text, like "{run_id}:{worker}:"',
    )


def create(present: str, ours: str, options: Database, run: Run, rootdir: Path) -> None:
    """Create the database that `ours` names, a copy of the template if there is one. Raises CiToolsError."""
    url, new = parse(present), parse(ours)
    if url.family is Family.SQLITE:
        if options.template:
            _copy_sqlite(rootdir / options.template, Path(new.database))
        return
    if url.family is Family.REDIS:
        return  # taken empty
    from ci_tools.plugin.isolation import servers

    name = unquoted(new.name)
    servers.create(url, name, template=options.template, run_id=run.id, now_s=time.time())
    if run.worker in ("main", "gw0"):
        servers.reap(url, now_s=time.time())


def drop_all(present: str, run: Run) -> None:
    """Drop the databases that the workers of this run created, those that died among them. Raises CiToolsError."""
    url = parse(present)
    if url.family in (Family.POSTGRESQL, Family.MYSQL):
        from ci_tools.plugin.isolation import servers

        servers.drop_run(url, run.id)


def _copy_sqlite(template: Path, new: Path) -> None:
    import sqlite3

    if not template.is_file():
        raise UsageError(f"no such file: {template}", hint="the template of a SQLite database is a file")
    source, target = sqlite3.connect(template), sqlite3.connect(new)
    try:
        source.backup(target)  # with what is still in its -wal
    except sqlite3.Error as error:
        raise CiToolsError(f"{template}: can't be copied: {error}") from None
    finally:
        source.close()
        target.close()

"""The history file: opened only when it is ours and whole, closed as one file that can be copied.

It comes from a cache, or from anywhere: nothing in it is trusted before it is looked through.
Source: https://sqlite.org/security.html, "Untrusted SQLite Database Files".
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from urllib.parse import quote

from ci_tools.history.schema import APPLICATION_ID, STEPS, Step, apply, objects_after, objects_of
from ci_tools.model.errors import CiToolsError
from ci_tools.model.words import size

MAX_BYTES = 250_000_000
BUSY_S = 60  # another merge's writing takes a second or two
CACHE_KB = 65_536  # a file of the usual size as a whole

_MAGIC = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
# Python 3.10 has no error codes. Source: https://sqlite.org/rescode.html, the texts of sqlite3_errstr.
_MACHINE = re.compile("locked|is full|readonly|disk I/O error|unable to open|locking protocol|interrupted")
ANEW = "remove it, and the history begins anew"


class DamagedError(CiToolsError):
    """It is a history file, and broken: nothing in it can be relied upon."""


@contextmanager
def opened(path: Path, *, create: bool = False, steps: Sequence[Step] = STEPS) -> Iterator[sqlite3.Connection]:
    """Open the file, of an older version brought up to date, in autocommit mode.

    Raises DamagedError for a broken file of ours; CiToolsError for one that is missing, of another
    program, of a newer version, too large, locked or not accessible. So does SQLite's own trouble
    while it is open: the damage may lie deeper.
    """
    _refuse_from_outside(path, create)
    try:
        with closing(_connected(path, "rwc" if create else "rw")) as connection:
            _distrust(connection)
            _admit(connection, path, steps)
            yield connection
    except sqlite3.ProgrammingError:  # a bug of ours, whatever the file holds
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _refusal(path, error) from None


@contextmanager
def written(path: Path, *, steps: Sequence[Step] = STEPS) -> Iterator[sqlite3.Connection]:
    """Open the file for writing, made when missing; other processes may read and write it meanwhile.

    Afterwards it is whole and alone again, for a cache that saves this one path.
    """
    _make_directory(path.parent)
    with opened(path, create=True, steps=steps) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield connection
        finally:
            with suppress(sqlite3.OperationalError):  # another process has it open: the last one tidies up
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def transaction(connection: sqlite3.Connection, *, write: bool = True) -> Iterator[None]:
    """All or nothing of what is written, one state of all that is read."""
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def set_aside(path: Path) -> Path:
    """Rename a damaged file, and return where it is now; what another process left beside it goes."""
    aside = path.with_name(f"{path.name}.damaged")
    try:
        os.replace(path, aside)
        for suffix in _BESIDE:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise CiToolsError(f"{path}: can't be set aside: {error.strerror}", hint=ANEW) from None
    return aside


def plain(text: str) -> str:
    """Return text that SQLite can hold: a lone surrogate is replaced. Node ids are kept as they are, see `to_bytes`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def to_bytes(nodeid: str) -> bytes:
    """Return a node id for `CAST(? AS TEXT)`: pytest's may hold lone surrogates."""
    return nodeid.encode("utf-8", "surrogatepass")


def _refuse_from_outside(path: Path, create: bool) -> None:
    """What can be known without opening it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        if create:
            return
        raise CiToolsError(f"no such file: {path}", hint="`ci-tools merge --history` records runs in it") from None
    except OSError as error:
        raise CiToolsError(f"{path}: can't be read: {error.strerror}", hint="name the history's file") from None
    if not S_ISREG(status.st_mode):
        raise CiToolsError(f"{path}: not a regular file", hint="name the history's file")
    if status.st_size > MAX_BYTES:
        fact = f"{path}: {size(status.st_size)}, the limit is {size(MAX_BYTES)}"
        raise DamagedError(fact, hint=ANEW) if _is_ours(path) else CiToolsError(fact, hint="name the history's file")


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CiToolsError(f"{path}: can't be made: {error.strerror}", hint="choose another --history") from None


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)
    connection.text_factory = lambda data: data.decode("utf-8", "surrogatepass")
    return connection


def _distrust(connection: sqlite3.Connection) -> None:
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", f"cache_size = -{CACHE_KB}"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _admit(connection: sqlite3.Connection, path: Path, steps: Sequence[Step]) -> None:
    """Let in what is ours, exactly, and whole; a new file, and one of an older version, are made ours."""
    if _version_of(connection, path, steps) < len(steps):
        with transaction(connection):
            # Asked again: another process may have done it while this one waited.
            version = _version_of(connection, path, steps)
            apply(connection, steps[version:])
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(steps)}")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        raise DamagedError(f"{path}: damaged: {found[0] if found else 'it holds nothing'}", hint=ANEW)


def _version_of(connection: sqlite3.Connection, path: Path, steps: Sequence[Step]) -> int:
    """Return the version of a file that is ours, 0 for an empty one; refuse all others."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    found = objects_of(connection)
    if application_id == version == 0 and not found:
        return 0
    if application_id != APPLICATION_ID:
        raise CiToolsError(f"{path}: another program's database", hint="name another file")
    if version > len(steps):
        raise CiToolsError(
            f"{path}: history version {version}, this ci-tools reads {len(steps)}",
            hint="use the same xdist-ci ref in every job, or name another file",
        )
    if version < 1 or found != objects_after(steps[:version]):
        raise DamagedError(f"{path}: its tables aren't those of a history of version {version}", hint=ANEW)
    return int(version)


def _refusal(path: Path, error: Exception) -> CiToolsError:
    """What SQLite says: of a damaged file, of one that never was ours, or of the machine."""
    if _MACHINE.search(str(error)):
        return CiToolsError(f"{path}: can't be used: {error}", hint="is another process using it, or the disk full?")
    if not _is_ours(path):
        return CiToolsError(f"{path}: not a history: {error}", hint="remove it, or name another file")
    return DamagedError(f"{path}: damaged: {error}", hint=ANEW)


def _is_ours(path: Path) -> bool:
    """Whether the file says of itself that it is a history, as far as that can still be read."""
    try:
        with path.open("rb") as file:
            head = file.read(72)
    except OSError:
        return False
    return head.startswith(_MAGIC) and head[68:72] == APPLICATION_ID.to_bytes(4, "big")

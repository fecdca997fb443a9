"""URLs of databases, and what they become for one worker. All but the database's name stays as it is written."""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import SplitResult, urlsplit

from ci_tools.model.errors import UsageError


class Family(str, Enum):
    """Databases that are named alike."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"
    MYSQL = "MySQL"
    REDIS = "Redis"


FAMILIES = {
    **dict.fromkeys(("sqlite", "sqlite3", "spatialite", "file"), Family.SQLITE),
    **dict.fromkeys(("postgresql", "postgres", "pgsql", "postgis"), Family.POSTGRESQL),
    **dict.fromkeys(("mysql", "mysql2", "mysqlgis", "mariadb"), Family.MYSQL),
    **dict.fromkeys(("redis", "rediss", "valkey", "valkeys", "unix"), Family.REDIS),
}
# PostgreSQL cuts a longer name off without a word, so that two names can be one database; MySQL refuses it.
# https://www.postgresql.org/docs/current/limits.html, https://dev.mysql.com/doc/refman/8.4/en/identifier-length.html
MAX_NAME_BYTES = {Family.POSTGRESQL: 63, Family.MYSQL: 64}
MAX_FILE_BYTES = 255 - len("-journal")

_SQLITE = re.compile(
    r"(?P<before>(?!file:)[^:]+://(?:[^/?]*@)?/?|)(?P<uri>file:(?://(?:localhost)?(?=/))?|)(?P<name>[^?]*)(?P<after>.*)",
    re.S,
)
_SERVER = re.compile(r"(?P<before>[^:]+://[^/?]*)/?(?P<name>[^?]*)(?P<after>.*)", re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """`before + name + after` is the URL. `name` is as written: percent-encoded, a path, or Redis' index."""

    family: Family
    before: str
    name: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.name}{self.after}"

    @property
    def is_in_memory(self) -> bool:
        """Whether it is a SQLite database that each process has for itself anyway."""
        named = self.name in ("", ":memory:") or "mode=memory" in self.after
        return self.family is Family.SQLITE and named

    @property
    def database(self) -> str:
        """The name as the server knows it; a file's path."""
        is_path = self.family is Family.SQLITE and not self.before.endswith(("file:", "file://", "file://localhost"))
        return self.name if is_path else unquoted(self.name)

    @property
    def place(self) -> tuple[str, ...]:
        """The same for URLs of one database that differ in their driver, user, password or parameters."""
        return self.family.value, self.before.partition("://")[2].rpartition("@")[2], self.database

    def split(self) -> SplitResult:
        """Return host, port, user and password. UsageError when they can't be told apart; never their text."""
        try:
            parts = urlsplit(str(self))
            _ = parts.port
        except ValueError:
            hint = "a / ? # @ [ or ] in a user or a password is written %2F %3F %23 %40 %5B %5D"
            fact = f"the URL of a {self.family.value} server has no host and port that can be told from the rest"
            raise UsageError(fact, hint=hint) from None
        return parts


def parse(text: str) -> DatabaseUrl:
    """Return a URL in its parts. UsageError when it names no database, or is of none that is known; never its text."""
    scheme = text.partition(":")[0]
    family = FAMILIES.get(scheme.partition("+")[0].lower()) if ":" in text else None
    if family is None or (family is Family.REDIS and "+" in scheme):
        found = f"{scheme}:…" if re.fullmatch(r"[\w.+-]+", scheme) and ":" in text else "another text"
        known = ", ".join(family.value for family in Family)
        raise UsageError(
            f"wanted the URL of a database, found {found}",
            hint=f"known are {known}; for anything else give the variable a text with {{worker}} or {{worker_dir}}",
        )
    return {Family.SQLITE: _sqlite, Family.REDIS: _redis}.get(family, _named)(text, family)


def for_worker(url: DatabaseUrl, *, suffix: str, directory: str, cwd: str) -> DatabaseUrl:
    """Return the URL of the database that one worker has instead; not for Redis, see `with_index`.

    A name gets the suffix, shortened so that it stays another one. A SQLite file gets it before its
    extension and moves to `directory`, into a folder per folder that it was in: files that were
    different stay different. Relative paths start at `cwd`. What is in memory stays as it is.
    """
    if url.is_in_memory:
        return url
    if url.family is not Family.SQLITE:
        name = unquoted(url.name)
        new = limited(name, suffix, MAX_NAME_BYTES[url.family])
        as_written = new.startswith(name) and f"{url.name}{quoted(suffix)}"
        return replace(url, name=as_written or quoted(new))
    folder, file = posixpath.split(posixpath.normpath(posixpath.join(cwd, url.name)))
    stem, extension = posixpath.splitext(file)
    file = limited(stem, suffix, MAX_FILE_BYTES - len(_bytes(extension))) + extension
    return replace(url, name=posixpath.join(directory, _digest(folder), file))


def with_index(url: DatabaseUrl, index: int) -> DatabaseUrl:
    """Return the URL of another database of the same Redis server."""
    return replace(url, name=str(index))


def limited(name: str, suffix: str, max_bytes: int) -> str:
    """Return `name + suffix`, at most so many bytes: a name that is too long ends in a digest of what it was."""
    whole = f"{name}{suffix}"
    if len(_bytes(whole)) <= max_bytes:
        return whole
    tail = f"_{_digest(name)}{suffix}"
    if len(_bytes(tail)) >= max_bytes:
        tail = f"_{_digest(whole)}"
    return _bytes(name)[: max_bytes - len(_bytes(tail))].decode(errors="ignore") + tail


def quoted(text: str) -> str:
    """Percent-encode all but letters, digits and `_.~-` (RFC 3986, 2.3)."""
    safe = re.compile(r"[A-Za-z0-9_.~-]")
    return "".join(chr(b) if safe.match(chr(b)) else f"%{b:02X}" for b in _bytes(text))


def unquoted(text: str) -> str:
    """Undo percent-encoding; bytes that aren't UTF-8 become U+FFFD."""
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes.fromhex(match[1].decode()), _bytes(text))
    return data.decode(errors="replace")


def _sqlite(text: str, family: Family) -> DatabaseUrl:
    match = _SQLITE.fullmatch(text)
    if match is None or not (match["before"] or match["uri"]):
        raise UsageError("wanted the URL of a SQLite file, found no // in it", hint="write sqlite:///relative/path.db")
    return DatabaseUrl(family=family, before=match["before"] + match["uri"], name=match["name"], after=match["after"])


def _named(text: str, family: Family) -> DatabaseUrl:
    in_query = re.fullmatch(r"(?P<before>[^?]+\?(?:.*&)?dbname=)(?P<name>[^&]*)(?P<after>.*)", text, re.S)
    match = (in_query if family is Family.POSTGRESQL else None) or _SERVER.fullmatch(text)
    name = match["name"] if match else ""
    if match is None or not name:
        raise UsageError(f"the URL of a {family.value} server names no database", hint="write …://host/name")
    if "/" in name or "@" in name:
        hint = "a / ? # or @ in a user, a password or a name is written %2F %3F %23 %40"
        raise UsageError(f"the URL of a {family.value} server has more than a name behind its host", hint=hint)
    before = match["before"] if in_query is match else f"{match['before']}/"
    return DatabaseUrl(family=family, before=before, name=name, after=match["after"])


def _redis(text: str, family: Family) -> DatabaseUrl:
    in_query = re.fullmatch(r"(?P<before>[^?]+\?(?:.*&)?db=)(?P<name>[^&]*)(?P<after>.*)", text, re.S)
    match = in_query or _SERVER.fullmatch(text)
    if match is None:
        raise UsageError("wanted the URL of a Redis server, found no // in it", hint="write redis://host:6379/0")
    if in_query is None and text.startswith("unix:"):
        return DatabaseUrl(family=family, before=f"{text}{'&' if '?' in text else '?'}db=", name="0", after="")
    name = match["name"] or "0"
    if not name.isascii() or not name.isdecimal():
        raise UsageError("the URL of a Redis server ends in no index of a database", hint="write redis://host:6379/0")
    before = match["before"] if in_query else f"{match['before']}/"
    return DatabaseUrl(family=family, before=before, name=name, after=match["after"])


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")  # what isn't UTF-8 in the environment


def _digest(text: str) -> str:
    return hashlib.sha256(_bytes(text)).hexdigest()[:8]

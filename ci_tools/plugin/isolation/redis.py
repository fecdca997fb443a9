"""The three things that we ask of a Redis server, in its own protocol: nothing to install."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
from typing import BinaryIO
from urllib.parse import parse_qs

from ci_tools.model.dburl import DatabaseUrl, unquoted
from ci_tools.model.errors import CiToolsError

TIMEOUT_S = 5.0
PORT = 6379
Reply = str | int | None | list["Reply"]


class Redis:
    """One server. Each question is a connection of its own. A server that can't be reached answers None."""

    def __init__(self, url: DatabaseUrl) -> None:
        self._url = url.split()

    @property
    def digest(self) -> str:
        """The same for all URLs of one server, as far as they tell; 12 hex digits."""
        host = (self._url.hostname or "localhost").replace("127.0.0.1", "localhost")
        where = self._url.path if self._url.scheme == "unix" else f"{host}:{self._url.port or PORT}"
        return hashlib.sha256(where.encode(errors="replace")).hexdigest()[:12]

    def n_databases(self) -> int | None:
        """How many it has; None when it doesn't say."""
        reply = self._ask(["CONFIG", "GET", "databases"])
        return int(str(reply[1])) if isinstance(reply, list) and len(reply) == 2 else None

    def size(self, index: int) -> int | None:
        """How many keys one of its databases holds. CiToolsError when there is no such database."""
        reply = self._ask(["DBSIZE"], index)
        return reply if isinstance(reply, int) else None

    def flush(self, index: int) -> None:
        """Empty one of its databases."""
        self._ask(["FLUSHDB"], index)

    def _ask(self, words: list[str], index: int = 0) -> Reply:
        try:
            with contextlib.closing(self._connected()) as connection, connection.makefile("rb") as replies:
                for before in filter(None, (self._login(), ["SELECT", str(index)] if index else [])):
                    _call(connection, replies, before)
                return _call(connection, replies, words)
        except OSError:
            return None  # not up, or gone: the tests will say so
        except _RefusalError as refusal:
            if words[0] == "CONFIG":
                return None  # managed servers don't tell
            raise CiToolsError(
                f"Redis refuses database {index}: {refusal}",
                hint='a cluster has one database: give the variable of a key prefix a text, like "{run_id}:{worker}:"',
            ) from None

    def _login(self) -> list[str]:
        words = [unquoted(word) for word in (self._url.username, self._url.password) if word]
        return ["AUTH", *words] if self._url.password else []

    def _connected(self) -> socket.socket:
        if self._url.scheme == "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(TIMEOUT_S)
            connection.connect(unquoted(self._url.path))
            return connection
        host = self._url.hostname or "localhost"
        connection = socket.create_connection((host, self._url.port or PORT), TIMEOUT_S)
        if self._url.scheme not in ("rediss", "valkeys"):
            return connection
        context = ssl.create_default_context()
        if parse_qs(self._url.query).get("ssl_cert_reqs", [""])[0].lower().endswith("none"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection, server_hostname=host)


class _RefusalError(Exception):
    """What the server said after `-`."""


def _call(connection: socket.socket, replies: BinaryIO, words: list[str]) -> Reply:
    data = [word.encode() for word in words]
    parts = (b"$%d\r\n%b\r\n" % (len(word), word) for word in data)
    connection.sendall(b"*%d\r\n%b" % (len(data), b"".join(parts)))
    return _reply(replies)


def _reply(stream: BinaryIO) -> Reply:
    """Read one reply: https://redis.io/docs/latest/develop/reference/protocol-spec/."""
    line = stream.readline()
    kind, rest = line[:1], line[1:].strip().decode(errors="replace")
    if kind == b"-":
        raise _RefusalError(rest)
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode(errors="replace")
    if kind == b"*":
        return [_reply(stream) for _ in range(int(rest))]
    if kind == b"+":
        return rest
    raise ConnectionError("no reply")

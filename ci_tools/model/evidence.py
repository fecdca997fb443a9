"""What a suite was seen to do while it ran: what each test touched, and what it left changed behind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# Other names of one's own machine, and all of its addresses: a port is taken on any of them.
_HERE = ("127.0.0.1", "0.0.0.0", "::1", "::", "localhost", "")


def one_name(resource: str) -> str:
    """Return a resource's one name: a port is the same one on all addresses of this machine."""
    protocol, colon, rest = resource.partition(":")
    if colon and protocol in ("tcp", "udp"):
        host, _, port = rest.rpartition(":")
        return f"{protocol}:localhost:{port}" if host in _HERE else resource
    return resource


class Access(str, Enum):
    """What was done with a resource, or tried: events come before the deed."""

    READ = "read"
    WRITE = "write"
    APPEND = "append"
    DELETE = "delete"
    TREE = "tree"  # deleted with all that is below it
    MAKE = "make"  # a directory, that may be there already
    LIST = "list"  # a directory
    DATABASE = "database"  # an SQLite file that was opened, to read or to write
    CHANGE = "change"  # an SQLite file that isn't what it was before the test
    BIND = "bind"  # a port, or the path of a socket
    CONNECT = "connect"  # to somebody's port
    RUN = "run"  # a program, whose own files nobody sees
    SET = "set"  # a variable of the environment, or the working directory


class Kind(str, Enum):
    """Who touches: what runs by itself, and may run beside others."""

    TEST = "test"  # with its fixtures of function scope
    FIXTURE = "fixture"  # of a wider scope
    COLLECTION = "collection"  # what importing test files and conftests does, in every worker
    END = "end"  # what hooks do when a worker has run its tests


@dataclass(frozen=True, slots=True, order=True)
class Touch:
    """One access: `phase` is `setup`, `call`, `teardown`, or "" outside of a test.

    `resource` is a path relative to rootdir, an absolute one where it lies elsewhere, or a word with a colon in
    front: `tcp:127.0.0.1:8000`, `udp:…`, `program:git`, `environ:HOME`, `process:cwd`.
    """

    access: Access
    resource: str
    phase: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """State of the process that a test left otherwise than it had found it.

    `what` is `environ`, `cwd`, `thread`, `global` and so on, `name` which of them, `how` `set`, `changed` or
    `removed`: a value is never told, as it may be a secret. `among` is 1 when this test did it, 3 when it
    was this one or one of the two before it in this worker.
    """

    what: str
    name: str
    how: str
    among: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one unit did in one go.

    `id` is a test's node id, `path::name` of a fixture, "" of collection and end. `under` is the test during which a
    fixture was set up or torn down, `scope` the fixture's. `omitted` accesses were too many to be written down.
    """

    kind: Kind
    id: str
    worker: str
    touched: tuple[Touch, ...] = ()
    changed: tuple[Change, ...] = ()
    scope: str = ""
    under: str = ""
    omitted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one process wrote, in order. `damaged` lines can't be read: more was touched than it says."""

    worker: str
    rootdir: str
    records: tuple[Record, ...] = ()
    damaged: int = 0

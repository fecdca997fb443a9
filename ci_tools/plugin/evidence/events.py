"""What Python's audit events say is touched: `sys.addaudithook`, in each process that runs tests.

An audit hook stays until the process ends, runs in every thread, and what it raises breaks the code that it watches:
so nothing gets out of it, and it is quick where nobody watches. Events come before the deed, which may fail yet.
Source: https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from os.path import basename
from typing import Any
from urllib.parse import unquote

from ci_tools.model.evidence import Access
from ci_tools.plugin.evidence.names import absolute

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_NO_FILE = getattr(os, "O_DIRECTORY", 0)  # O_TMPFILE, of a file without a name, holds it too
# pytest says here which test is in which phase: `test_a.py::test_b (call)`.
_CURRENT = b"PYTEST_CURRENT_TEST"
_PHASES = {b"setup)": "setup", b"call)": "call", b"teardown)": "teardown"}
MAX_SEEN = 20_000  # of one unit, before names are given

# An access, what it is to (an absolute path where it begins with `/`), and the phase of the test.
Seen = tuple[Access, str, str]
_Handler = Callable[["Events", tuple[Any, ...]], None]


class Events:
    """Takes accesses in while `seen` is a set, and drops them while it is None."""

    def __init__(self, private: tuple[str, ...], made: Callable[[str], None]) -> None:
        """`made` is told of files and directories whose names are chosen at random."""
        self.seen: set[Seen] | None = None
        self.phase = ""
        self.omitted = 0
        self.has_started = False  # any program, or a child
        self.on_database: Callable[[str], None] | None = None  # that is about to be opened
        self.before: Callable[[Access, str], None] | None = None  # in slow motion: waits
        self.on_new: Callable[[Seen], None] | None = None  # in a forked child, that may end at any time
        self._private = private
        self._made = made

    def listen(self) -> None:
        """Add the hook, for good."""
        handler_of = _HANDLERS.get

        def hook(event: str, args: tuple[Any, ...]) -> None:  # many thousands a second: `suppress` would be felt
            handler = handler_of(event)
            if handler is None or self.seen is None:
                return
            try:
                handler(self, args)
            except Exception:  # a path that is none, a directory that is gone: the caller is told of it
                return

        sys.addaudithook(hook)

    def add(self, access: Access, resource: str) -> None:
        """Take one access in."""
        if not resource or resource.startswith(self._private) or self.seen is None:
            return
        if self.before:
            self.before(access, resource)
        found = access, resource, self.phase
        if found in self.seen:
            return
        if len(self.seen) >= (MAX_SEEN if access in (Access.READ, Access.LIST) else 2 * MAX_SEEN):
            self.omitted += 1
            return
        self.seen.add(found)
        if self.on_new:
            self.on_new(found)

    def opened(self, args: tuple[Any, ...]) -> None:
        path, mode, flags = args
        flags = flags or 0
        if isinstance(path, int) or flags & _NO_FILE == _NO_FILE:
            return
        if isinstance(path, str) and path.startswith(self._private):
            return
        access = Access.READ
        if flags & os.O_APPEND and not flags & os.O_TRUNC:
            access = Access.APPEND
        elif flags & _WRITES:
            access = Access.WRITE
        if mode is None and access is Access.READ and not os.path.isabs(path):
            return  # os.open, relative to a directory that the event doesn't tell: rmtree opens all below like that
        self.add(access, absolute(path))

    def deleted(self, args: tuple[Any, ...]) -> None:
        self.add(Access.DELETE, absolute(args[0], args[1]))

    def removed_tree(self, args: tuple[Any, ...]) -> None:
        handle = args[1] if len(args) > 1 else -1
        self.add(Access.TREE, absolute(args[0], handle))

    def made_directory(self, args: tuple[Any, ...]) -> None:
        self.add(Access.MAKE, absolute(args[0], args[2]))

    def renamed(self, args: tuple[Any, ...]) -> None:
        found = absolute(args[0], args[2])
        is_directory = os.path.isdir(found)
        self.add(Access.TREE if is_directory else Access.DELETE, found)
        self.add(Access.MAKE if is_directory else Access.WRITE, absolute(args[1], args[3]))

    def linked(self, args: tuple[Any, ...]) -> None:
        self.add(Access.WRITE, absolute(args[1], args[-1]))

    def changed(self, args: tuple[Any, ...]) -> None:
        self.add(Access.WRITE, absolute(args[0]))

    def listed(self, args: tuple[Any, ...]) -> None:
        self.add(Access.LIST, absolute("." if args[0] is None else args[0]))

    def bound(self, args: tuple[Any, ...]) -> None:
        self._address(Access.BIND, *args)

    def connected(self, args: tuple[Any, ...]) -> None:
        self._address(Access.CONNECT, *args)

    def _address(self, access: Access, sock: Any, address: Any) -> None:
        if isinstance(address, tuple) and len(address) >= 2 and address[1]:
            protocol = "udp" if sock.type == 2 else "tcp"  # socket.SOCK_DGRAM; nothing is imported here
            self.add(access, f"{protocol}:{address[0]}:{address[1]}")
        elif isinstance(address, (str, bytes)) and address[:1] not in ("", b"", "\0", b"\0"):
            self.add(access, absolute(address))

    def database(self, args: tuple[Any, ...]) -> None:
        path = sqlite_file(os.fsdecode(args[0]))
        if path:
            read_only = "mode=ro" in os.fsdecode(args[0]) or "immutable=1" in os.fsdecode(args[0])
            path = absolute(path)
            if self.on_database and not read_only:
                self.on_database(path)
            self.add(Access.READ if read_only else Access.DATABASE, path)

    def locked(self, args: tuple[Any, ...]) -> None:
        if not os.fstat(args[0]).st_size:  # an empty file is there to be locked: all may open it
            self._made(absolute(args[0]))

    def made_temporary(self, args: tuple[Any, ...]) -> None:
        self._made(os.path.realpath(absolute(args[0])))
        self._made(absolute(args[0]))

    def started(self, args: tuple[Any, ...]) -> None:
        self.has_started = True
        program = args[0] if not isinstance(args[0], (list, tuple)) else args[0][0]
        self.add(Access.RUN, f"program:{basename(os.fsdecode(program))}")

    def ran_shell(self, args: tuple[Any, ...]) -> None:
        self.add(Access.RUN, f"program:{os.fsdecode(args[0]).split()[0]}")

    def forked(self, args: tuple[Any, ...]) -> None:
        self.has_started = True
        self.add(Access.RUN, "program:(fork)")

    def moved(self, args: tuple[Any, ...]) -> None:
        self.add(Access.SET, "process:cwd")

    def set_variable(self, args: tuple[Any, ...]) -> None:
        if args[0] == _CURRENT:
            self.phase = _PHASES.get(args[1].rpartition(b"(")[2], "") if len(args) > 1 else ""
            return
        name = os.fsdecode(args[0])
        if not name.startswith("PYTEST_"):
            self.add(Access.SET, f"environ:{name}")


def sqlite_file(name: str) -> str:
    """Return the path of an SQLite database, "" for one in memory or without a name."""
    if name.startswith("file:"):
        path, _, query = name[5:].partition("?")
        path = unquote(path.replace("///", "/", 1))
        return "" if "mode=memory" in query or path in ("", ":memory:") else path
    return "" if name in ("", ":memory:") else name


_HANDLERS: dict[str, _Handler] = {
    "open": Events.opened,
    "os.remove": Events.deleted,
    "os.rmdir": Events.deleted,
    "shutil.rmtree": Events.removed_tree,
    "os.mkdir": Events.made_directory,
    "os.rename": Events.renamed,
    "os.link": Events.linked,
    "os.symlink": Events.linked,
    "os.truncate": Events.changed,
    "os.chmod": Events.changed,
    "os.utime": Events.changed,
    "os.listdir": Events.listed,
    "os.scandir": Events.listed,
    "socket.bind": Events.bound,
    "socket.connect": Events.connected,
    "sqlite3.connect": Events.database,
    "fcntl.flock": Events.locked,
    "fcntl.lockf": Events.locked,
    "tempfile.mkstemp": Events.made_temporary,
    "tempfile.mkdtemp": Events.made_temporary,
    "subprocess.Popen": Events.started,
    "os.posix_spawn": Events.started,
    "os.exec": Events.started,
    "os.system": Events.ran_shell,
    "os.fork": Events.forked,
    "os.forkpty": Events.forked,
    "os.chdir": Events.moved,
    "os.putenv": Events.set_variable,
    "os.unsetenv": Events.set_variable,
}

"""TCP ports that no two tests on this host get at the same time, whatever runs they are of."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from secrets import randbelow  # `random` is the tests' own: they seed it, and count on its next value

from ci_tools.model.errors import CiToolsError
from ci_tools.model.words import count
from ci_tools.store.host import host_dir

# Servers that developers run are below, and all ports that browsers refuse: 10080 is the last of them,
# https://fetch.spec.whatwg.org/#port-blocking
FIRST_PORT = 10_100
FEW_PORTS = 1000  # a range with fewer is too small for several runs
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")

# A lease is a lock on one byte of one file, the port's. Such locks belong to the process: it isn't kept
# off its own, and closing any descriptor of the file gives them all up. So each file is opened once and for ever.
_guard = threading.Lock()
_leased: set[int] = set()
_handles: dict[tuple[int, int], int] = {}


@contextlib.contextmanager
def leased_ports(n: int) -> Iterator[list[int]]:
    """`with leased_ports(2) as (http, admin):` n free TCP ports, in ascending order.

    Nobody else who leases gets them before the block is left or the process has ended, in whatever
    way: no other thread, process or run of this user on this host. What doesn't lease is kept off as far as
    possible: the ports lie outside of the range that the kernel takes those of outgoing connections and of
    port 0 from, and nothing was bound to them on any address, no closed connection lingers there. A forked
    child has none of its parent's leases. Raises CiToolsError when there aren't n.
    """
    owner, ports = os.getpid(), list[int]()
    with _guard:
        handle = _opened(host_dir() / "ports")
    try:
        with _guard:
            ports.extend(islice(_leases(handle), n))
        if len(ports) < n:
            raise _too_few(n, len(ports))
        yield sorted(ports)
    finally:
        if os.getpid() == owner:
            with _guard:
                _release(handle, ports)


def lease_range(ephemeral: str) -> range:
    """Return the ports to lease, given the text of `ip_local_port_range`; "" is a system without one.

    Below the kernel's own range; above it where that leaves too few; and where the kernel's is (nearly)
    everything, as in containers that set 1024 to 65535, all from FIRST_PORT on. A port may then
    become the kernel's between the lease and the server's start.
    """
    # Without /proc: macOS begins at 49152, as RFC 6335 says.
    lowest, highest = map(int, ephemeral.split() or (32_768, 60_999))
    choices = (range(FIRST_PORT, lowest), range(max(highest + 1, FIRST_PORT), 65_536))
    return next((ports for ports in choices if len(ports) >= FEW_PORTS), range(FIRST_PORT, 65_536))


@cache
def _range() -> range:
    try:
        return lease_range(EPHEMERAL.read_text())
    except (OSError, ValueError):
        return lease_range("")


def _leases(handle: int) -> Iterator[int]:
    """Lease one port after the other, from anywhere in the range on; all that are free, if asked for."""
    ports = _range()
    start = randbelow(len(ports))
    for offset in range(len(ports)):
        port = ports[(start + offset) % len(ports)]
        if port in _leased or not _lock(handle, port):
            continue
        try:
            if not _free(port):
                continue
            _leased.add(port)
        finally:
            if port not in _leased:
                _release(handle, [port])
        yield port


def _too_few(n: int, n_free: int) -> CiToolsError:
    ports = _range()
    return CiToolsError(
        f"{count(n, 'TCP port')} wanted, {n_free:,} free from {ports[0]} to {ports[-1]}",
        hint="see what listens there, and which tests keep theirs",
    )


def _opened(path: Path) -> int:
    """Return the process's descriptor of the lease file, made when it isn't there."""
    try:
        with contextlib.suppress(FileNotFoundError):
            found = path.stat()
            if (found.st_dev, found.st_ino) in _handles:
                return _handles[found.st_dev, found.st_ino]
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise CiToolsError(f"{path}: can't be opened: {error.strerror}") from None
    found = os.fstat(handle)
    return _handles.setdefault((found.st_dev, found.st_ino), handle)


def _lock(handle: int, port: int) -> bool:
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise CiToolsError(
            f"ports can't be leased: {error.strerror}", hint="is the directory on a local disk?"
        ) from None
    return True


def _release(handle: int, ports: list[int]) -> None:
    for port in ports:
        _leased.discard(port)
        fcntl.lockf(handle, fcntl.LOCK_UN, 1, port)


def _free(port: int) -> bool:
    """Return whether a server could bind the port on any address, one without SO_REUSEADDR too."""
    for family, every_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((every_address, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):  # a host without IPv6
                raise
    return True


def _forget() -> None:
    """In a forked child: the leases are its parent's, and a thread that it doesn't have may hold the guard."""
    global _guard
    _guard = threading.Lock()
    _leased.clear()


os.register_at_fork(after_in_child=_forget)

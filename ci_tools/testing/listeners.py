"""Who listens on which port, as Linux tells it: sockets in /proc/net, and the processes that have them open."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

PROC = Path("/proc")
_LISTEN = "0A"  # include/net/tcp_states.h
_SOCKET = "socket:["


def listening(addresses: Iterable[str], port: int) -> set[str]:
    """Return the inodes of the sockets that get what is sent to the port of these addresses (`127.0.0.1`, `::1`)."""
    wanted = {IPv6Address(a) if ":" in a else IPv4Address(a) for a in addresses} | {IPv6Address("::")}
    if any(isinstance(address, IPv4Address) for address in wanted):
        wanted.add(IPv4Address("0.0.0.0"))
    found = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):  # tcp6: a host without IPv6
            for line in (PROC / "self/net" / table).read_text().splitlines()[1:]:
                _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
                address, _, local_port = local.partition(":")
                if state == _LISTEN and int(local_port, 16) == port and _address(address) in wanted:
                    found.add(inode)
    return found


def owners(inodes: set[str], pids: Iterable[int]) -> dict[int, set[str]]:
    """Return those of the processes that have any of these sockets open, and which; without those we mayn't look at."""
    found = {pid: inodes & _sockets(pid) for pid in pids}
    return {pid: theirs for pid, theirs in found.items() if theirs}


def everyone() -> list[int]:
    """Return the ids of all processes."""
    return sorted(int(name) for name in os.listdir(PROC) if name.isdigit())


def family(pid: int) -> list[int]:
    """Return the process, the processes that it has started, those that they have started, and so on."""
    children: dict[int, list[int]] = {}
    for other in everyone():
        with contextlib.suppress(OSError):
            children.setdefault(int(_stat(other)[1]), []).append(other)
    found = [pid]
    for member in found:
        found.extend(children.get(member, []))
    return found


def is_alive(pid: int) -> bool:
    """Return whether the process runs; a zombie doesn't."""
    try:
        return _stat(pid)[0] not in "ZX"
    except OSError:
        return False


def name_of(pid: int) -> str:
    """Return the process's name, as `ps` shows it."""
    try:
        return (PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "gone"


def _stat(pid: int) -> list[str]:
    """Return what stands after the name: state, parent, …"""
    return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()


def _sockets(pid: int) -> set[str]:
    directory, found = PROC / str(pid) / "fd", set()
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):
            with contextlib.suppress(OSError):
                link = os.readlink(directory / name)
                if link.startswith(_SOCKET):
                    found.add(link[len(_SOCKET) : -1])
    return found


def _address(text: str) -> IPv4Address | IPv6Address:
    """Return an address of /proc/net/tcp or tcp6: words of 32 bits, printed as the host keeps them."""
    words = [int(text[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(text), 8)]
    if len(words) == 1:
        return IPv4Address(words[0])
    address = IPv6Address(b"".join(words))
    return address.ipv4_mapped or address

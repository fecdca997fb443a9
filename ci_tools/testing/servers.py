"""Waiting until a server listens, and until it is the right one."""

from __future__ import annotations

import os
import socket

from ci_tools.model.errors import CiToolsError
from ci_tools.testing.clock import pauses, sleep
from ci_tools.testing.failures import ending
from ci_tools.testing.listeners import PROC, everyone, family, is_alive, listening, name_of, owners

INTERVAL_S, CONNECT_S = 0.01, 1.0


def wait_for_port(port: int, *, host: str = "127.0.0.1", pid: int | None = None, timeout_s: float = 10.0) -> None:
    """Return when a server listens on a TCP port of `host`, a name or an address.

    Without `pid` any server will do that accepts a connection, which is closed at once. With `pid` it has to be
    the server of that process, or of one that it has started, and of no other; nothing connects to it. When the process
    ends before that, ChildProcessError says so at once, with its exit status, which the `subprocess` module
    can still get.

    Raises TimeoutError, which names who listens there instead. For `pid` on a system without Linux's /proc it raises
    CiToolsError.
    """
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if pid is None:
        _wait_for_any(host, port, where, timeout_s)
    else:
        _wait_for(pid, host, port, where, timeout_s)


def _wait_for_any(host: str, port: int, where: str, timeout_s: float) -> None:
    problem = ""
    for pause_s in pauses(timeout_s, INTERVAL_S):
        sleep(pause_s)
        try:
            with socket.create_connection((host, port), timeout=CONNECT_S) as connection:
                if connection.getsockname() != connection.getpeername():
                    return
            # TCP lets a connection meet itself, when the kernel gives it just this port as its own.
            problem = "only a connection to itself"
        except OSError as error:
            problem = str(error)
    raise TimeoutError(f"{where}: no server after {timeout_s:g} s: {problem}")


def _wait_for(pid: int, host: str, port: int, where: str, timeout_s: float) -> None:
    if not (PROC / "self/net/tcp").exists():
        raise CiToolsError("whose port it is can be told on Linux alone", hint="call wait_for_port without `pid`")
    addresses = {
        str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    }
    there: set[str] = set()
    for pause_s in pauses(timeout_s, INTERVAL_S):
        sleep(pause_s)
        ended = _end_of(pid)
        there = listening(addresses, port)
        if there and there == set().union(*owners(there, family(pid)).values()):
            return
        if ended:
            raise ChildProcessError(f"process {pid} {ended} before it listened on {where}{_instead(there)}")
    raise TimeoutError(f"{where}: process {pid} doesn't listen after {timeout_s:g} s{_instead(there)}")


def _end_of(pid: int) -> str:
    """Return how the process has ended, "" while it runs. It stays a zombie: who started it waits for it."""
    try:
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # not a child of this process, or waited for already
        return "" if is_alive(pid) else "has ended"
    if found is None:
        return ""
    return ending(found.si_status if found.si_code == os.CLD_EXITED else -found.si_status)


def _instead(there: set[str]) -> str:
    """Return who listens, as the end of a sentence."""
    if not there:
        return ""
    who = [f"process {pid} ({name_of(pid)})" for pid in owners(there, everyone())]
    return f"; {' and '.join(who) or 'a process that we may not look at'} listens"

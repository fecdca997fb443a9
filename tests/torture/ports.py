"""`python -m tests.torture.ports`: processes lease ports at random and serve on them, and are killed at random.

The model is the kernel: on each leased port a server is bound and listens, on any address, with SO_REUSEADDR or
without, and who connects must hear this server's own name. Whatever else comes of it is a collision. In the end
somebody else must get every lease there is. `--narrow` does it in a network namespace of its own, whose kernel has
100 ports to give away (Linux, as root): there ports that were asked of the kernel collide.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from ci_tools.store.lines import Lines
from ci_tools.store.ports import EPHEMERAL, leased_ports

ADDRESSES = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1"))
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1  # linux/sched.h, linux/sockios.h, linux/if.h
N_NARROW = 100
LIMIT_S = 1200


def main(words: list[str] | None = None) -> int:
    """Return 0 when no two had the same port and none stays leased, 1 otherwise."""
    args = _parser().parse_args(words)
    if args.worker:
        return work(Path(args.worker), args.operations, args.seed)
    if args.narrow:
        narrow_the_kernel()
    with tempfile.TemporaryDirectory(prefix="torture-ports-") as name:
        began = time.monotonic()
        counts, wrong = torture(Path(name), args.processes, args.operations, args.kills, args.seed)
        seconds = time.monotonic() - began
    print(
        f"seed {args.seed}, kernel's own ports {'-'.join(EPHEMERAL.read_text().split())}: {args.processes} processes,"
        f" {counts['operation']:,} operations, {counts['kill']:,} kills, {counts['port']:,} ports served on,"
        f" {counts['connection']:,} connections, {seconds:.0f} s; wrong: {len(wrong)}"
    )
    for line in wrong[:10]:
        print(f"    {line}")
    return 1 if wrong else 0


def torture(top: Path, processes: int, operations: int, kills: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Return what was done, and what went wrong: nothing, when all is right."""
    r, host = random.Random(seed), top / "host"
    host.mkdir(mode=0o700)
    logs = [top / f"{number}.log" for number in range(processes)]
    seeds = iter(range(seed * 10**6, 10**12))
    running = {log: _start(log, operations, next(seeds), host) for log in logs}
    n_kills, ends_s = 0, time.monotonic() + LIMIT_S
    try:
        while running and time.monotonic() < ends_s:
            time.sleep(r.uniform(0, 0.2))
            if n_kills < kills:
                n_kills += 1
                running[r.choice(sorted(running))].kill()
            for log, worker in list(running.items()):
                if worker.poll() is not None:
                    del running[log]
                    left = operations - _counts([log])["operation"]
                    if left > 0 and worker.returncode == -signal.SIGKILL:
                        running[log] = _start(log, left, next(seeds), host)
    finally:
        for worker in running.values():
            worker.kill()
            worker.wait()
    counts = _counts(logs)
    counts["kill"] = n_kills
    wrong = [line for log in logs for line in log.read_text().splitlines() if line.startswith("wrong")]
    if counts["operation"] < operations * processes:
        wrong.append(f"only {counts['operation']} of {operations * processes} operations")
    return counts, wrong + _leaks(host)


def work(log: Path, operations: int, seed: int) -> int:
    """In a process of its own: lease, serve, let go, so many times; the log has a line for each."""
    r, lines = random.Random(seed), Lines(log)
    for _ in range(operations):
        counts, wrong = Counter[str](), list[str]()
        with leased_ports(r.randint(1, 3)) as ports, contextlib.ExitStack() as more:
            if r.random() < 0.2:
                ports = ports + more.enter_context(leased_ports(1))
            if len(set(ports)) < len(ports):
                wrong.append(f"the same port twice: {ports}")
            for port in ports:
                _serve(port, r, more, counts, wrong)
            if r.random() < 0.01:
                _fork(ports, wrong)
        for line in wrong:
            lines.write(f"wrong: {line}")
        lines.write(f"operation {counts['port']} {counts['connection']}")
    return 0


def _serve(port: int, r: random.Random, more: contextlib.ExitStack, counts: Counter[str], wrong: list[str]) -> None:
    family, address = r.choice(ADDRESSES)
    server = more.enter_context(socket.socket(family))
    if r.random() < 0.5:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if r.random() < 0.3:
        time.sleep(r.uniform(0, 0.002))  # as a server takes some time to start
    try:
        server.bind((address, port))
        server.listen()
    except OSError as error:
        wrong.append(f"port {port} on {address}: {error}")
        return
    counts["port"] += 1
    if r.random() < 0.05:
        counts["connection"] += 1
        heard = _hear(server, "127.0.0.1" if address == "0.0.0.0" else address, port)
        if heard not in (str(os.getpid()), ""):
            wrong.append(f"port {port} on {address}: process {heard} answers, not {os.getpid()}")


def _hear(server: socket.socket, address: str, port: int) -> str:
    """Return the name that who connects gets to hear; "" when the kernel had no port for the client."""
    try:
        client = socket.create_connection((address, port))
    except OSError as error:
        return str(error) if "assign" not in str(error) else ""
    with client:
        server.settimeout(5)
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(str(os.getpid()).encode())
            heard = client.recv(100).decode()
            client.close()  # first, so that it isn't the server's port that lingers
            accepted.recv(1)
    return heard


def _fork(ports: list[int], wrong: list[str]) -> None:
    pid = os.fork()
    if not pid:
        code = 1
        try:
            with leased_ports(2) as own:
                code = 0 if not set(own) & set(ports) else 2
        finally:
            os._exit(code)
    if code := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        wrong.append(f"a forked child ended with exit status {code}")


def _start(log: Path, operations: int, seed: int, host: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.torture.ports", "--worker", log, "--operations", operations, "--seed", seed]
    return subprocess.Popen(
        list(map(str, command)), cwd=Path(__file__).parents[2], env={**os.environ, "CI_TOOLS_HOST_DIR": str(host)}
    )


def _counts(logs: list[Path]) -> Counter[str]:
    counts = Counter[str]()
    for log in filter(Path.exists, logs):
        for line in log.read_text().splitlines():
            if line.startswith("operation "):
                _, ports, connections = line.split()
                counts.update(operation=1, port=int(ports), connection=int(connections))
    return counts


def _leaks(host: Path) -> list[str]:
    """All are gone: who asks for the whole file must get it."""
    with (host / "ports").open("r+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return [f"some port is still leased: {error}"]
    return []


def narrow_the_kernel() -> None:
    """Move this process to a network namespace of its own, whose kernel has few ports to give away."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "a network namespace of its own takes Linux and root")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    EPHEMERAL.write_text(f"32768 {32768 + N_NARROW - 1}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.ports", description=__doc__)
    parser.add_argument("--processes", type=int, default=8, help="at a time (default: 8)")
    parser.add_argument("--operations", type=int, default=10_000, help="of each (default: 10000)")
    parser.add_argument("--kills", type=int, default=100, help="kill -9 of a random process (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="what is random comes from it (default: 0)")
    parser.add_argument("--narrow", action="store_true", help="where the kernel has but 100 ports of its own")
    parser.add_argument("--worker", metavar="LOG", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())

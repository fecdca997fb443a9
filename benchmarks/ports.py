"""How often a port that a test was given is another's when its server starts, by who gave it; and what giving takes.

Data: none. 8 processes, 150 times each: get a port, start a server after 0 to 6 ms (bind and listen),
keep it for 0 to 4 ms, let go. Columns: how many of the 1,200 servers could not be bound, for those that set
SO_REUSEADDR and those that don't; and the microseconds that getting a port takes, on average.

    lease          ours, `leased_ports(1)`
    ask and close  bind port 0, close, use what the kernel gave: most projects' conftest, pytest-asyncio
    first free     the lowest of 15000 to 24999 that isn't in the process's own set and can be bound
    by worker      the same in 100 ports for each worker's number, when two runs share the host
    random         any of 15000 to 24999 that can be bound

Twice: with the kernel's own range as it is, and, on Linux as root, in a network namespace whose kernel has 100
ports to give away. So few stand for a host that is busy with connections. The bar: a lease never fails.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

from _bench import ROOT, print_table, say, scratch

from ci_tools.store.ports import EPHEMERAL, leased_ports

sys.path.insert(0, str(ROOT))
from ci_tools.testing import synchronized_processes
from tests.torture.ports import narrow_the_kernel

N_PROCESSES, N_PORTS = 8, 150
CHOICE = range(15_000, 25_000)


def bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def lease(worker: int, taken: set[int]) -> Iterator[int]:
    with leased_ports(1) as ports:
        yield ports[0]


@contextlib.contextmanager
def ask_and_close(worker: int, taken: set[int]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


@contextlib.contextmanager
def first_free(worker: int, taken: set[int], choice: range = CHOICE) -> Iterator[int]:
    port = next(port for port in choice if port not in taken and bindable(port))
    taken.add(port)
    yield port
    taken.discard(port)


def by_worker(worker: int, taken: set[int]) -> contextlib.AbstractContextManager[int]:
    first = 20_000 + 100 * (worker % (N_PROCESSES // 2))  # gw0 to gw3 of two runs
    return first_free(worker, taken, range(first, first + 100))


@contextlib.contextmanager
def any_of_them(worker: int, taken: set[int]) -> Iterator[int]:
    yield next(port for port in iter(lambda: random.choice(CHOICE), None) if bindable(port))


WAYS = {
    "lease": lease,
    "ask and close": ask_and_close,
    "first free": first_free,
    "by worker": by_worker,
    "random": any_of_them,
}


def serve(way: str, worker: int, reuse: bool) -> tuple[int, float]:
    """Return how many servers of this process could not be bound, and the mean microseconds to get a port."""
    n_failed, spent_s, taken = 0, 0.0, set[int]()
    for _ in range(N_PORTS):
        began_s = time.perf_counter()
        with WAYS[way](worker, taken) as port:
            spent_s += time.perf_counter() - began_s
            time.sleep(random.uniform(0, 0.006))
            with socket.socket() as server:
                if reuse:
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    server.bind(("127.0.0.1", port))
                    server.listen()
                except OSError:
                    n_failed += 1
                time.sleep(random.uniform(0, 0.004))
    return n_failed, spent_s / N_PORTS * 1e6


def measure() -> None:
    rows = []
    for way in WAYS:
        counts = []
        for reuse in (True, False):
            say(f"{way}, {'with' if reuse else 'without'} SO_REUSEADDR …")
            results = synchronized_processes(
                [partial(serve, way, worker, reuse) for worker in range(N_PROCESSES)], timeout_s=300
            )
            counts.append(str(sum(failed for failed, _ in results)))
        verdict = "" if way != "lease" else "ok" if counts == ["0", "0"] else "MISSED"
        mean_us = sum(spent for _, spent in results) / len(results)
        rows.append([way, *counts, verdict, f"{mean_us:.0f}"])
    lowest, highest = EPHEMERAL.read_text().split()
    print_table(
        f"of {N_PROCESSES * N_PORTS:,} servers, their port taken; the kernel's own ports are {lowest} to {highest}",
        ["who gives the port", "SO_REUSEADDR", "without", "bar 0", "µs each"],
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--narrow", action="store_true", help="only where the kernel has 100 ports of its own")
    if parser.parse_args().narrow:
        narrow_the_kernel()
    with scratch() as host:
        os.environ["CI_TOOLS_HOST_DIR"] = str(host)
        measure()
    if not parser.parse_args().narrow and sys.platform == "linux" and os.geteuid() == 0:
        print()
        sys.exit(subprocess.run([sys.executable, __file__, "--narrow"], check=False).returncode)


if __name__ == "__main__":
    main()

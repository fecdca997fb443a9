"""The fixtures that tests get. Each only calls the module that it is of, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ci_tools.plugin.run import RUN

if TYPE_CHECKING:
    import socket

    from ci_tools.plugin.cost import Cost
    from ci_tools.plugin.once import Once


@pytest.fixture(scope="session")
def run_id(pytestconfig: pytest.Config) -> str:
    """8 hex digits, the same in all workers of this run, another in the next run."""
    return pytestconfig.stash[RUN].id


@pytest.fixture(scope="session")
def worker_name(pytestconfig: pytest.Config) -> str:
    """pytest-xdist's name of this worker: gw0, gw1, …; `main` without workers."""
    return pytestconfig.stash[RUN].worker


@pytest.fixture(scope="session")
def worker_dir(pytestconfig: pytest.Config) -> Path:
    """A directory of this worker alone, in this run alone."""
    run = pytestconfig.stash[RUN]
    run.open()
    run.worker_root.mkdir(mode=0o700, exist_ok=True)
    return run.worker_root


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A TCP port that nobody on this host gets until the test has ended."""
    from ci_tools.store.ports import leased_ports

    with leased_ports(1) as ports:
        yield ports[0]


@pytest.fixture(scope="session")
def unused_ports() -> Iterator[Callable[[int], list[int]]]:
    """`unused_ports(n)`: as many TCP ports, that nobody on this host gets until the run has ended."""
    import contextlib

    from ci_tools.store.ports import leased_ports

    with contextlib.ExitStack() as leases:
        yield lambda n: leases.enter_context(leased_ports(n))


@pytest.fixture
def listening_socket() -> Iterator[socket.socket]:
    """A TCP socket that listens on a free port of 127.0.0.1, for servers that take one: no race at all."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="session")
def once(pytestconfig: pytest.Config) -> Once:
    """`once(name, build, teardown=None)`: what `build()` returns, called by one worker for all of them."""
    from ci_tools.plugin.once import once_of

    return once_of(pytestconfig)


@pytest.fixture
def cost(request: pytest.FixtureRequest) -> Cost:
    """`cost.add(usd="0.0123", …)` and `with cost.reserve(max_usd="0.05") as r: …; r.settle("0.031")`."""
    from ci_tools.plugin.cost import cost_of

    return cost_of(request.config, request.node.nodeid)

"""Leases of ports: what two workers may have at once, who keeps them, what becomes of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.store import ports
from ci_tools.store.ports import FIRST_PORT, lease_range, leased_ports

LEASE_AND_WAIT = """
import sys
from ci_tools.store.ports import leased_ports
with leased_ports(int(sys.argv[1])) as ports:
    print(*ports, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CI_TOOLS_HOST_DIR", str(tmp_path / "host"))
    return tmp_path / "host"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> range:
    """A range so small that nobody goes past another's port by luck; above Linux's own and all that is leased."""
    for start in range(61_000 + 12 * (os.getpid() % 300), 65_500, 12):
        found = range(start, start + 12)
        if all(map(ports._free, found)):
            monkeypatch.setattr(ports, "_range", lambda found=found: found)
            return found
    raise AssertionError("no 12 free ports side by side")


@contextmanager
def another_process(n: int, few: range) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that has leased n of the few ports; its stdin ends its lease."""
    program = f"from ci_tools.store import ports; ports._range = lambda: range({few[0]}, {few[-1] + 1})\n"
    command = [sys.executable, "-c", program + LEASE_AND_WAIT, str(n)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, [int(word) for word in process.stdout.readline().split()]


@pytest.mark.parametrize(
    "ephemeral, leased",
    [
        ("32768\t60999\n", range(FIRST_PORT, 32_768)),  # Linux
        ("", range(FIRST_PORT, 32_768)),  # no /proc: macOS
        ("49152 65535", range(FIRST_PORT, 49_152)),
        ("10000 60999", range(61_000, 65_536)),  # FreeBSD's beginning
        ("1024 60000", range(60_001, 65_536)),
        ("1024 65535", range(FIRST_PORT, 65_536)),  # containers: nothing is left beside the kernel's
        ("1024 2048", range(FIRST_PORT, 65_536)),
        ("11000 65000", range(FIRST_PORT, 65_536)),  # 900 below, 535 above: too few for several runs
    ],
)
def test_ports_are_leased_beside_the_kernels_own(ephemeral: str, leased: range) -> None:
    assert lease_range(ephemeral) == leased


def test_no_leased_port_is_one_that_the_kernel_gives_away() -> None:
    lowest, highest = (int(word) for word in ports.EPHEMERAL.read_text().split())
    with leased_ports(20) as leased:
        assert leased == sorted(set(leased)) and len(leased) == 20
        if lowest - FIRST_PORT >= ports.FEW_PORTS:
            assert [port for port in leased if lowest <= port <= highest] == []


def test_a_server_can_be_bound_to_a_leased_port_on_any_address() -> None:
    for address in ("127.0.0.1", "0.0.0.0"):
        with leased_ports(1) as leased, socket.socket() as server:
            server.bind((address, leased[0]))
            server.listen()


def test_a_port_in_use_isnt_leased_on_whatever_address_it_is_used(few: range) -> None:
    with ExitStack() as servers:
        for port, (family, address) in zip(
            few, [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")]
        ):
            server = servers.enter_context(socket.socket(family))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            server.listen()
        with leased_ports(9) as leased:
            assert leased == list(few)[3:]


def test_a_port_whose_last_connection_lingers_isnt_leased(few: range) -> None:
    """A server without SO_REUSEADDR couldn't bind it for a minute."""
    with socket.create_server(("127.0.0.1", few[0])) as server:
        client = socket.create_connection(("127.0.0.1", few[0]))
        server.accept()[0].close()  # who closes first keeps the port in TIME_WAIT
        client.close()
    with leased_ports(11) as leased:
        assert leased == list(few)[1:]


def test_two_leases_of_a_process_have_no_port_in_common(few: range) -> None:
    with leased_ports(6) as one, leased_ports(6) as other:
        assert sorted(one + other) == list(few)


def test_threads_have_no_port_in_common(few: range) -> None:
    taken: list[int] = []
    begin, end = threading.Barrier(6), threading.Barrier(6)

    def lease() -> None:
        begin.wait(10)
        with leased_ports(2) as leased:
            taken.extend(leased)
            end.wait(10)

    threads = [threading.Thread(target=lease) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(few)


def test_processes_have_no_port_in_common(few: range) -> None:
    with another_process(6, few) as (_, theirs), leased_ports(6) as ours:
        assert sorted(theirs + ours) == list(few)


def test_when_none_is_left_the_error_says_so_and_nothing_stays_leased(few: range) -> None:
    with another_process(6, few) as (process, _):
        with pytest.raises(CiToolsError) as refused, leased_ports(7):
            pass
        assert refused.value.fact == f"7 TCP ports wanted, 6 free from {few[0]} to {few[-1]}"
        process.communicate("")
    with leased_ports(12) as leased:
        assert leased == list(few)


def test_ports_of_a_killed_process_are_free_at_once(few: range) -> None:
    with another_process(12, few) as (process, theirs):
        assert theirs == list(few)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with leased_ports(12) as leased:
            assert leased == list(few)


def test_a_block_that_raises_gives_its_ports_back(few: range) -> None:
    with pytest.raises(ZeroDivisionError), leased_ports(12):
        raise ZeroDivisionError
    with leased_ports(12) as leased:
        assert leased == list(few)


FORK = """
import os, signal
signal.alarm(60)
from ci_tools.model.errors import CiToolsError
from ci_tools.store import ports
ports._range = lambda: range(START, STOP)
lease = ports.leased_ports(COUNT)
mine = lease.__enter__()
(ask, asked), (tell, told) = os.pipe(), os.pipe()
if not os.fork():
    signal.alarm(60)
    os.read(ask, 1)
    own = ports.leased_ports(COUNT)
    theirs = own.__enter__()
    lease.__exit__(None, None, None)
    os.write(told, b"%d" % len({*mine, *theirs}))
    os.read(ask, 1)
    os._exit(0)
"""


def after_a_fork(few: range, n: int, then: str) -> str:
    """Return what `then` prints in the parent of FORK, with n leases of the 12."""
    program = FORK.replace("START", str(few[0])).replace("STOP", str(few[-1] + 1)).replace("COUNT", str(n)) + then
    return subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True).stdout


def test_a_forked_child_leases_for_itself_and_never_its_parents(few: range) -> None:
    then = "os.write(asked, b'1'); print(os.read(tell, 9)); os.write(asked, b'2'); os.wait()"
    assert after_a_fork(few, 6, then) == "b'12'\n"


def test_a_forked_child_that_leaves_its_parents_block_keeps_its_own_ports(few: range) -> None:
    """The same that its parent had, and has given back meanwhile."""
    then = """
lease.__exit__(None, None, None)
os.write(asked, b'1')
print(os.read(tell, 9))
try:
    with ports.leased_ports(1): print("leased twice")
except CiToolsError as error: print(error)
os.write(asked, b'2'); os.wait()
"""
    none_free = f"1 TCP port wanted, 0 free from {few[0]} to {few[-1]}"
    assert after_a_fork(few, 12, then) == f"b'12'\n{none_free}\n"


def test_a_fork_while_another_thread_leases_doesnt_wait_for_it_for_ever(few: range) -> None:
    with ports._guard:
        pid = os.fork()
        if not pid:
            signal.alarm(60)
            code = 1
            try:
                with leased_ports(1):
                    code = 0
            finally:
                os._exit(code)
        assert os.waitpid(pid, 0)[1] == 0


def test_a_lease_survives_that_somebody_removes_its_file(few: range, host: Path) -> None:
    """Systems sweep what is old in /tmp: who comes later meets in a new file, and the probe tells of servers."""
    with leased_ports(4) as ours:
        (host / "ports").unlink()
        with another_process(4, few) as (_, theirs), leased_ports(4) as later:
            assert set(later) & {*ours, *theirs} == set()


def test_a_file_that_cant_be_opened_is_said(host: Path) -> None:
    host.mkdir(mode=0o700)
    (host / "ports").symlink_to("elsewhere")
    with (
        pytest.raises(CiToolsError, match="ports: can't be opened: Too many levels of symbolic links"),
        leased_ports(1),
    ):
        pass


def test_a_lease_leaves_the_tests_random_numbers_alone() -> None:
    import random

    random.seed(1)
    expected = random.random()
    random.seed(1)
    with leased_ports(3):
        pass
    assert random.random() == expected


class SeedsPorts:
    """The allocator of public code: the first port of its range that isn't in this process's own set and is free."""

    def __init__(self, choice: range) -> None:
        self._choice = choice
        self._taken: set[int] = set()

    def take(self) -> int:
        for port in self._choice:
            if port not in self._taken and ports._free(port):
                self._taken.add(port)
                return port
        raise AssertionError


def test_a_set_of_each_process_gives_two_workers_the_same_port_and_a_lease_does_not(few: range) -> None:
    """Before either server listens, as when the tests of two workers begin together."""
    assert SeedsPorts(few).take() == SeedsPorts(few).take()
    with another_process(1, few) as (_, theirs), leased_ports(11) as ours:
        assert theirs[0] not in ours

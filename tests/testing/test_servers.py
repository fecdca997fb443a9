"""Real servers in processes of their own, found on their ports; and the wrong ones, told apart."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_tools.testing import leased_ports, servers, wait_for_condition, wait_for_port
from ci_tools.testing.listeners import family

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="whose port it is can be told on Linux alone")

HTTP = """
import http.server, sys
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind=sys.argv[2])
"""
LISTENS = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
with socket.create_server((sys.argv[2], int(sys.argv[1])), family=family): sys.stdin.read()
"""
# A launcher, as `npx` and `flask run --reload` are: the server is its child's child.
LAUNCHES = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[3], *sys.argv[1:3]])"


@pytest.fixture
def port() -> Iterator[int]:
    with leased_ports(1) as ports:
        yield ports[0]


@contextmanager
def process(program: str, *words: object) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program, which ends with the block; its stdin too."""
    command = [sys.executable, "-c", program, *map(str, words)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as started:
        try:
            yield started
        finally:
            assert started.stdin
            started.stdin.close()
            started.kill()


def test_an_http_server_answers_once_its_port_was_waited_for(port: int, tmp_path: Path) -> None:
    with process(HTTP, port, "127.0.0.1") as server:
        wait_for_port(port, pid=server.pid, timeout_s=60)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert answer.status == 200
        # Its end of that connection lingers on the same port, and belongs to no process any more.
        wait_for_port(port, pid=server.pid, timeout_s=0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_without_a_process_any_server_will_do(port: int, host: str) -> None:
    with process(LISTENS, port, "127.0.0.1"):
        wait_for_port(port, host=host, timeout_s=60)


def test_a_port_where_nobody_listens_is_said(port: int) -> None:
    with pytest.raises(TimeoutError, match=rf"^127\.0\.0\.1:{port}: no server after 0 s: .*Connection refused$"):
        wait_for_port(port, timeout_s=0)


def test_a_connection_that_meets_itself_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP allows that, and the kernel gives such a port sooner or later to who asks in a loop."""
    itself = socket.socket()
    itself.bind(("127.0.0.1", 0))
    itself.connect(itself.getsockname())
    monkeypatch.setattr(socket, "create_connection", lambda *words, **options: itself)
    with pytest.raises(TimeoutError, match="no server after 0 s: only a connection to itself"):
        wait_for_port(1, timeout_s=0)


@linux
@pytest.mark.parametrize(
    "bound, host",
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "::1"), ("::", "::1")],
)
def test_a_server_of_the_process_is_found_on_whatever_address_it_listens(port: int, bound: str, host: str) -> None:
    with process(LISTENS, port, bound) as server:
        wait_for_port(port, host=host, pid=server.pid, timeout_s=60)


@linux
def test_a_server_that_the_process_has_started_is_its_own(port: int) -> None:
    with process(LAUNCHES, port, "127.0.0.1", LISTENS) as launcher:
        wait_for_port(port, pid=launcher.pid, timeout_s=60)
        assert len(family(launcher.pid)) == 2
        for pid in family(launcher.pid)[1:]:
            os.kill(pid, 9)


@linux
def test_a_socket_that_was_handed_to_the_process_is_its_own(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listening:
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listening.fileno()]) as server:
            wait_for_port(port, pid=server.pid, timeout_s=60)
            server.communicate()


@linux
def test_another_server_on_the_port_is_told_apart(port: int) -> None:
    """A test that only connects would talk to it, and pass or fail for somebody else's reasons."""
    with process(LISTENS, port, "127.0.0.1") as wrong, process("import sys; sys.stdin.read()") as ours:
        wait_for_port(port, timeout_s=60)
        with pytest.raises(TimeoutError) as timeout:
            wait_for_port(port, pid=ours.pid, timeout_s=0)
        said = rf"process {ours.pid} doesn't listen after 0 s; process {wrong.pid} \(python.*\) listens"
        assert re.fullmatch(rf"127\.0\.0\.1:{port}: {said}", str(timeout.value))


@linux
def test_a_second_server_on_the_same_port_is_told_apart(port: int) -> None:
    """With SO_REUSEPORT both listen, and the kernel gives each connection to one of them."""
    shared = LISTENS.replace("family=family)", "family=family, reuse_port=True)")
    with process(shared, port, "127.0.0.1") as one, process(shared, port, "127.0.0.1") as other:
        for server in (one, other):
            wait_for_condition(lambda pid=server.pid: servers.owners(servers.listening({"127.0.0.1"}, port), [pid]))
        with pytest.raises(TimeoutError, match=rf"process {other.pid} \(python.*\) listens$"):
            wait_for_port(port, pid=one.pid, timeout_s=0)


@linux
@pytest.mark.parametrize(
    "program, how",
    [
        ("raise SystemExit(3)", "ended with exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
    ],
)
def test_a_process_that_has_ended_fails_at_once_and_keeps_its_exit_status(port: int, program: str, how: str) -> None:
    with process(program) as server:
        with pytest.raises(
            ChildProcessError, match=rf"^process {server.pid} {how} before it listened on 127\.0\.0\.1:{port}$"
        ):
            wait_for_port(port, pid=server.pid, timeout_s=600)
        assert server.wait() in (3, -9)
        with pytest.raises(ChildProcessError, match=rf"^process {server.pid} has ended before"):
            wait_for_port(port, pid=server.pid, timeout_s=600)


@linux
def test_a_server_that_cant_have_its_port_names_who_has_it(port: int) -> None:
    with process(LISTENS, port, "127.0.0.1") as first:
        wait_for_port(port, pid=first.pid, timeout_s=60)
        said = rf"ended with exit status 1 .*; process {first.pid} \("
        with process(LISTENS, port, "127.0.0.1") as second, pytest.raises(ChildProcessError, match=said):
            wait_for_port(port, pid=second.pid, timeout_s=600)


FIXED = """
import http.server, os, subprocess, sys, time
from pathlib import Path
from ci_tools.testing import wait_for_condition, wait_for_port
SERVER = "import sys, socket; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); sys.stdin.read()"

def serves(port, name):
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stdin=subprocess.PIPE)
    try:
        wait_for_port(port, pid=server.pid, timeout_s=60)
    finally:
        Path(name).touch()
        wait_for_condition(lambda: Path("a").exists() and Path("b").exists(), timeout_s=60)
        server.communicate()
"""


@linux
@pytest.mark.parametrize("leased", [False, True], ids=["fixed", "leased"])
def test_two_workers_with_a_fixed_port_collide_and_with_leased_ones_do_not(
    port: int, tmp_path: Path, leased: bool
) -> None:
    """Each holds its server until both have tried: there is no luck in it."""
    for name in "ab":
        argument, number = ("unused_port", "unused_port") if leased else ("", port)
        test = f"def test_{name}({argument}): serves({number}, {name!r})\n"
        (tmp_path / f"test_{name}.py").write_text(FIXED + test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n2", "--dist", "loadfile", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    passed = "2 passed" if leased else "1 failed, 1 passed"
    assert done.stdout.splitlines()[-1].startswith(passed), done.stdout
    assert ("Address already in use" in done.stdout) == (not leased)

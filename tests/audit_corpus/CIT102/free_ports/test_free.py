import asyncio
import os
import socket
from unittest import mock

import pytest
import uvicorn


def test_any_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert server.getsockname()[1]


def test_backlog():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1024)


def test_fixture(unused_tcp_port):
    uvicorn.run("app:app", port=unused_tcp_port)


async def test_port_of_the_worker(worker_id):
    port = 20000 + os.getpid() % 1000
    await asyncio.start_server(print, "localhost", port)


def test_unix_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "a.sock"))


def test_runs_something_else():
    import subprocess

    subprocess.run(["true"], timeout=3000)


@mock.patch("uvicorn.run")
def test_patched(run):
    uvicorn.run("app:app", port=8000)


def test_taken():
    with socket.socket() as first, pytest.raises(OSError):
        first.bind(("192.0.2.1", 8080))

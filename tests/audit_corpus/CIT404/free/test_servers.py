import socket
import subprocess
import sys

import pytest


@pytest.fixture
def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_free(free_port):
    subprocess.Popen(["uvicorn", "app:app", "--port", str(free_port)])


def test_any_port():
    subprocess.Popen(["uvicorn", "app:app", "--port", "0"])
    subprocess.Popen([sys.executable, "-m", "http.server", "0"])


def test_clients():
    subprocess.run(["psql", "-p", "5432", "-c", "select 1"])
    subprocess.run(["curl", "http://localhost:8000/health"])
    subprocess.run(["ssh", "-p", "2222", "host"])
    subprocess.run("redis-cli -p 6379 ping", shell=True)


def test_other_numbers():
    subprocess.run([sys.executable, "-c", "print(8000)"])
    subprocess.run(["tool", "--limit", "8000"])
    subprocess.run(["pytest", "-p", "no:cacheprovider"])
    subprocess.run(["mkdir", "-p", "8000"], cwd="/")


def test_pidfile(tmp_path, free_port):
    subprocess.Popen(["nginx", "--pid-file", str(tmp_path / "nginx.pid"), "--port", f"{free_port}"])


def test_docker_any_port():
    subprocess.run(["docker", "run", "-d", "-p", "6379", "redis"])
    subprocess.run(["docker", "run", "-d", "-p", "0:6379", "redis"])

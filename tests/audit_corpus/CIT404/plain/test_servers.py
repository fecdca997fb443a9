import asyncio
import subprocess
import sys
from subprocess import Popen

import pytest

PORT = 8765


@pytest.fixture
def server():
    process = subprocess.Popen(["uvicorn", "app:app", "--port", "8000"])  # CIT404
    yield process
    process.kill()


def test_server(server):
    assert server.poll() is None


@pytest.fixture(scope="session")
def static():
    process = Popen([sys.executable, "-m", "http.server", str(PORT)])  # CIT404
    yield
    process.terminate()


def test_static(static):
    pass


def test_shell():
    subprocess.run("gunicorn --bind 127.0.0.1:8001 app:app --daemon", shell=True)  # CIT404


def test_equals():
    subprocess.Popen(["flask", "run", f"--port={PORT}"])  # CIT404


def test_django():
    Popen(["python", "manage.py", "runserver", "0.0.0.0:8002"])  # CIT404


def test_docker():
    subprocess.check_call(["docker", "run", "-d", "-p", "6380:6379", "redis"])  # CIT404


async def test_async():
    await asyncio.create_subprocess_exec("redis-server", "--port", "6399")  # CIT404


def start(command):
    return subprocess.Popen(command)  # CIT404


def test_helper():
    start(["uvicorn", "app:app", "--port", "8003"])


def test_pidfile():
    subprocess.Popen(["nginx", "--pid-file", "/tmp/nginx.pid"])  # CIT404

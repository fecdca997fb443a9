import os
import subprocess
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "sample.json"
    path.write_text("{}")
    return path


@pytest.fixture(scope="session")
def temporary():
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "a.txt").write_text("x")
        yield directory


@pytest.fixture(scope="session")
def of_worker(worker_id):
    path = Path("cache") / worker_id
    path.mkdir(parents=True, exist_ok=True)
    (path / "a.txt").write_text("x")


@pytest.fixture(scope="session")
def version():
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True).stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    directory = tmp_path_factory.mktemp("build")
    subprocess.run(["make"], cwd=directory, check=True)
    return directory


@pytest.fixture(scope="session")
def text():
    return Path("examples/book.md").read_text()


@pytest.fixture(scope="session")
def directory():
    os.makedirs("output", exist_ok=True)
    return "output"


@pytest.fixture(scope="session")
def asked():
    subprocess.run(["docker", "ps"], check=True)
    subprocess.run(["npm", "--version"], check=True)
    subprocess.run("make --version", shell=True)
    return subprocess.run(["pip", "list"])

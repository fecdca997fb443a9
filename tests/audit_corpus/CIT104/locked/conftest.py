import json
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from ci_tools.testing import once


@pytest.fixture(scope="session")
def sample():
    path = Path("tests/data/sample.json")
    with FileLock(str(path) + ".lock"):
        if not path.exists():
            path.write_text(json.dumps({}))
    return path


@pytest.fixture(scope="session")
def built():
    lock = FileLock("build.lock")
    with lock:
        subprocess.run(["make"], check=True)


@pytest.fixture(scope="session")
def by_xdist_recipe(tmp_path_factory, worker_id):
    if worker_id == "master":
        return produce()
    path = tmp_path_factory.getbasetemp().parent / "data.json"
    with FileLock(str(path) + ".lock"):
        if not path.is_file():
            path.write_text(json.dumps(produce()))
    return json.loads(path.read_text())


def produce():
    return {}

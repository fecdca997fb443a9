import shutil
from pathlib import Path

import pytest

OUTPUT = Path("tests/output")


@pytest.fixture(scope="session", autouse=True)
def output():
    """The last worker to start takes what the first has written."""
    shutil.rmtree(OUTPUT, ignore_errors=True)  # CIT002
    OUTPUT.mkdir(parents=True, exist_ok=True)
    return OUTPUT


@pytest.fixture(scope="session")
def private_output(tmp_path_factory):
    directory = tmp_path_factory.mktemp("output")
    yield directory
    shutil.rmtree(directory)

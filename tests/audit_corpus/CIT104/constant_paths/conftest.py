import json
import shutil
import zipfile
from pathlib import Path

import pytest

DATA = Path("tests/data")
CACHE = Path(".cache") / "model.bin"


@pytest.fixture(scope="session")
def sample():
    path = DATA / "sample.json"
    path.write_text(json.dumps({"a": 1}))  # CIT104
    return path


@pytest.fixture(scope="session", autouse=True)
def model():
    if not CACHE.exists():
        with open(CACHE, "wb") as file:  # CIT104
            file.write(b"weights")
    return CACHE


@pytest.fixture(scope="package")
def unpacked():
    with zipfile.ZipFile("data.zip") as archive:
        archive.extractall("unpacked")  # CIT104
    return Path("unpacked")


@pytest.fixture(scope="session")
def copied():
    shutil.copytree("template", "/tmp/site")  # CIT104
    return Path("/tmp/site")

import os
import shutil

import pytest


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def user_config():
    path = os.path.expanduser("~/.apprc")
    shutil.copy("tests/apprc", path)
    yield path
    os.remove(path)

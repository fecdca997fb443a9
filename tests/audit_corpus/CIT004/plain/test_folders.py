import os
import shutil
import tempfile
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest


def test_by_hand():
    folder = tempfile.mkdtemp()  # CIT004
    assert os.listdir(folder) == []
    shutil.rmtree(folder)


def test_block():
    with tempfile.TemporaryDirectory() as folder:  # CIT004
        assert os.listdir(folder) == []


def test_by_name():
    with TemporaryDirectory(prefix="x") as folder:  # CIT004
        assert os.listdir(folder) == []
    assert Path(mkdtemp()).exists()  # CIT004


@pytest.mark.parametrize("name", ["a", "b"])
async def test_parameters(name):
    folder = tempfile.mkdtemp(suffix=name)  # CIT004
    assert folder.endswith(name)


class TestFolders:
    def test_method(self):
        folder = tempfile.TemporaryDirectory()  # CIT004
        assert folder.name
        folder.cleanup()

import contextlib
import os

import pytest


def test_late(tmp_path):
    before = os.getcwd()
    os.chdir(tmp_path)  # CIT203
    assert os.listdir(".") == []
    os.chdir(before)


@contextlib.contextmanager
def inside(folder):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def test_helper(tmp_path):
    with inside(tmp_path):
        assert os.listdir(".") == []


class TempDir:
    @pytest.fixture(autouse=True)
    def somewhere_else(self, tmp_path):
        with contextlib.chdir(tmp_path):
            yield


class TestInThere(TempDir):
    def test_moves(self):
        os.chdir("..")
        assert os.listdir(".")

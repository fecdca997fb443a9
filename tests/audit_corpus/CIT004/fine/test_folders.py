import tempfile
import unittest
from pathlib import Path

import pytest


def test_from_pytest(tmp_path):
    assert not (tmp_path / "x").exists()


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


def test_fixture(folder):
    assert folder.exists()


def make():
    return tempfile.mkdtemp()


def test_helper():
    assert make()


class FolderTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()

    def test_method(self):
        with tempfile.TemporaryDirectory() as folder:
            assert folder != self.folder


def test_socket():
    """The path of a socket may have 108 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        assert len(f"{folder}/app.sock") < 108


def test_files():
    with tempfile.NamedTemporaryFile() as file:
        assert file.name

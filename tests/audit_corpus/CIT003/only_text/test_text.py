import os
import tempfile
from pathlib import Path
from unittest import mock

import pytest


class Loader:
    def __init__(self, path):
        self.path = path


def test_a_path_is_only_text():
    assert Path("/tmp/file").name == "file"
    assert Loader("/tmp/templates").path == "/tmp/templates"


@pytest.mark.parametrize("url", ["file:///tmp/a", "/tmp/b"])
def test_urls(url):
    assert "/tmp/" in url


def test_reads():
    with open("/tmp/file") as file:
        file.read()
    assert os.path.exists("/tmp/file")
    assert os.listdir(tempfile.gettempdir())


def test_mocked():
    with mock.patch("os.makedirs") as makedirs:
        os.makedirs("/tmp/cache")
    makedirs.assert_called_once_with("/tmp/cache")


def test_environment(monkeypatch):
    monkeypatch.setenv("HOME", "/tmp/home")


def test_command_line():
    arguments = ["--output", "/tmp/out.txt"]
    assert arguments[1].startswith("/tmp")

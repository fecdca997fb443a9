import contextlib
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

VERSION = str(click.__version__)


@pytest.fixture
def runner():
    if VERSION < "8.2":
        runner = CliRunner(mix_stderr=False)
    else:
        runner = CliRunner()
    with runner.isolated_filesystem():
        yield runner


@pytest.fixture
def moved(tmpdir):
    with tmpdir.as_cwd():
        yield Path(str(tmpdir))


@contextlib.contextmanager
def change_directory(path):
    before = os.getcwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture
def changed(tmp_path):
    with change_directory(tmp_path):
        yield


@pytest.fixture
def in_a_context(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        yield tmp_path

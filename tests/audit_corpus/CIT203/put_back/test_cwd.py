"""Put back; the first two by hand (a note)."""

import contextlib
import os

import pytest


def test_finally(tmp_path):
    before = os.getcwd()
    os.chdir(tmp_path)  # CIT203
    try:
        assert os.listdir(".") == []
    finally:
        os.chdir(before)


@pytest.fixture
def inside(tmp_path):
    before = os.getcwd()
    os.chdir(tmp_path)  # CIT203
    yield tmp_path
    os.chdir(before)


def test_inside(inside):
    assert os.listdir(".") == []


def test_monkeypatch(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert os.listdir(".") == []


def test_chdir_again(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    os.chdir("/")
    assert os.getcwd() == "/"


def test_as_cwd(tmpdir):
    with tmpdir.as_cwd():
        assert os.listdir(".") == []


def test_contextlib(tmp_path):
    with contextlib.chdir(tmp_path):
        assert os.listdir(".") == []


def test_pytester(pytester):
    pytester.chdir()
    pytester.makepyfile("def test_x(): pass")

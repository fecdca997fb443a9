import os
from unittest import mock
from unittest.mock import patch

import pytest


def test_monkeypatch(monkeypatch):
    monkeypatch.setenv("APP_MODE", "test")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setitem(os.environ, "APP_USER", "x")
    assert os.environ["APP_MODE"] == "test"


def test_patch_dict():
    with mock.patch.dict(os.environ, {"APP_MODE": "x"}):
        os.environ["APP_USER"] = "y"
        assert os.environ["APP_MODE"] == "x"


@patch.dict(os.environ, {"APP_MODE": "x"})
def test_patch_dict_around():
    os.environ["APP_USER"] = "y"
    assert os.environ["APP_MODE"] == "x"


@patch.dict("os.environ", clear=True)
def test_patch_dict_by_name():
    os.environ["APP_USER"] = "y"


def test_finally():
    before = os.environ.get("APP_MODE")
    os.environ["APP_MODE"] = "x"
    try:
        assert os.environ["APP_MODE"] == "x"
    finally:
        if before is None:
            del os.environ["APP_MODE"]
        else:
            os.environ["APP_MODE"] = before


@pytest.fixture
def mode():
    before = os.environ.copy()
    os.environ["APP_MODE"] = "x"
    yield
    os.environ.clear()
    os.environ.update(before)


def test_mode(mode):
    assert os.environ["APP_MODE"]


def test_set_before(monkeypatch):
    monkeypatch.setenv("APP_MODE", "x")
    os.environ["APP_MODE"] = "y"
    assert os.environ["APP_MODE"] == "y"


def test_a_copy():
    environment = dict(os.environ)
    environment["APP_MODE"] = "x"
    other = os.environ.copy()
    other.update(APP_MODE="y")
    assert environment != other

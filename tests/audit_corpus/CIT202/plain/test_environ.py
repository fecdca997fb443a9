import os
from os import environ

import pytest


def test_sets():
    os.environ["APP_MODE"] = "test"  # CIT202
    assert os.environ["APP_MODE"] == "test"


def test_imported_name():
    environ["APP_MODE"] = "test"  # CIT202
    assert environ["APP_MODE"]


def test_updates():
    os.environ.update(APP_MODE="x", APP_USER="y")  # CIT202
    os.environ.setdefault("APP_HOME", "z")  # CIT202
    assert "APP_USER" in os.environ


def test_removes():
    os.environ.pop("APP_MODE", None)  # CIT202
    assert "APP_MODE" not in os.environ


def test_deletes():
    del os.environ["APP_USER"]  # CIT202


def test_putenv():
    os.putenv("APP_MODE", "1")  # CIT202


def test_unsetenv():
    os.unsetenv("APP_MODE")  # CIT202


@pytest.fixture
def api_key():
    os.environ["API_KEY"] = "secret"  # CIT202
    return "secret"


def test_key(api_key):
    assert os.environ["API_KEY"] == api_key


def use_mode(mode):
    os.environ["APP_MODE"] = mode  # CIT202


def prepare():
    use_mode("prepared")


def test_prepared():
    prepare()
    assert os.environ["APP_MODE"] == "prepared"

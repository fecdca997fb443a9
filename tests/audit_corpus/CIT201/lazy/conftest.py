"""Built once for all, and the same whoever asks first."""

import functools

import pytest

_app = None
_schema = {}


def make_app():
    return object()


@pytest.fixture(scope="session")
def app():
    global _app
    _app = make_app()
    yield _app
    _app = None


@functools.lru_cache
def parsed(name):
    return name.upper()


def schema(name):
    if name not in _schema:
        _schema[name] = name.upper()
    return _schema[name]


def pytest_configure(config):
    global _app
    _app = None

import os

import pytest


@pytest.fixture(autouse=True)
def same_environment():
    before = os.environ.copy()
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def key():
    os.environ["API_KEY"] = "x"

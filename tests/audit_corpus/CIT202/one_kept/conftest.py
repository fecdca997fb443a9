import os

import pytest


@pytest.fixture(autouse=True)
def no_language():
    yield
    os.environ.pop("APP_LANG", None)


@pytest.fixture
def german():
    os.environ["APP_LANG"] = "de"


@pytest.fixture
def debug():
    os.environ["APP_DEBUG"] = "1"  # CIT202

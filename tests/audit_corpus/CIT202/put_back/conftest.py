import os

import pytest

os.environ["APP_MODE"] = "test"


def pytest_configure(config):
    os.environ.setdefault("APP_HOME", "/nowhere")


@pytest.fixture(scope="session", autouse=True)
def settings():
    os.environ["APP_SETTINGS"] = "testing"

import os

from environment import prepare


def pytest_sessionstart(session):
    prepare("shared")


def pytest_configure_node(node):
    os.putenv("WORKER_HOME", "home")  # CIT302

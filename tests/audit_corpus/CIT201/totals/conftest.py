"""A total over all tests: under pytest-xdist each process has one of its own, and the one that prints has none."""

import pytest

total_cost = 0
durations = {}


@pytest.fixture
def charge():
    def add(cents):
        global total_cost
        total_cost += cents  # CIT201

    yield add
    durations["x"] = 1  # CIT201


def pytest_sessionfinish(session):
    print(f"spent {total_cost} in {sum(durations.values())}")

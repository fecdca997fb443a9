"""Seed 004: what is marked serial is skipped in CI, and runs nowhere."""

import pytest


def is_xdist_worker(config):
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(config, items):
    is_parallel = config.getoption("numprocesses", None) or hasattr(config, "workerinput")
    for item in items:
        if is_parallel and "serial" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="serial tests don't run in parallel"))  # CIT303


def pytest_runtest_setup(item):
    worker_id = getattr(item.config, "workerinput", {}).get("workerid", "master")
    if item.get_closest_marker("no_parallel") and worker_id != "master":
        pytest.skip("no_parallel")  # CIT303


@pytest.fixture
def alone(request):
    if is_xdist_worker(request.config):
        pytest.skip("alone")  # CIT303


def pytest_itemcollected(item):
    if item.config.option.numprocesses > 0:
        item.add_marker(pytest.mark.skip(reason="serial"))  # CIT303
    if not is_xdist_controller(item.config):
        item.add_marker(pytest.mark.skip(reason="serial"))  # CIT303


def is_xdist_controller(config):
    return not hasattr(config, "workerinput")

import os
import unittest

import pytest

PARALLEL = "PYTEST_XDIST_WORKER" in os.environ


@pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="serial only")  # CIT303
def test_by_mark():
    assert True


@pytest.mark.skipif(PARALLEL, reason="serial only")  # CIT303
def test_by_constant():
    assert True


@pytest.mark.skipif(os.environ.get("PYTEST_XDIST_WORKER") is not None, reason="serial only")  # CIT303
class TestSerial:
    def test_a(self):
        assert True


def test_inside():
    if os.getenv("PYTEST_XDIST_WORKER"):
        pytest.skip("serial only")  # CIT303


def test_by_worker_id(worker_id):
    if worker_id != "master":
        pytest.skip("serial only")  # CIT303


class OldTest(unittest.TestCase):
    @unittest.skipIf(PARALLEL, "serial only")  # CIT303
    def test_a(self):
        pass

    def test_b(self):
        if PARALLEL:
            self.skipTest("serial only")  # CIT303


not_in_parallel = pytest.mark.skipif(PARALLEL, reason="serial only")  # CIT303


@not_in_parallel
def test_by_a_named_mark():
    assert True


def test_otherwise(worker_id):
    if worker_id == "master":
        assert True
    else:
        pytest.skip("serial only")  # CIT303


def test_not_the_master(worker_id):
    if not worker_id == "master":
        pytest.skip("serial only")  # CIT303

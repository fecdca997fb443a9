import os
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="posix")

CI = os.environ.get("CI")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="new")
def test_version():
    assert True


@pytest.mark.skipif(CI, reason="local only")
def test_ci():
    assert True


@pytest.mark.skip(reason="broken")
def test_broken():
    assert True


def test_optional():
    pytest.importorskip("numpy")


@pytest.mark.serial
def test_serial():
    assert True


def test_needs_xdist(worker_id):
    if worker_id == "master":
        pytest.skip("needs workers")


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="needs workers")
def test_workers_only():
    assert True


def test_name_of_the_database(worker_id):
    suffix = "" if worker_id == "master" else f"_{worker_id}"
    if not suffix.startswith("_") and CI:
        assert suffix == ""


def test_waits_for_its_turn(worker_id, tmp_path_factory):
    if worker_id != "master":
        assert tmp_path_factory.getbasetemp().parent.exists()


def test_other_worker(celery_worker):
    if not celery_worker:
        pytest.skip("no worker")


PARALLEL = os.environ.get("PYTEST_XDIST_WORKER")


def test_workers_by_constant():
    if not PARALLEL:
        pytest.skip("needs workers")

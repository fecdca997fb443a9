import os
import shutil
import tempfile
import unittest

import pytest


@pytest.fixture
def archive():
    directory = tempfile.mkdtemp()
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def by_finaliser(request):
    directory = tempfile.mkdtemp(prefix="app-")
    request.addfinalizer(lambda: shutil.rmtree(directory))
    return directory


def test_archive(archive, by_finaliser):
    os.remove(os.path.join(archive, "a.zip"))


class LoaderTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root)

    def test_loads(self):
        shutil.rmtree(os.path.join(self.root, "part"))


class TestSetup:
    archive = None

    def setup_method(self, method):
        handle, self.archive = tempfile.mkstemp(suffix=".zip")
        os.close(handle)

    def teardown_method(self, method):
        os.remove(self.archive)

    def test_archive(self):
        assert self.archive


def test_in_a_directory_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.rmtree("build", ignore_errors=True)


def test_of_a_worker(worker_id):
    shutil.rmtree(f"cache-{worker_id}")

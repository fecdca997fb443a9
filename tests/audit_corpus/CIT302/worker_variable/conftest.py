import os
import tempfile


def pytest_sessionstart(session):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "master")
    os.environ["APP_CACHE_DIR"] = os.path.join("cache", worker)
    os.environ["APP_TMP_DIR"] = tempfile.mkdtemp()


def pytest_load_initial_conftests(early_config):
    pass

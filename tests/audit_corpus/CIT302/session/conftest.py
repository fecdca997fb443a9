import os
import uuid


def pytest_sessionstart(session):
    os.environ["DATABASE_URL"] = "postgresql://localhost/app_test"  # CIT103 CIT302
    os.environ.setdefault("CACHE_DIR", "/tmp/app-cache")  # CIT302
    os.environ.update(APP_PORT="8099")  # CIT302
    os.environ["TESTING"] = "1"
    os.environ["RUN_DIR"] = f"runs/{uuid.uuid4()}"

import os

import pytest

os.environ.setdefault("DATABASE_URL", "sqlite:///test.db")  # CIT103
os.environ["SQLALCHEMY_DATABASE_URI"] = "postgresql://localhost/app_test"  # CIT103


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/app.db")


@pytest.fixture
def shared_database(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///shared.db")  # CIT103


@pytest.fixture
def memory_database(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///:memory:")

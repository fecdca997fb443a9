import shutil

import pytest

from app.settings import settings


@pytest.fixture(autouse=True)
def isolated(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "sessions_dir", tmp_path / "sessions")


@pytest.fixture(autouse=True)
def clean_sessions(isolated):
    yield
    for session in settings.sessions_dir.glob("test-*"):
        shutil.rmtree(session)

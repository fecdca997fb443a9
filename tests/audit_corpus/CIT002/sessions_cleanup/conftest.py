"""Every worker's clean-up takes the sessions of all others."""

import shutil

import pytest

from app.settings import settings


def cleanup_sessions():
    if settings.sessions_dir.exists():
        for session in settings.sessions_dir.iterdir():
            if session.is_dir() and session.name.startswith("test-"):
                shutil.rmtree(session)  # CIT002


@pytest.fixture(autouse=True)
def clean_sessions():
    cleanup_sessions()
    yield
    cleanup_sessions()

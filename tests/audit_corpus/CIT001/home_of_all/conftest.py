import pytest


@pytest.fixture
def own_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def fixed_home(monkeypatch):
    monkeypatch.setenv("HOME", "home")

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("APP_HOME", str(tmp_path))


def test_checked(home):
    assert True

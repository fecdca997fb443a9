import os

from app import login, logout


def test_login(monkeypatch):
    monkeypatch.delenv("APP_TOKEN", raising=False)  # CIT205
    login("secret")
    assert os.environ["APP_TOKEN"] == "secret"


def test_own_code(monkeypatch):
    monkeypatch.delenv("APP_USER", False)  # CIT205
    os.environ["APP_USER"] = "eve"  # CIT202


def test_nothing_sets_it(monkeypatch):
    monkeypatch.delenv("APP_TOKEN", raising=False)
    logout()
    assert "APP_TOKEN" not in os.environ


def test_set_first(monkeypatch):
    monkeypatch.setenv("APP_TOKEN", "")
    monkeypatch.delenv("APP_TOKEN")
    login("secret")
    assert os.environ["APP_TOKEN"] == "secret"


def test_it_has_to_be_there(monkeypatch):
    monkeypatch.delenv("HOME")
    assert "HOME" not in os.environ


def test_remembered(monkeypatch):
    monkeypatch.setenv("APP_USER", "")
    monkeypatch.delenv("APP_USER", raising=False)
    os.environ["APP_USER"] = "eve"

from unittest import mock

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url


def test_parses():
    assert make_url("postgresql://localhost/app").database == "app"


def test_settings():
    settings = {"DATABASE_URL": "sqlite:///app.db"}
    assert settings["DATABASE_URL"].endswith("app.db")


@mock.patch("sqlite3.connect")
def test_mocked(connect):
    import sqlite3

    sqlite3.connect("app.db")


def test_refused():
    with pytest.raises(ValueError):
        create_engine("nonsense://localhost/app")


def test_other_connect():
    import paramiko

    paramiko.SSHClient().connect("localhost")

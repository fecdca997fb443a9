"""Put back, yet not if the test fails (low)."""

import os

import pytest
from app import start


def test_late():
    os.environ["FOO"] = "x"  # CIT202
    assert os.environ["FOO"] == "x"
    del os.environ["FOO"]


def test_thrice():
    os.environ["BAR"] = "x"  # CIT202
    assert os.environ["BAR"] == "x"
    os.environ["BAR"] = "y"
    assert os.environ["BAR"] == "y"


def test_application():
    start()

"""Somebody else's module, patched by hand."""

import json
import time
from unittest import mock


def fake_sleep(seconds):
    return None


def test_by_hand():
    time.sleep = fake_sleep  # CIT201
    json.loads = lambda text: {}  # CIT201
    assert time.sleep(9) is None


def test_by_mock():
    with mock.patch("time.sleep", fake_sleep):
        assert time.sleep(9) is None


def test_puts_it_back():
    before = json.dumps
    json.dumps = str
    try:
        assert json.dumps(1) == "1"
    finally:
        json.dumps = before

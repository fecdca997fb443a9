"""Put back by `tearDown`, or set to what it is at first."""

import unittest

from shop import Other, Settings


class TestSettings(unittest.TestCase):
    cls = Settings

    def tearDown(self):
        self.cls.config = read()

    def test_config(self):
        self.cls.config = {"a": 1}
        self.assertEqual(self.cls.config, {"a": 1})


class TestOther(TestSettings):
    cls = Other

    def test_more(self):
        self.cls.config = {"b": 2}
        self.assertEqual(self.cls.config, {"b": 2})


def read():
    return open("settings.ini").read()


def test_not_ready():
    Settings.is_ready = False
    assert not Settings.is_ready


def test_ready():
    Settings.is_ready = True  # CIT201
    assert Settings.is_ready


def test_closed():
    Settings.mode = Settings.CLOSED
    assert Settings.mode == "closed"

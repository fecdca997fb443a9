import unittest
from unittest import mock

import pytest
import shop


def test_remembers():
    shop.remember("a", 1)
    assert shop.cache["a"] == 1
    shop.cache.pop("a")


def test_patched_dict():
    with mock.patch.dict(shop.cache):
        shop.cache["b"] = 2
        assert shop.cache["b"] == 2


def test_mocker(mocker):
    mocker.patch.dict("shop.cache")
    shop.cache["b"] = 2


def test_puts_it_back_at_the_end():
    shop.Shop.debug = True  # CIT201
    assert shop.Shop().debug
    shop.Shop.debug = False


def test_local_class():
    class Config:
        option = []
        level = 1

    Config.option.append(1)
    Config.level = 2
    assert Config.option


def test_exception():
    try:
        raise ValueError("one")
    except ValueError as error:
        error.__context__ = ValueError("two")
        assert error.__context__


class VersionTests(unittest.TestCase):
    def setUp(self):
        self.addCleanup(setattr, shop, "VERSION", shop.VERSION)

    def test_version(self):
        shop.VERSION = "2"
        self.assertEqual(shop.VERSION, "2")


def test_client_ref():
    global client
    client = object()
    try:
        assert client
    finally:
        del client


def test_client_again():
    global client
    client = object()
    assert client


def test_cleared_at_both_ends():
    shop.cache.clear()
    shop.remember("c", 3)
    assert shop.cache == {"c": 3}
    shop.cache.clear()


def test_counts_from_zero():
    shop.calls = 0
    shop.count()
    assert shop.calls == 1


def test_leaves_something():
    shop.cache.update(a=1)  # CIT201
    assert shop.cache

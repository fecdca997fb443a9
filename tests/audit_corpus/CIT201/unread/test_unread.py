"""What nothing else reads by its name, and modules that the test makes up, have no victim."""

import socket

import shop
from standins import module_exists


def test_version():
    shop.VERSION = (0, 3)
    assert shop.VERSION == (0, 3)


def test_limit():
    shop.LIMIT = 4  # CIT201
    assert not shop.is_full(4)


def test_misspelt():
    shop.LIMITS = 4
    assert shop.is_full(4)


def test_kept():
    socket._old_getfqdn = socket.getfqdn
    assert socket.getfqdn()


def test_outside():
    socket.getfqdn = lambda: "here"  # CIT201
    assert socket.getfqdn() == "here"


def test_stand_in():
    with module_exists("django"):
        import django

        django.VERSION = (1, 11)
        assert shop.is_full(4)

"""The same, by the functions of old."""

log = []
connection = None


def setup_module(module):
    global connection
    connection = object()


def setup_function(function):
    log.clear()


def test_first():
    log.append(1)
    assert log == [1] and connection


def test_second():
    assert log == []

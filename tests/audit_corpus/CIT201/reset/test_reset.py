"""A global that every test finds as new, since a fixture of the file makes it so."""

import pytest

events = []
state = None


@pytest.fixture(autouse=True)
def fresh():
    global state
    state = {}
    events.clear()


def test_first():
    events.append(1)
    state["a"] = 1
    assert events == [1]


def test_second():
    events.append(2)
    assert events == [2] and state == {}

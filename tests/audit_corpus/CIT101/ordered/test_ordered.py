import collections

import pytest

COLOURS = {"red", "green"}
BY_NAME = {"a": 1, "b": 2}


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_sorted(colour):
    assert colour


@pytest.mark.parametrize("number", {1, 2, 3})
def test_numbers_have_the_same_order_everywhere(number):
    assert number


@pytest.mark.parametrize("name", BY_NAME)
def test_dictionaries_have_an_order(name):
    assert name


@pytest.mark.parametrize(("name", "value"), BY_NAME.items())
def test_items(name, value):
    assert value


@pytest.mark.parametrize("names", [{"a", "b"}, {"c"}])
def test_sets_as_values(names):
    assert names


@pytest.mark.parametrize("names", [set(), frozenset("ab")], ids=["none", "some"])
def test_sets_as_values_with_ids(names):
    assert names is not None


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("name", ["a", "b"])
def test_lists(flag, name):
    assert name in COLOURS or flag in (True, False)


@pytest.mark.parametrize("item", collections.Counter("abc"))
def test_counter(item):
    assert item


@pytest.mark.parametrize("name", sorted(COLOURS | {"blue"}, key=len))
def test_sorted_with_a_key(name):
    assert name


@pytest.mark.parametrize("n", range(3))
def test_range(n):
    assert n in {0, 1, 2}

import enum

import pytest

COLOURS = {"red", "green"}


class Shape(enum.Enum):
    ROUND = "round"
    SQUARE = "square"


class A: ...


class B: ...


@pytest.mark.parametrize("name", {"a", "b"})  # CIT101
def test_set(name):
    assert name


@pytest.mark.parametrize("colour", COLOURS)  # CIT101
def test_constant(colour):
    assert colour


@pytest.mark.parametrize("colour", list(COLOURS))  # CIT101
def test_list_of_a_set(colour):
    assert colour


@pytest.mark.parametrize("kind", frozenset([A, B]))  # CIT101
def test_classes(kind):
    assert kind


@pytest.mark.parametrize("shape", [x for x in {Shape.ROUND, Shape.SQUARE}])  # CIT101
def test_comprehension(shape):
    assert shape


@pytest.mark.parametrize("name", COLOURS | {"blue"})  # CIT101
def test_union(name):
    assert name


@pytest.mark.parametrize("name", {"a", "b"}, ids=["first", "second"])  # CIT101
def test_ids_stay_and_values_change(name):
    assert name


@pytest.mark.parametrize(argnames="name", argvalues={word.lower() for word in ["A", "B"]})  # CIT101
def test_keywords(name):
    assert name


@pytest.fixture(params={"sqlite", "postgres"})  # CIT101
def backend(request):
    return request.param


def test_backend(backend):
    assert backend


class TestMethods:
    @pytest.mark.parametrize("name", COLOURS - {"red"})  # CIT101
    def test_method(self, name):
        assert name


@pytest.mark.parametrize("name", {"a": 1, "b": 2}.keys() | {"c"})  # CIT101
def test_view_of_a_dict(name):
    assert name

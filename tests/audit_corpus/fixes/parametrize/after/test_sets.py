"""Parameters without an order."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
COLOURS = {"red", "green"}


@pytest.mark.parametrize("name", sorted({"a", "b"}))  # two
def test_set(name):
    assert name


@pytest.mark.parametrize("name", sorted({"a", "b"}))
def test_list(name):
    assert name


@pytest.mark.parametrize("name", sorted(frozenset(["a", "b"])), indirect=False)
def test_frozenset(name):
    assert name


@pytest.mark.parametrize(
    "name",
    sorted({
        "a",  # first
        "b",
    }),
)
def test_lines(name):
    assert name


@pytest.mark.parametrize(("name", "number"), sorted({("a", 1), ("b", 2)}))
def test_pairs(name, number):
    assert number


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_name(colour):
    assert colour


@pytest.mark.parametrize("file", sorted(os.listdir(HERE)))
def test_listing(file):
    assert file


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")))
def test_paths(path):
    assert path.exists()


@pytest.fixture(params=sorted({"x", "y"}))
def letter(request):
    return request.param


def test_letter(letter):
    assert letter

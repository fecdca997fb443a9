"""Parameters without an order."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
COLOURS = {"red", "green"}


@pytest.mark.parametrize("name", {"a", "b"})  # two
def test_set(name):
    assert name


@pytest.mark.parametrize("name", list({"a", "b"}))
def test_list(name):
    assert name


@pytest.mark.parametrize("name", frozenset(["a", "b"]), indirect=False)
def test_frozenset(name):
    assert name


@pytest.mark.parametrize(
    "name",
    {
        "a",  # first
        "b",
    },
)
def test_lines(name):
    assert name


@pytest.mark.parametrize(("name", "number"), {("a", 1), ("b", 2)})
def test_pairs(name, number):
    assert number


@pytest.mark.parametrize("colour", COLOURS)
def test_name(colour):
    assert colour


@pytest.mark.parametrize("file", os.listdir(HERE))
def test_listing(file):
    assert file


@pytest.mark.parametrize("path", list(HERE.glob("*.py")))
def test_paths(path):
    assert path.exists()


@pytest.fixture(params={"x", "y"})
def letter(request):
    return request.param


def test_letter(letter):
    assert letter

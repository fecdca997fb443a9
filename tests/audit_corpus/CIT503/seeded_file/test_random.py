"""Each test begins with the same numbers."""

import random

import pytest


@pytest.fixture(autouse=True)
def same_numbers():
    random.seed(12)


def test_one():
    assert random.random() < 1


def test_two():
    assert random.choice([1, 2])

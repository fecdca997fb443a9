import random
from random import choice, randint

import numpy as np
import pytest


def test_sum():
    numbers = [random.random() for _ in range(10)]  # CIT503
    assert sum(numbers) < 10


def test_choice():
    assert choice([1, 2]) in (1, 2)  # CIT503


@pytest.fixture
def numbers():
    return np.random.rand(10)  # CIT503


def test_mean(numbers):
    assert numbers.mean() < 1


def test_generator():
    generator = np.random.default_rng()  # CIT503
    assert generator.random() < 1


def test_own():
    assert random.Random().random() < 1  # CIT503


def draw():
    return randint(1, 6)  # CIT503


def test_draw():
    assert 1 <= draw() <= 6


def test_shuffle():
    numbers = [1, 2, 3]
    random.shuffle(numbers)  # CIT503
    assert sorted(numbers) == [1, 2, 3]

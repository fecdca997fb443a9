import random
import time

import pytest


def test_uneven_pauses():
    for _ in range(3):
        time.sleep(random.random() / 1000)


def test_only_the_first():
    first = random.random()  # CIT503
    second = random.random()
    assert first + second < 2

"""Found as notes where what is drawn has no part in what is asserted; see `test_state_rules.py`."""

import random


def send(numbers):
    return len(numbers)


def test_no_part():
    numbers = [random.random() for _ in range(3)]  # CIT503
    send(numbers)
    assert send([1]) == 1


def test_part():
    numbers = [random.random()]  # CIT503
    doubled = []
    for number in numbers:
        doubled.append(2 * number)
    assert send(doubled) == 1

import random

import pytest

random.seed(42)


@pytest.mark.parametrize("number", [random.randint(0, 9)])
def test_the_same_everywhere(number):
    assert number >= 0

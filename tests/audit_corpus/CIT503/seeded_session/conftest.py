import random


def pytest_runtest_setup(item):
    random.seed(1)

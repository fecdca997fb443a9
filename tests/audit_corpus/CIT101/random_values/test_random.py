import datetime
import random
import time
import uuid

import pytest


@pytest.mark.parametrize("number", [random.randint(0, 9), 2])  # CIT101 CIT503
def test_number(number):
    assert number


@pytest.mark.parametrize("numbers", [random.random() for _ in range(3)])  # CIT101
def test_comprehension(numbers):
    assert numbers


@pytest.mark.parametrize("key", [str(uuid.uuid4()), "b"])  # CIT101
def test_text_of_a_uuid(key):
    assert key


@pytest.mark.parametrize("key", [f"user-{uuid.uuid4()}"])  # CIT101
def test_formatted(key):
    assert key


@pytest.mark.parametrize("when", [time.time()])  # CIT101
def test_seconds(when):
    assert when


@pytest.mark.parametrize("day", [datetime.datetime.now().isoformat()])  # CIT101
def test_text_of_now(day):
    assert day


@pytest.mark.parametrize(("a", "b"), [("x", random.choice("ab"))])  # CIT101
def test_in_a_row(a, b):
    assert a != b


@pytest.mark.parametrize("value", [uuid.uuid4(), datetime.datetime.now()])
def test_objects_are_numbered(value):
    assert value


@pytest.mark.parametrize("number", [random.randint(0, 9)], ids=["any"])
def test_ids_are_given(number):
    assert number >= 0


@pytest.mark.parametrize("number", [pytest.param(random.random(), id="any")])
def test_id_of_one(number):
    assert number >= 0


@pytest.mark.parametrize("make", [uuid.uuid4, random.random, time.time])
def test_functions_are_not_called(make):
    assert make()


@pytest.mark.parametrize("value", [uuid.UUID(int=0), datetime.datetime(2026, 1, 1), object()])
def test_fixed_objects(value):
    assert value


@pytest.mark.parametrize("numbers", [random.sample(range(9), 2), random.choices("ab", k=2)])
def test_lists_are_numbered(numbers):
    assert numbers

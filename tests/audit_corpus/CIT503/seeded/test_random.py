import random
import secrets
import string
import uuid

import numpy as np
import pytest


def test_seeded():
    random.seed(1)
    assert random.random() < 1


def test_own():
    own = random.Random(1)
    assert own.random() < 1
    assert own.choice([1, 2]) in (1, 2)


def test_generator():
    assert np.random.default_rng(1).random() < 1
    assert np.random.RandomState(3).rand() < 1
    assert np.random.default_rng(seed=1).random() < 1


@pytest.fixture
def seed():
    np.random.seed(0)


def test_fixture(seed):
    assert np.random.rand() < 1


def test_names(tmp_path):
    """Made to be unlike any other: to draw the same again would be wrong."""
    name = "".join(random.choices(string.ascii_lowercase, k=8))
    (tmp_path / f"file_{random.randint(0, 10**9)}").touch()
    assert name and uuid.uuid4() and secrets.token_hex()


def test_system():
    assert random.SystemRandom().random() < 1


def test_patched(monkeypatch):
    monkeypatch.setattr(random, "random", lambda: 0.5)
    assert random.random() == 0.5

"""Whoever changes it, a fixture of the file puts it back."""

import os

import pytest


@pytest.fixture(autouse=True)
def same_directory():
    before = os.getcwd()
    yield
    os.chdir(before)


def test_moves(tmp_path):
    os.chdir(tmp_path)
    assert os.listdir(".") == []

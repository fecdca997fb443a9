import os
from unittest import mock

from dotenv import load_dotenv


@mock.patch.dict(os.environ, {}, clear=True)
def test_whose_decorator_puts_it_back(tmp_path):
    assert load_dotenv(tmp_path / ".env")


def test_that_puts_it_back(tmp_path):
    with mock.patch.dict(os.environ):
        assert load_dotenv(tmp_path / ".env")


def test_that_leaves_it_so(tmp_path):
    assert load_dotenv(tmp_path / ".env")  # CIT202

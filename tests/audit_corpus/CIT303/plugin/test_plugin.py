import pytest


@pytest.mark.serial
def test_serial(alone):
    assert True

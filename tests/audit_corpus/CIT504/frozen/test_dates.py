import datetime
from unittest import mock

import freezegun
import pytest
import time_machine
from freezegun import freeze_time


def make_report():
    return datetime.date.today()


@freeze_time("2020-01-01")
def test_decorated():
    assert make_report() == datetime.date.today()


def test_with():
    with freezegun.freeze_time("2020-01-01"):
        assert make_report() == datetime.date.today()


def test_fixture(freezer):
    assert make_report() == datetime.date.today()


@time_machine.travel("2020-01-01")
def test_travels():
    assert make_report() == datetime.date.today()


@pytest.mark.freeze_time("2020-01-01")
def test_marked():
    assert make_report() == datetime.date.today()


@mock.patch("test_dates.datetime")
def test_mocked(fake):
    assert make_report() == datetime.date.today()

"""Times that meet only their like."""

import datetime
import datetime as dt
from datetime import datetime as clock
from datetime import timedelta


def test_difference():
    started = clock.utcnow()
    assert clock.utcnow() - started < timedelta(seconds=5)  # both


def test_fields():
    now = datetime.datetime.utcnow()
    assert now.year >= 2024
    assert now.date().isoformat() == now.strftime("%Y-%m-%d")


def test_sum():
    limit = dt.datetime.utcnow() + dt.timedelta(days=1)
    assert dt.datetime.utcnow().replace(microsecond=0) <= limit or True


def test_compared():
    now = dt.datetime.utcnow()
    limit = now + dt.timedelta(days=1)
    assert now < limit
    assert now


def test_stamp():
    assert clock.utcfromtimestamp(0).year == 1970

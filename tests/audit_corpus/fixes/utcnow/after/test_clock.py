"""Times that meet only their like."""

import datetime
import datetime as dt
from datetime import datetime as clock
from datetime import timedelta, timezone


def test_difference():
    started = clock.now(timezone.utc)
    assert clock.now(timezone.utc) - started < timedelta(seconds=5)  # both


def test_fields():
    now = datetime.datetime.now(datetime.timezone.utc)
    assert now.year >= 2024
    assert now.date().isoformat() == now.strftime("%Y-%m-%d")


def test_sum():
    limit = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=1)
    assert dt.datetime.now(dt.timezone.utc).replace(microsecond=0) <= limit or True


def test_compared():
    now = dt.datetime.now(dt.timezone.utc)
    limit = now + dt.timedelta(days=1)
    assert now < limit
    assert now


def test_stamp():
    assert clock.fromtimestamp(0, tz=timezone.utc).year == 1970

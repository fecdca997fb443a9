import datetime

from reports import parse, session_expiry


def test_zone():
    assert parse("local") == datetime.datetime.now().astimezone().tzinfo


def test_expires():
    expected = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=31)  # CIT504
    expires = session_expiry()
    assert expires.year == expected.year
    assert expires.day == expected.day


class mock_datetime:
    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return None


def test_own_clock():
    with mock_datetime():
        assert parse("today") == datetime.datetime.now()

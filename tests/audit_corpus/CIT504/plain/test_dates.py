import datetime
import time
from datetime import date
from datetime import datetime as clock
from datetime import timedelta

from reports import age_in_years, make_report


def test_day():
    assert make_report().day == date.today()  # CIT504


def test_year():
    assert make_report().year == clock.now().year  # CIT504


def test_text():
    report = make_report()
    assert report.title == f"Report of {datetime.date.today()}"  # CIT504


def test_formatted():
    assert make_report().title == time.strftime("%Y-%m-%d")  # CIT504


def test_expected():
    expected = datetime.date.today().isoformat()  # CIT504
    report = make_report()
    assert report.title == expected


def test_tomorrow():
    tomorrow = date.today() + timedelta(days=1)  # CIT504
    report = make_report()
    assert report.due == tomorrow


def test_given():
    today = date.today()
    assert make_report(today).day == today


def test_given_in_parts():
    now = clock.now()
    stamp = now.timestamp()
    report = make_report(stamp)
    assert report.day == now


def test_bounds():
    before = clock.now()
    report = make_report()
    assert before <= report.at <= clock.now()
    assert clock.now() - report.at < timedelta(seconds=5)


def test_roundtrip():
    now = clock.now()
    assert clock.fromisoformat(now.isoformat()) == now


def test_fixed():
    assert age_in_years(date(2000, 1, 1), date(2020, 1, 1)) == 20

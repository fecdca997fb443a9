import datetime
from datetime import datetime as clock
from datetime import timezone

from buy_queue import age, enqueue

STARTED = clock.utcnow()  # CIT502


def test_enqueue():
    queue = []
    enqueue(queue, "AAPL")
    assert age(queue[0]) < datetime.timedelta(seconds=5)


def test_from_timestamp():
    assert datetime.datetime.utcfromtimestamp(0).year == 1970  # CIT502


def test_default():
    stamp = getattr(clock, "utcnow", clock.now)()
    assert stamp


class TestQueue:
    def test_now(self):
        entry = {"at": clock.utcnow()}  # CIT502
        assert entry["at"] > STARTED


def now():
    return clock.utcnow()  # CIT502


def test_helper():
    assert now() >= STARTED


def test_aware():
    assert datetime.datetime.now(timezone.utc).tzinfo
    assert datetime.datetime.fromtimestamp(0, tz=timezone.utc).year == 1970


class Clock:
    def utcnow(self):
        return 3


def test_another_clock():
    assert Clock().utcnow() == 3


def test_frozen(monkeypatch):
    monkeypatch.setattr("buy_queue.datetime", Clock())


def test_words():
    assert "datetime.utcnow()" != "utcnow"

import locale
import logging
import os
import signal
import sys
import time
import warnings

import pytest


def test_umask():
    before = os.umask(0o077)
    try:
        assert before >= 0
    finally:
        os.umask(before)


@pytest.fixture
def ignoring():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGTERM, before)


def test_signal(ignoring):
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


@pytest.fixture
def tokyo(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_zone(tokyo):
    assert time.tzname[0] == "JST"


def test_locale():
    assert locale.setlocale(locale.LC_ALL)
    assert locale.setlocale(locale.LC_ALL, None)


def test_path(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tool"])
    assert sys.path[0] == str(tmp_path)


def test_path_is_put_back(tmp_path):
    sys.path.insert(0, str(tmp_path))
    try:
        assert sys.path
    finally:
        sys.path.remove(str(tmp_path))


def test_warnings():
    """pytest puts the filters back after each test."""
    warnings.simplefilter("ignore")
    warnings.filterwarnings("error")


def test_handler():
    logger = logging.getLogger("app")
    handler = logging.NullHandler()
    logger.addHandler(handler)
    try:
        assert logger.handlers
    finally:
        logger.removeHandler(handler)


def test_caplog(caplog):
    caplog.set_level(logging.DEBUG, logger="app")
    with caplog.at_level(logging.INFO):
        logging.getLogger("app").info("x")


def test_a_logger_of_its_own():
    logger = logging.Logger("mine")
    logger.setLevel(logging.DEBUG)
    assert logger.level


def test_path_is_read(tmp_path):
    assert sys.path.index(sys.path[0]) == 0
    copy = list(sys.path)
    copy.append(str(tmp_path))

import asyncio
import decimal
import gc
import locale
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time


def test_umask():
    os.umask(0o077)  # CIT204


def test_signal():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # CIT204


def test_locale():
    locale.setlocale(locale.LC_ALL, "C")  # CIT204


def test_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()  # CIT204
    assert time.tzname[0] == "JST"


def test_path(tmp_path):
    sys.path.insert(0, str(tmp_path))  # CIT204


def test_end_of_path(tmp_path):
    sys.path.append(str(tmp_path))  # CIT204


def test_arguments():
    sys.argv = ["tool", "--help"]  # CIT204
    assert sys.argv[1] == "--help"


def test_output(tmp_path):
    sys.stdout = None  # CIT204


def test_modules():
    sys.modules["yaml"] = None  # CIT204
    sys.modules.pop("toml", None)  # CIT204


def test_limits():
    sys.setrecursionlimit(100)  # CIT204
    socket.setdefaulttimeout(1)  # CIT204
    decimal.setcontext(decimal.BasicContext)  # CIT204
    gc.disable()  # CIT204


def test_logging():
    logging.getLogger("app").setLevel(logging.DEBUG)  # CIT204
    logging.getLogger().addHandler(logging.NullHandler())  # CIT204
    logging.disable(logging.CRITICAL)  # CIT204


def test_start_method():
    multiprocessing.set_start_method("spawn")  # CIT204


def test_loop():
    asyncio.set_event_loop_policy(None)  # CIT204

import threading

from filelock import FileLock


def test_of_processes():
    with FileLock("report.lock"):
        open("report.txt", "a").close()


def test_of_threads():
    with threading.Lock():
        open("report.txt", "a").close()  # CIT001

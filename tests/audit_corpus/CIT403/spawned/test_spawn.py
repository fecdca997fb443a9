import multiprocessing
import os
import subprocess
import sys


def work():
    return 1


def test_spawn():
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0


def test_default():
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()


def test_server():
    context = multiprocessing.get_context("forkserver")
    assert context.get_start_method() == "forkserver"


def test_program():
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def test_forked(monkeypatch):
    monkeypatch.setattr(os, "fork", lambda: 0)
    assert os.fork() == 0

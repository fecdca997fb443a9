import multiprocessing
import os
import pty
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def work():
    return 1


def test_fork():
    pid = os.fork()  # CIT403
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def test_terminal():
    pid, fd = pty.fork()  # CIT403
    if pid == 0:
        os._exit(0)
    os.forkpty()  # CIT403


def test_context():
    context = multiprocessing.get_context("fork")  # CIT403
    process = context.Process(target=work)
    process.start()
    process.join()


def test_executor():
    with ProcessPoolExecutor(mp_context=get_context(method="fork")) as executor:  # CIT403
        assert executor.submit(work).result() == 1


def in_child(function):
    if os.fork() == 0:  # CIT403
        function()
        os._exit(0)


def test_helper():
    in_child(work)


def test_start_method():
    multiprocessing.set_start_method("fork", force=True)  # CIT403 CIT204

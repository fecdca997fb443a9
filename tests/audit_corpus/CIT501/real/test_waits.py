import asyncio
import threading
import time

import pytest


@pytest.fixture(autouse=True)
def watcher():
    thread = threading.Thread(target=print)
    thread.start()
    yield
    thread.join()


def test_time_passes(tmp_path):
    """The thread was there before, whatever the test does."""
    file = tmp_path / "x"
    file.touch()
    before = file.stat().st_mtime
    time.sleep(0.01)
    file.touch()
    assert file.stat().st_mtime >= before


def test_twice():
    done = []
    threading.Thread(target=done.append, args=(1,)).start()
    time.sleep(0.01)  # CIT501
    assert done
    time.sleep(0.01)
    assert done


def test_nothing_yet():
    """More time can't make it fail, less can't either."""
    go, done = threading.Event(), []
    threading.Thread(target=lambda: (go.wait(), done.append(1))).start()
    time.sleep(0.01)
    assert not done
    go.set()


def test_sleep_of_the_thread():
    def work():
        time.sleep(0.2)

    thread = threading.Thread(target=work)
    thread.start()
    assert thread.is_alive()
    thread.join()


async def test_sleep_of_the_task():
    done = []

    async def later():
        await asyncio.sleep(0.01)
        done.append(1)

    task = asyncio.create_task(later())
    assert done == []
    await task


async def test_nothing_was_written(transport):
    task = asyncio.create_task(asyncio.sleep(0))
    await asyncio.sleep(0.05)
    assert transport.written == b""
    await task

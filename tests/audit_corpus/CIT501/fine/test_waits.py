import asyncio
import threading
import time

import pytest


def test_polls():
    done = []
    threading.Thread(target=done.append, args=(1,)).start()
    for _ in range(100):
        if done:
            break
        time.sleep(0.01)
    assert done


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_waits_for():
    done = []
    threading.Thread(target=done.append, args=(1,)).start()
    wait_for(lambda: done)
    assert done


def test_nothing_runs_beside():
    """Time has to pass, and more of it does no harm."""
    cache = {"a": time.monotonic() + 0.01}
    time.sleep(0.02)
    assert cache["a"] < time.monotonic()


def test_slow_work():
    """The thread sleeps, the test doesn't."""

    def work():
        time.sleep(0.1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not thread.is_alive()


def test_joins():
    done = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start()
    time.sleep(0.01)
    thread.join()


async def test_yields():
    task = asyncio.create_task(asyncio.sleep(0))
    await asyncio.sleep(0)
    assert not task.cancelled()


async def test_timeout():
    task = asyncio.create_task(asyncio.sleep(0))
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    await task
    assert task.done()


def test_fake_sleep(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    threading.Thread(target=print).start()
    time.sleep(100)
    assert True

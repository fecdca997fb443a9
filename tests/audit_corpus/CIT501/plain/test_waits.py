import asyncio
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from time import sleep

PAUSE_S = 0.5


def work(done):
    done.append(1)


def test_thread():
    done = []
    threading.Thread(target=work, args=(done,)).start()
    time.sleep(0.1)  # CIT501
    assert done == [1]


def test_named():
    done = []
    thread = threading.Thread(target=work, args=(done,))
    thread.start()
    sleep(PAUSE_S)  # CIT501
    assert done


def test_process():
    process = subprocess.Popen(["true"])
    time.sleep(1)  # CIT501
    assert process.poll() == 0


def test_executor():
    with ThreadPoolExecutor() as executor:
        future = executor.submit(work, [])
        time.sleep(0.2)  # CIT501
        assert future.done()


async def test_task():
    done = []

    async def work():
        done.append(1)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.05)  # CIT501
    assert done == [1]
    await task


def settle():
    time.sleep(0.3)  # CIT501


def test_helper():
    done = []
    threading.Timer(0.1, work, [done]).start()
    settle()
    assert done

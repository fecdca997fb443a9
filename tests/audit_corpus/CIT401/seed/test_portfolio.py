"""The nested target: Can't get local object '….<locals>.buy_worker'."""

import multiprocessing
from multiprocessing import Process, Queue


class TestConcurrentAccess:
    def test_buy_and_sell(self, tmp_path):
        def buy_worker(queue):
            queue.put("bought")

        queue = Queue()
        buyers = [Process(target=buy_worker, args=(queue,)) for _ in range(2)]  # CIT401
        for process in buyers:
            process.start()
        for process in buyers:
            process.join()
        assert queue.get() == "bought"

    def test_one(self):
        def work():
            return 1

        process = multiprocessing.Process(target=work)  # CIT401
        process.start()
        process.join()
        assert process.exitcode == 0

import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from threading import Thread


def square(number):
    return number * number


def test_lambda():
    with mp.Pool(2) as pool:
        assert pool.map(lambda n: n + 1, [1]) == [2]  # CIT401


def test_executor():
    def twice(n):
        return 2 * n

    with ProcessPoolExecutor() as executor:
        assert executor.submit(twice, 1).result() == 2  # CIT401
        assert list(executor.map(twice, [1])) == [2]  # CIT401


def test_context():
    def work():
        pass

    context = mp.get_context("spawn")
    process = context.Process(target=work)  # CIT401
    process.start()
    process.join()


def test_initializer():
    def prepare():
        pass

    with ProcessPoolExecutor(initializer=prepare) as executor:  # CIT401
        assert executor.submit(square, 2).result() == 4


def test_partial():
    def work(n):
        pass

    process = mp.Process(target=partial(work, 1))  # CIT401
    process.start()
    process.join()


def run_in_process(function):
    process = mp.Process(target=function)  # CIT401
    process.start()
    process.join()


def test_helper():
    def work():
        pass

    run_in_process(work)


def test_module_level():
    run_in_process(square)
    with mp.Pool(2) as pool:
        assert pool.map(square, [1]) == [1]
        assert pool.apply_async(square, (2,)).get() == 4


def test_threads():
    def work():
        pass

    thread = Thread(target=work)
    thread.start()
    thread.join()
    with ThreadPoolExecutor() as executor:
        assert executor.submit(lambda: 1).result() == 1


class Worker(mp.Process):
    def run(self):
        pass


def test_subclass():
    worker = Worker()
    worker.start()
    worker.join()


class TestMethods:
    @staticmethod
    def work():
        pass

    def test_static(self):
        process = mp.Process(target=self.work)
        process.start()
        process.join()


def test_keywords():
    process = mp.Process(target=square, args=(1,), kwargs={"key": lambda: 1})  # CIT401
    process.start()

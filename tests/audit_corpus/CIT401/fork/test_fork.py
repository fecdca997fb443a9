"""Where the start method is said to be fork, nothing is pickled (CIT403 has its say)."""

import multiprocessing


def test_fork():
    def work():
        pass

    context = multiprocessing.get_context("fork")  # CIT403
    process = context.Process(target=work)
    process.start()
    process.join()

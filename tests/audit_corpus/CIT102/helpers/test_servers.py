from servers import start


def test_starts():
    assert start()

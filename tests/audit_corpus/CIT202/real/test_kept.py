import os


def test_sets(key):
    os.environ["APP_MODE"] = "x"
    assert os.environ["API_KEY"] == "x"

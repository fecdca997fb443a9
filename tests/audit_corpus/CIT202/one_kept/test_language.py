import os


def test_german(german, debug):
    assert os.environ["APP_LANG"] == "de"

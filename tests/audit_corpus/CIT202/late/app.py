import os


def start(debug=False):
    os.environ["APP_STARTED"] = "1"  # CIT202
    if debug:
        os.environ["APP_DEBUG"] = "1"

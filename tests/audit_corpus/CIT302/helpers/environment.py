import os


def prepare(directory):
    os.environ["APP_HOME"] = directory  # CIT302

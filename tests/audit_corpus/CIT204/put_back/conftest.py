"""What a conftest does to its process it does to every worker."""

import logging
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
logging.getLogger("urllib3").setLevel(logging.WARNING)


def pytest_configure(config):
    os.umask(0o022)
    logging.getLogger("boto").setLevel(logging.WARNING)

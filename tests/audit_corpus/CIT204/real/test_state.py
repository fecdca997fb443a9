import gc
import logging
import sys
from unittest import mock


def test_collector():
    gc.disable()
    try:
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_own_logger(request):
    logger = logging.getLogger(request.node.name)
    logger.setLevel(logging.DEBUG)
    other = logging.getLogger("test_own_logger")
    other.propagate = False


def test_modules():
    with mock.patch.dict(sys.modules):
        del sys.modules["json"]
        assert "json" not in sys.modules


def test_forgets():
    sys.modules.pop("colorsys", None)  # CIT204
    import colorsys

    assert colorsys


def test_hand_made():
    sys.modules["fake"] = object()  # CIT204
    assert "fake" in sys.modules
    del sys.modules["fake"]

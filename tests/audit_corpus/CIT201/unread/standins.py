import contextlib
import sys
import types
from unittest import mock


@contextlib.contextmanager
def module_exists(name):
    with mock.patch.dict(sys.modules, {name: types.ModuleType(name)}):
        yield

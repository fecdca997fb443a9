"""One process of `synchronized_processes`: what is sent to it, what it does there, what it sends back."""

from __future__ import annotations

import functools
import importlib.util
import os
import pickle
import selectors
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from types import ModuleType
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Call(NamedTuple):
    """A function on its way: pickled, with its name and the module and file that it is imported from."""

    name: str
    pickled: bytes
    module: str
    file: str


class Answer(NamedTuple):
    """What comes back: that the function is imported (neither is set), what it returned, or what it raised."""

    done: bool = False
    result: object = None
    error: BaseException | None = None
    traceback: str = ""


READY = Answer()


def packed(function: Callable[[], object]) -> Call:
    """Return a function as it can be sent. TypeError says why it can't."""
    inner: object = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    if "<" in name:  # <locals>, <lambda>
        raise TypeError(f"{name}: a new process can't import it; write it as a function at the top of its module")
    try:
        pickled = pickle.dumps(function)
    except Exception as error:
        raise TypeError(f"{name}: can't be sent to a process: {error}") from error
    module = getattr(inner, "__module__", "")
    return Call(name, pickled, module, getattr(sys.modules.get(module), "__file__", None) or "")


def serve(pipe: Connection, call: Call) -> None:
    """Say that the function is there, wait for the others, call it, send what came of it."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        _make_importable(call.module, call.file)
        function = pickle.loads(call.pickled)
        pipe.send(READY)
        pipe.recv()
        answer = Answer(done=True, result=_sendable(function()))
    except BaseException as error:  # pytest.fail and pytest.skip raise those
        answer = _failed(error)
    pipe.send(answer)


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        with selectors.DefaultSelector() as selector:
            selector.register(parent.sentinel, selectors.EVENT_READ)
            selector.select()
        os._exit(1)


def _make_importable(module: str, file: str) -> None:
    """With pytest's `--import-mode=importlib`, a test module's name leads nowhere, or to another module."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):  # no such package; __main__ has no spec
        spec = None
    if not file or module == "__main__" or (spec is not None and spec.origin == file):
        return
    for dot in (at for at, letter in enumerate(module) if letter == "."):
        sys.modules.setdefault(module[:dot], ModuleType(module[:dot]))  # pickle asks for the packages too
    spec = importlib.util.spec_from_file_location(module, file)
    assert spec and spec.loader
    sys.modules[module] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)


def _failed(error: BaseException) -> Answer:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        return Answer(done=True, error=_sendable(error), traceback=text)
    except TypeError:
        return Answer(done=True, error=RuntimeError(f"{type(error).__qualname__}: {error}"), traceback=text)


def _sendable(value: T) -> T:
    """Return the value, if it can be sent and read; TypeError if not, as with many an exception."""
    try:
        pickle.loads(pickle.dumps(value))
    except Exception as error:
        raise TypeError(f"{type(value).__qualname__}: can't be sent back from the process: {error}") from error
    return value

"""Tell pytest-xdist of a dead worker whose pipe is still open.

It takes a worker for dead when its pipe closes. A process that the worker forked (multiprocessing,
a server that a test left running) keeps the pipe open, and pytest-xdist waits for ever.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import pytest

EVERY_S = 1.0
GRACE_S = 3.0  # what a dead worker wrote last is read first


class Deaths:
    """On the controller: looks after the processes of local workers, in a thread."""

    def __init__(self) -> None:
        self._dead_since: dict[Any, float | None] = {}
        self._over = threading.Event()

    def pytest_configure_node(self, node: Any) -> None:
        if _process_of(node) is None:
            return
        if not self._dead_since:
            threading.Thread(target=self._look, name="xdist-ci-deaths", daemon=True).start()
        self._dead_since[node] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(EVERY_S):
            for node, since in list(self._dead_since.items()):
                if node._down:
                    del self._dead_since[node]
                elif since is None:
                    if _process_of(node).poll() is not None:
                        self._dead_since[node] = time.monotonic()
                elif time.monotonic() - since > GRACE_S:
                    node._down = True
                    node.notify_inproc("errordown", node=node, error="its process died, a child of it lives")
                    _dont_wait_for(node)


def _dont_wait_for(node: Any) -> None:
    """Spare the session's end the ten seconds that execnet would wait for the pipe to close."""
    with contextlib.suppress(Exception):
        node.gateway.exit()
        node.nodemanager.group._gateways_to_join.remove(node.gateway)


def _process_of(node: Any) -> Any:
    """Return the worker's Popen, None when it is no local process or execnet keeps it elsewhere."""
    popen = getattr(getattr(node.gateway, "_io", None), "popen", None)
    known = hasattr(popen, "poll") and hasattr(node, "notify_inproc") and hasattr(node, "_down")
    return popen if known else None

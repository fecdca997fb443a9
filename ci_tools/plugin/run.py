"""One pytest run as its processes share it: an id, a directory, a name for each worker."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ci_tools.store.host import VARIABLE as HOST_VARIABLE
from ci_tools.store.host import host_dir, host_path

VARIABLE = "XDIST_CI_RUN"  # its id, from pytest-xdist's controller to the workers that it starts
MAIN = "main"  # the only process of a run, or pytest-xdist's controller


@dataclass(slots=True, kw_only=True)
class Run:
    """`id` is 8 hex digits, `worker` pytest-xdist's name (gw0, gw1, …) or `main`, `shard` 0 outside of one.

    Nothing is on disk before `open`: most runs need nothing there.
    """

    id: str
    worker: str
    shard: int = 0
    _host: Path = field(default_factory=host_path)  # now: tests change the environment
    _alive: int | None = field(default=None, repr=False)

    @property
    def root(self) -> Path:
        """The run's directory. It may not be there: see `open`."""
        return self._host / self.id

    @property
    def worker_root(self) -> Path:
        """This worker's own part of it. It may not be there."""
        return self.root / self.worker

    def open(self) -> Path:
        """Return the run's directory, made when it isn't there. Raises CiToolsError when it can't be.

        From here on this process holds `alive.lock` shared: nobody sweeps the directory away, and
        who gets the lock exclusively is the last.
        """
        root = self.root
        if self._alive is None:
            host_dir({HOST_VARIABLE: str(self._host)})
            root.mkdir(mode=0o700, exist_ok=True)
            self._alive = os.open(root / "alive.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.lockf(self._alive, fcntl.LOCK_SH)
        return root

    def exists(self) -> bool:
        """Return whether any process of the run has opened it."""
        return self.root.is_dir()

    def leave(self) -> bool:
        """Let go of the directory; return whether this process was the last that held it."""
        handle, self._alive = self._alive, None
        if handle is None:
            return False
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(handle)
        return True

    def remove(self) -> None:
        """Remove the run's directory, and nothing else."""
        if self.exists():
            shutil.rmtree(self.root, ignore_errors=True)


RUN: pytest.StashKey[Run] = pytest.StashKey()


def run_of(environ: MutableMapping[str, str]) -> Run:
    """Return the run that this process is part of; a new one unless pytest-xdist's controller told us of it.

    What it told is taken out of the environment: a pytest started by a test is a run of its own,
    though it inherits PYTEST_XDIST_WORKER.
    """
    id = environ.pop(VARIABLE, "")
    shard = int(environ.get("XDIST_CI_SHARD", "0"))
    if id and "PYTEST_XDIST_WORKER" in environ:
        return Run(id=id, worker=environ["PYTEST_XDIST_WORKER"], shard=shard)
    return Run(id=os.urandom(4).hex(), worker=MAIN, shard=shard)

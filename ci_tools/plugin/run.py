"""One pytest run as its processes share it: an id, a directory, a name for each worker."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.store.host import VARIABLE as HOST_VARIABLE
from ci_tools.store.host import host_dir, host_path

if TYPE_CHECKING:
    from ci_tools.store.locks import Lock

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
    _alive: Lock | None = field(default=None, repr=False)
    is_kept: bool = False

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

        From here on this process holds `alive.lock` shared: nobody sweeps the directory away.
        """
        if self._alive is None:
            from ci_tools.store.locks import Lock
            from ci_tools.store.runs import ALIVE, sweep_now_and_then

            sweep_now_and_then(host_dir({HOST_VARIABLE: str(self._host)}))
            try:
                self.root.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise CiToolsError(f"{self.root}: can't be made: {error.strerror}") from None
            alive = Lock(self.root / ALIVE, shared=True)
            alive.acquire()
            self._alive = alive
        return self.root

    def exists(self) -> bool:
        """Return whether any process of the run has opened it; no where it can't be looked for."""
        return os.path.isdir(self.root)  # Path.is_dir raises where the host's directory is somebody else's

    def keep(self) -> None:
        """Have the directory stay when the run ends, for a week."""
        from ci_tools.store.runs import KEPT

        (self.root / KEPT).touch()
        self.is_kept = True

    def end(self) -> None:
        """Let go of the directory; in the process that the run began with, remove it unless it is kept."""
        alive, self._alive = self._alive, None
        if alive is not None:
            alive.release()
        if self.worker == MAIN and not self.is_kept and self.exists():
            from ci_tools.store.runs import remove

            remove(self.root)


RUN: pytest.StashKey[Run] = pytest.StashKey()


def begin(config: pytest.Config) -> Run:
    """Return the run that this process is part of, to end with its configuration."""
    if RUN not in config.stash:
        run = config.stash[RUN] = run_of(os.environ)
        config.add_cleanup(run.end)  # a conftest that fails is followed by no pytest_unconfigure
    return config.stash[RUN]


def run_of(environ: MutableMapping[str, str]) -> Run:
    """Return the run that this process is part of; a new one unless pytest-xdist's controller told us of it.

    What it told is taken out of the environment: a pytest started by a test is a run of its own,
    though it inherits PYTEST_XDIST_WORKER.
    """
    id = environ.pop(VARIABLE, "")
    shard = int(environ["XDIST_CI_SHARD"]) if "XDIST_CI_OUT" in environ else 0
    if id and "PYTEST_XDIST_WORKER" in environ:
        return Run(id=id, worker=environ["PYTEST_XDIST_WORKER"], shard=shard)
    return Run(id=os.urandom(4).hex(), worker=MAIN, shard=shard)

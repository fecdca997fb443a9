"""Keep the CPUs busy while something else runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# It ends with us however we end, and looks for that all the time.
_BUSY = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(100_000))"


@contextmanager
def stressed(n_processes: int) -> Iterator[tuple[int, ...]]:
    """Keep so many CPUs busy meanwhile; yield the ids of the processes, none of which outlives this one."""
    command = (sys.executable, "-ISc", _BUSY, str(os.getpid()))
    busy: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(n_processes):  # out of reach of a terminal's Ctrl-C: it is the trial that ends them
            busy.append(subprocess.Popen(command, start_new_session=True))
        yield tuple(process.pid for process in busy)
    finally:
        for process in busy:
            process.kill()
        for process in busy:
            process.wait()

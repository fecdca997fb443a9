"""Stacks of all threads on a signal, from outside and even within C code: `workers/gw0.stacks`."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
from pathlib import Path
from typing import IO


class Stacks:
    """Answers a real-time signal, which no test uses; SIGUSR1 and SIGUSR2 are the user's.

    `signal` is 0 where there is no such signal (macOS) or it is taken.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self.signal = 0
        number = getattr(signal, "SIGRTMAX", 0) - 3
        if number < 0 or signal.getsignal(number) is not signal.SIG_DFL:
            return
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            path.parent.mkdir(exist_ok=True)
            self._file = path.open("a")
            faulthandler.register(number, file=self._file, all_threads=True)
            self.signal = number

    def close(self) -> None:
        """Stop answering; a file in which nothing was written is removed."""
        if self._file is None:
            return
        if self.signal:
            faulthandler.unregister(self.signal)
        self._file.close()
        with contextlib.suppress(OSError):
            if not os.path.getsize(self._path):
                self._path.unlink()
                self._path.parent.rmdir()  # fails, and may, while another worker's is there

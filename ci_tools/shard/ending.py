"""End a command: signals that grow harder until it is gone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

Step = tuple[float, signal.Signals]  # seconds after the first step

# After GitHub's cancel: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL, and we still have to seal.
GITHUB: tuple[Step, ...] = ((0.0, signal.SIGINT), (5.0, signal.SIGTERM), (7.0, signal.SIGKILL))
# At our own deadline, or when a run has stalled: teardowns get their time.
PATIENT: tuple[Step, ...] = ((0.0, signal.SIGINT), (15.0, signal.SIGTERM), (20.0, signal.SIGKILL))
# Behind a SIGTERM there is nobody but SIGKILL.
TERMINATED: tuple[Step, ...] = ((0.0, signal.SIGTERM), (1.5, signal.SIGKILL))
# Ctrl-C on a terminal: pytest's own pace; a second Ctrl-C is the user's to press.
INTERRUPTED: tuple[Step, ...] = ((0.0, signal.SIGINT),)


class Ending:
    """The steps that are still to come; `look` takes those that are due."""

    def __init__(self, send: Callable[[signal.Signals], None]) -> None:
        self._send = send
        self._due: list[tuple[float, signal.Signals]] = []
        self.ends_for_sure = False  # SIGKILL is among the steps

    def begin(self, steps: Sequence[Step], now_s: float) -> None:
        """Take the first step now; the others replace what was still to come."""
        self.ends_for_sure = any(number is signal.SIGKILL for _, number in steps)
        self._due = [(now_s + after_s, number) for after_s, number in steps]
        self.look(now_s)

    def look(self, now_s: float) -> None:
        """Send what is due."""
        while self._due and self._due[0][0] <= now_s:
            self._send(self._due.pop(0)[1])

"""Time that passes only when somebody sleeps."""

from __future__ import annotations

from ci_tools.github.rest import Clock


class FakeClock(Clock):
    """`slept` is every sleep in order, in seconds; the epoch began at 1,000,000."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    def epoch(self) -> float:
        return 1_000_000 + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

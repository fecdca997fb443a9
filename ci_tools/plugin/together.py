"""The nth tests of all lanes of a trial begin at the same instant: a meeting before each of them.

A lane is a worker with tests of its own, under `--dist each`. Its arrival at its nth test is a number in a file
that all lanes share, and nobody begins before the last has arrived. All of them then know the same instant, a little
later, that they wait for: the clock is the system's, not a process's. A lane that has no nth test, or has died, is
not waited for: each holds a lock on a byte of the file, which the kernel frees in any case.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns, sleep  # by name: tests replace them

import pytest

from ci_tools.model.trial import Steering

# In `--dist each` a lane may have to wait for the other one's longest test; the watch of the run ends that one.
PATIENCE_S = 600.0
PAUSE_S = 0.001
HEADROOM_NS = 5_000_000  # from the last arrival to the start: several pauses
AWAKE_NS = 1_500_000  # before the start nobody sleeps any more

_ARRIVAL = struct.Struct("=q")  # of time.monotonic_ns; 0: hasn't arrived


def together(config: pytest.Config, steering: Steering, out: Path) -> None:
    """Register what has this process wait for the others, if it is a lane; `out` is the bundle's directory."""
    worker = getattr(config, "workerinput", {}).get("workerid", "main")
    directory = out / "workers"
    directory.mkdir(exist_ok=True)
    meeting = meeting_of(steering, worker, directory / "together")
    if meeting:
        config.pluginmanager.register(_Ready(config, meeting), "xdist-ci-together")


def meeting_of(steering: Steering, worker: str, path: Path) -> Meeting | None:
    """Return where this worker meets the other lanes, None when it is none or has nobody to meet."""
    lanes = sorted(steering.lanes)
    if not steering.together or worker not in lanes or len(lanes) < 2:
        return None
    return Meeting(path, len(lanes), lanes.index(worker))


class Meeting:
    """Where `n_lanes` processes wait for each other, again and again; this one is number `lane`, from 0."""

    def __init__(self, path: Path, n_lanes: int, lane: int) -> None:
        """Come; to be called in all lanes before the first of them waits."""
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._n_lanes = n_lanes
        self.lane = lane
        fcntl.lockf(self._handle, fcntl.LOCK_EX, 1, lane)

    def wait(self, n: int, *, patience_s: float = PATIENCE_S) -> bool:
        """Return at the instant at which all lanes that get there begin their nth test, n from 0.

        False when the others were waited for in vain, or the file is gone: a test may close it.
        """
        try:
            self.arrive(n)
            start_ns = self._start_ns(n, monotonic_ns() + int(patience_s * 1e9))
        except OSError:
            return False
        if start_ns:
            _sleep_until(start_ns)
        return bool(start_ns)

    def arrive(self, n: int) -> None:
        """Have nobody wait for this lane's nth arrival."""
        os.pwrite(self._handle, _ARRIVAL.pack(monotonic_ns()), self._offset(n) + self.lane * _ARRIVAL.size)

    def wait_for_the_end(self, patience_s: float) -> None:
        """Return when all others have left, or it takes too long."""
        deadline_ns = monotonic_ns() + int(patience_s * 1e9)
        others = [lane for lane in range(self._n_lanes) if lane != self.lane]
        with suppress(OSError):
            while monotonic_ns() < deadline_ns and not all(map(self._is_gone, others)):
                sleep(PAUSE_S)

    def leave(self) -> None:
        """Have no other lane wait for this one again."""
        os.close(self._handle)

    def _start_ns(self, n: int, deadline_ns: int) -> int:
        """Return when all begin, 0 when they haven't come together in time."""
        while monotonic_ns() < deadline_ns:
            missing = [lane for lane, arrival in enumerate(self._arrivals(n)) if not arrival]
            if all(map(self._is_gone, missing)):
                # Read once more: who has come and gone meanwhile has seen the others' arrivals, and his counts.
                return max(self._arrivals(n)) + HEADROOM_NS
            sleep(PAUSE_S)
        return 0

    def _arrivals(self, n: int) -> Sequence[int]:
        row = os.pread(self._handle, self._n_lanes * _ARRIVAL.size, self._offset(n))
        row = row.ljust(self._n_lanes * _ARRIVAL.size, b"\0")
        return [arrival for (arrival,) in _ARRIVAL.iter_unpack(row)]

    def _offset(self, n: int) -> int:
        return n * self._n_lanes * _ARRIVAL.size

    def _is_gone(self, lane: int) -> bool:
        """Return whether nobody holds a lane's lock. Two who look at once may both see it held: they look again."""
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, lane)
        except (BlockingIOError, PermissionError):  # it may say EAGAIN or EACCES
            return False
        fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, lane)
        return True


def _sleep_until(start_ns: int) -> None:
    while (left_ns := start_ns - monotonic_ns()) > 0:
        if left_ns > AWAKE_NS:
            sleep((left_ns - AWAKE_NS) / 1e9)


class _Ready:
    """Puts the meeting before each test, outside of the locks that its marks ask for: those exclude the other lanes."""

    def __init__(self, config: pytest.Config, meeting: Meeting) -> None:
        self._config = config
        self._meeting = meeting

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        # Registered last of all, as the locks are: of wrappers alike the last one is the outermost.
        self._config.pluginmanager.register(_Before(self._meeting.wait), "xdist-ci-together-before")
        yield
        self._meeting.leave()


class _Before:
    def __init__(self, wait: Callable[[int], bool]) -> None:
        self._wait = wait
        self._n_begun = 0
        self._is_met = True

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        self._is_met = self._is_met and self._wait(self._n_begun)
        self._n_begun += 1
        yield

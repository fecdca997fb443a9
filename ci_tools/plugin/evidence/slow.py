"""A replay in slow motion: two tests meet where each first touches what they share, then one waits for the other.

A race shows when one test's acts fall between two of the other's, and two processes that just run hardly ever hit
that. So they begin at the same instant, and in each replay one of them is held before another of its accesses until
the other test is over. A pause before an access breaks nothing that is right: the kernel might have made it.
"""

from __future__ import annotations

from pathlib import Path

from ci_tools.model.evidence import Access, one_name
from ci_tools.model.trial import Steering
from ci_tools.plugin.together import Meeting, meeting_of

PATIENCE_S = 10.0  # for the other test to come, that may never touch it this time
HOLD_S = 1.0  # at most: for the held test to get there, and then for the other one to be over
_PORTS = (Access.BIND, Access.CONNECT)


class SlowMotion:
    """Stands before each access to what is shared."""

    def __init__(self, resources: tuple[str, ...], meeting: Meeting | None, *, hold_at: int) -> None:
        """The test is held before its access number `hold_at`, from 2; 0: the other one is, and it waits for that.

        There is no meeting where the tests run one after the other.
        """
        self._resources = resources
        self._below = tuple(f"{resource}/" for resource in resources)
        self._meeting = meeting
        self._hold_at = hold_at
        self._n_accesses = 0

    def before(self, access: Access, name: str) -> None:
        """Wait, if the resource is shared, before what is about to be done to it."""
        if self._meeting is None or access is Access.LIST or not self._is_shared(access, one_name(name)):
            return
        self._n_accesses += 1
        if self._n_accesses == 1:
            self._meeting.wait(0, patience_s=PATIENCE_S)
            if not self._hold_at and access not in _PORTS:  # of two servers the first would be gone
                self._meeting.wait(1, patience_s=HOLD_S)
        elif self._n_accesses == self._hold_at:
            self._meeting.arrive(1)
            self._meeting.wait_for_the_end(HOLD_S)

    def leave(self) -> None:
        """Have the other test not wait for this one: it is over."""
        meeting, self._meeting = self._meeting, None
        if meeting:
            meeting.leave()

    def _is_shared(self, access: Access, name: str) -> bool:
        if name in self._resources or name.startswith(self._below):
            return True
        return access is Access.TREE and any(resource.startswith(f"{name}/") for resource in self._resources)


def hold_at(seed: int, lane: int) -> int:
    """Return before which access a lane is held in the replay of that seed, 0: not at all.

    Mostly lane 1, which does less harm: what it has done is what the other one undoes.
    """
    held = 0 if seed % 4 == 0 else 1
    return (2, 3, 2, 3, 4)[seed % 5] if lane == held else 0


def slow_motion(steering: Steering, worker: str, path: Path) -> SlowMotion:
    """Return what this process of a replay does; where it has nobody to meet, it waits nowhere."""
    meeting = meeting_of(steering, worker, path)
    return SlowMotion(steering.meet_at, meeting, hold_at=hold_at(steering.seed, meeting.lane) if meeting else 0)

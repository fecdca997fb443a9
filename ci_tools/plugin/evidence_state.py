"""What is otherwise in the process than at the last look, and which test it was of, or of how many it may be."""

from __future__ import annotations

from dataclasses import replace
from time import process_time_ns  # by name: tests replace it

from ci_tools.model.evidence import Change
from ci_tools.plugin import snapshots
from ci_tools.plugin.evidence_globals import Globals

SHARE = 100  # looking closely takes at most so many-th of the process's time, apart from what fixtures ask for


class State:
    """Environment and working directory are looked at after each test, all else as often as time allows."""

    def __init__(self, rootdir: str, private: tuple[str, ...], *, is_thorough: bool) -> None:
        """Where it is thorough, all is looked at after each test, whatever that takes."""
        self._is_thorough = is_thorough
        self._globals = Globals(rootdir, private)
        self._seen: snapshots.Snapshot = {}
        self._globals_seen: dict[str, object] = {}
        self._looked_ns = self._took_ns = 0
        self._n_tests = 0  # begun since the last close look

    @property
    def is_known(self) -> bool:
        """Whether there is anything to compare with."""
        return bool(self._seen)

    def begin(self) -> None:
        """Take it before the first test."""
        self._seen = snapshots.take()
        self._globals.find()
        self._globals_seen = self._globals.take()

    def begin_test(self) -> None:
        """Count a test."""
        self._n_tests += 1

    def changes(
        self, *, is_over: bool, is_fixture: bool = False, within_phase: bool = False, has_started: bool = True
    ) -> list[Change]:
        """Return what has changed; `is_over`: a test has ended, `is_fixture`: a fixture begins or ends."""
        if not self.is_known:
            return []
        is_close = is_fixture or self._is_thorough or process_time_ns() - self._looked_ns >= SHARE * self._took_ns
        if not is_close:
            return self._different(snapshots.glance(self._seen))
        self._globals.find()
        began_ns = process_time_ns()
        found = self._different(snapshots.take(self._seen, within_phase=within_phase, has_started=has_started))
        found += self._changed_globals()
        self._looked_ns = process_time_ns()
        self._took_ns = self._looked_ns - began_ns
        return self._of_some(found, is_over=is_over)

    def rest(self) -> list[Change]:
        """Return what only shows at the end; from here on nothing has changed."""
        found = self.changes(is_over=True, is_fixture=True, within_phase=True)
        self._seen = {}
        return found

    def _different(self, now: dict[str, object]) -> list[Change]:
        before, self._seen = self._seen, now
        if before == now:
            return []
        if before["thread"] != now["thread"]:
            now["thread"] = snapshots.settled_threads(before["thread"])
        return list(snapshots.changes(before, now))

    def _changed_globals(self) -> list[Change]:
        before, self._globals_seen = self._globals_seen, self._globals.take()
        return list(self._globals.changes(before, self._globals_seen)) if before != self._globals_seen else []

    def _of_some(self, found: list[Change], *, is_over: bool) -> list[Change]:
        """Say how many tests it may have been; the one that goes on is one of the next ones too."""
        among, self._n_tests = max(1, self._n_tests), 0 if is_over else 1
        return [change if change.what in snapshots.GLANCED else replace(change, among=among) for change in found]

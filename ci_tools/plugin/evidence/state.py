"""What is otherwise in the process than at the last look, and which test it was of, or of how many it may be."""

from __future__ import annotations

from dataclasses import replace
from time import process_time_ns  # by name: tests replace it

from ci_tools.model.evidence import Change
from ci_tools.plugin.evidence import snapshots
from ci_tools.plugin.evidence.globals import Globals

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
        self._n_tests = self._n_tests_globals = 0  # begun since the last close look, and since that at globals

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
        self._n_tests_globals += 1

    def changes(
        self, *, is_over: bool, is_fixture: bool = False, within_phase: bool = False, has_started: bool = True
    ) -> list[Change]:
        """Return what has changed; `is_over`: a test has ended, `is_fixture`: a fixture begins or ends."""
        if not self._seen:
            return []
        began_ns = process_time_ns()
        has_time = self._is_thorough or began_ns - self._looked_ns >= SHARE * self._took_ns
        if not (has_time or is_fixture):
            now = snapshots.glance(self._seen)
            return self._different(now) if now else []
        found = self._different(snapshots.take(self._seen, within_phase=within_phase, has_started=has_started))
        among, self._n_tests = self._n_tests, int(not is_over)  # the one that goes on is one of the next ones too
        found = [change if change.what in snapshots.GLANCED else _of(change, among) for change in found]
        if has_time:
            found += self._changed_globals(is_over=is_over)
            self._looked_ns = process_time_ns()
            self._took_ns = self._looked_ns - began_ns
        return found

    def rest(self) -> list[Change]:
        """Return what only shows at the end; from here on nothing has changed."""
        self._took_ns = 0
        found = self.changes(is_over=True, within_phase=True)
        self._seen = {}
        return found

    def _different(self, now: dict[str, object]) -> list[Change]:
        before, self._seen = self._seen, now
        if before == now:
            return []
        if before["thread"] != now["thread"]:
            now["thread"] = snapshots.settled_threads(before["thread"])
        return list(snapshots.changes(before, now))

    def _changed_globals(self, *, is_over: bool) -> list[Change]:
        self._globals.find()
        before, self._globals_seen = self._globals_seen, self._globals.take()
        among, self._n_tests_globals = self._n_tests_globals, int(not is_over)
        if before == self._globals_seen:
            return []
        return [_of(change, among) for change in self._globals.changes(before, self._globals_seen)]


def _of(change: Change, among: int) -> Change:
    """Say how many tests it may have been."""
    return replace(change, among=max(1, among))

"""The locks around tests: which rooms each enters, in one order for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from ci_tools.model.errors import CiToolsError
from ci_tools.plugin.marks import Marked, Scope
from ci_tools.plugin.resources import LOCK_WAIT_S
from ci_tools.plugin.rooms import RUN, Rooms, room_of
from ci_tools.plugin.run import Run
from ci_tools.plugin.settings import CRASH_SAFE
from ci_tools.plugin.summary import tell
from ci_tools.store.host import host_dir

SERIAL = "serial tests"


@dataclass(frozen=True, slots=True)
class Place:
    """A room as one test enters it; `name` is for people."""

    name: str
    rooms: Rooms
    room: int
    alone: bool = True
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Places:
    """Where each test goes, in order; one that isn't in `of` goes where `others` do."""

    of: Mapping[pytest.Item, tuple[Place, ...]] = field(default_factory=dict)
    others: tuple[Place, ...] = ()


class Guard:
    """Around each test, outside of what limits its time or repeats it: enters its rooms, and leaves them."""

    def __init__(self, config: pytest.Config, places: Places, errors: Mapping[pytest.Item, CiToolsError]) -> None:
        self._config = config
        self._places = places
        self._errors = dict(errors)
        self._waited_s: dict[str, float] = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        with ExitStack() as entered:
            try:
                self._config.stash[LOCK_WAIT_S] = self._enter(item, entered)
            except OSError as error:  # the kernel sees a deadlock, with locks of the user's own
                self._errors[item] = CiToolsError(f"can't wait for what the test's marks name: {error.strerror}")
            yield

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        # After pytest's `skip` and `xfail(run=False)`, which are tryfirst; before any fixture.
        error = self._errors.get(item)
        if error is not None:
            hint = f"\nhint: {error.hint}" if error.hint else ""
            pytest.fail(f"xdist-ci: {error.fact}{hint}", pytrace=False)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        tell(self._config, waited_s=self._waited_s)

    def _enter(self, item: pytest.Item, entered: ExitStack) -> float:
        """Return how many seconds it took to get into all of the test's rooms."""
        total_s = 0.0
        for place in self._places.of.get(item, self._places.others):
            waited_s = place.rooms.enter(place.room, alone=place.alone, limit=place.limit)
            entered.callback(place.rooms.leave, place.room)
            if waited_s:
                total_s += waited_s
                self._waited_s[place.name] = self._waited_s.get(place.name, 0.0) + waited_s
        return total_s


def guard(config: pytest.Config, run: Run, found: Marked) -> Guard:
    """Return what is to be around the tests of this process; where locks can't be had, their tests fail."""
    try:
        return Guard(config, _places(config, run, found), found.errors)
    except CiToolsError as error:
        return Guard(config, Places(), dict.fromkeys(found.serial | found.uses.keys(), error) | found.errors)


def _places(config: pytest.Config, run: Run, found: Marked) -> Places:
    """Return where the tests go. A process without siblings has nobody of its own run to wait for."""
    worker = getattr(config, "workerinput", None)
    scopes = {use.scope for uses in found.uses.values() for use in uses}
    # Our own scheduler runs serial tests when all other workers have ended.
    has_serial = bool(found.serial) and worker is not None and CRASH_SAFE not in worker
    rooms: dict[Scope, Rooms] = {}
    if worker is not None and (has_serial or Scope.RUN in scopes):
        rooms[Scope.RUN] = Rooms(run.open() / "rooms")
    if scopes - {Scope.RUN}:
        rooms[Scope.HOST] = rooms[Scope.GLOBAL] = Rooms(host_dir() / "locks" / "rooms")
    others: tuple[Place, ...] = ()
    of: dict[pytest.Item, tuple[Place, ...]] = {}
    if has_serial:
        others = (Place(SERIAL, rooms[Scope.RUN], RUN, alone=False),)
        of = dict.fromkeys(found.serial, (Place(SERIAL, rooms[Scope.RUN], RUN),))
    for item, uses in found.uses.items():
        of[item] = of.get(item, others) + tuple(
            Place(repr(use.resource), rooms[use.scope], room_of(use.resource), use.alone, use.limit)
            for use in uses
            if use.scope in rooms
        )
    return Places(of, others)

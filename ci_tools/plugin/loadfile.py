"""pytest-xdist's `--dist loadfile`, with the plan's atoms as units and nothing lost when workers die.

Stock pytest-xdist (3.8) runs a crashed test again, and its file from the start, or waits for
ever (pytest-xdist#784, #714, #1323, #1327, #1378). Here a crashed test is reported once and what
was behind it is run by somebody else. Only what its `Scheduling` protocol says is relied on, and
of its own classes the check that all workers have collected the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

from ci_tools.model.plan import Plan
from ci_tools.model.trial import Order
from ci_tools.plugin import SETTINGS
from ci_tools.plugin.lanes import Lanes, Unit

# A worker needs its next test, or the word that there is none, before it starts the current one.
UNFINISHED = 1
SERIAL = "(serial)"


class AtomScheduling(LoadFileScheduling):
    """A worker has a lane of units, gets them late, and takes over from others when it is through.

    Serial tests wait until all workers but one have exited, then run on that one.
    """

    def __init__(
        self,
        config: pytest.Config,
        log: Any,
        *,
        plan: Plan,
        serial: Callable[[], frozenset[str]],
        is_open: Callable[[str], bool | None],
        tell: Callable[[str], None],
    ) -> None:
        """`is_open` says of a test: True it runs, False it has ended, None it never began."""
        super().__init__(config, log)
        self._plan = plan
        self._serial = serial
        self._is_open = is_open
        self._tell = tell
        self._lanes: Lanes | None = None
        self._parked: list[int] = []
        self._given_up = False
        self._units: dict[int, tuple[str, float]] = {}  # of each test: its unit, its predicted ms
        self._sent: dict[Any, dict[int, float]] = {}  # of each worker: unfinished tests, in order
        self._lane_of: dict[Any, int] = {}
        self._suspects: set[int] = set()

    # -- what pytest-xdist asks ------------------------------------------------------------

    @property
    def nodes(self) -> list[Any]:
        """The workers that are up, those that still collect included."""
        return list(self._sent)

    @property
    def collection_is_completed(self) -> bool:
        return self._lanes is not None or len(self.registered_collections) >= self.numnodes

    @property
    def has_pending(self) -> bool:
        return bool(self._lanes or self._parked or any(self._sent.values()))

    @property
    def tests_finished(self) -> bool:
        """Whether pytest-xdist may end the session as soon as the workers have exited."""
        if not self.collection_is_completed:
            return False
        if self._lanes or self._parked:
            return self._given_up
        return all(len(sent) <= UNFINISHED for sent in self._sent.values())

    def add_node(self, node: Any) -> None:
        assert node not in self._sent
        self._sent[node] = {}

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        """Take in what a worker has collected; one that replaces another must have found the same."""
        if self._lanes is not None and list(collection) != self.collection:
            self._tell(f"{node.gateway.id} has collected other tests than the worker it replaces: it is not used")
            node.shutdown()
            self._given_up = all(other.shutting_down for other in self.nodes)
            return
        self.registered_collections[node] = list(collection)

    def schedule(self) -> None:
        """Begin, or bring a worker in that replaces another."""
        if self._lanes is None:
            if not self._check_nodes_have_same_collection():
                return
            self.collection = list(next(iter(self.registered_collections.values())))
            if not self.collection:
                return
            self._divide(self.collection)
        self._feed_all()

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        sent = self._sent[node]
        sent.pop(item_index, None)
        if len(sent) <= UNFINISHED:
            self._feed(node)

    def mark_test_pending(self, item: str) -> None:
        """Run a test once more: how pytest-rerunfailures answers a crash."""
        assert self._lanes is not None and self.collection is not None
        self._put_back(0, [self.collection.index(item)])
        self._feed_all()

    def remove_node(self, node: Any) -> str | None:
        """Let a worker go that has exited or died; return the test that it died in, if any."""
        sent = list(self._sent.pop(node))
        if self._lanes is None:  # while collecting: the one that replaces it is to be waited for
            self.registered_collections.pop(node, None)
            return None
        lane = self._lane_of.pop(node, 0)
        crashed = self._crashed(sent)
        self._put_back(lane, sent)
        self._feed_all()
        return crashed

    # -- handing out -----------------------------------------------------------------------

    def _divide(self, collection: Sequence[str]) -> None:
        serial = self._serial()
        members: dict[str, list[int]] = {}
        expected_ms: dict[str, int | None] = {}
        for index, nodeid in enumerate(collection):
            if nodeid in serial:
                self._parked.append(index)
            else:
                name, expected_ms[name] = self._plan.unit(nodeid)
                members.setdefault(name, []).append(index)
        known_ms = {name: ms for name, ms in expected_ms.items() if ms is not None}
        n_known = sum(len(members[name]) for name in known_ms)
        mean_ms = sum(known_ms.values()) / n_known if n_known else 0.0
        units = [
            Unit(name, tuple(tests), known_ms[name] / len(tests) if name in known_ms else mean_ms)
            for name, tests in members.items()
        ]
        self._units = {index: (unit.name, unit.test_ms) for unit in units for index in unit.tests}
        self._lanes = Lanes(units, len(self.nodes), in_order=_has_order(self.config))
        for node in self.nodes:  # before any is fed: a lane without a worker is taken over
            self._lane(node)

    def _feed_all(self) -> None:
        for node in self.nodes:
            if len(self._sent[node]) <= UNFINISHED:
                self._feed(node)

    def _feed(self, node: Any) -> None:
        """Send units until the worker has one to begin and one to look ahead to; else let it go."""
        if self._lanes is None or node.shutting_down or node not in self.registered_collections:
            return
        lane = self._lane(node)
        while len(self._sent[node]) <= UNFINISHED:
            left_ms = {self._lane_of[other]: sum(self._sent[other].values()) for other in self._lane_of}
            unit = self._lanes.take(lane, left_ms)
            if unit is None:
                self._dismiss(node)
                return
            self._send(node, unit.tests, unit.test_ms)

    def _lane(self, node: Any) -> int:
        assert self._lanes is not None
        if node not in self._lane_of:
            free = set(range(len(self._lanes))) - set(self._lane_of.values())
            self._lane_of[node] = min(free) if free else self._lanes.add_lane()
        return self._lane_of[node]

    def _send(self, node: Any, tests: Sequence[int], test_ms: float) -> None:
        self._sent[node].update(dict.fromkeys(tests, test_ms))
        # A worker that has died and wasn't noticed yet: what it was sent comes back to us.
        with contextlib.suppress(OSError):
            node.send_runtest_some(list(tests))

    def _dismiss(self, node: Any) -> None:
        if self._parked and all(other.shutting_down for other in self.nodes if other is not node):
            if self.nodes == [node]:
                parked, self._parked = self._parked, []
                self._send(node, parked, 0.0)
                node.shutdown()
        else:
            node.shutdown()

    # -- when a worker dies ----------------------------------------------------------------

    def _crashed(self, sent: list[int]) -> str | None:
        """Take out of `sent` what needn't run again; return the id of the test to blame."""
        assert self.collection is not None
        while sent:
            nodeid: str = self.collection[sent[0]]
            is_open = self._is_open(nodeid)
            if is_open is None and sent[0] not in self._suspects:
                # Died between two tests. Should it happen here again, somebody runs tests
                # without telling, and this one is to blame.
                self._suspects.add(sent[0])
                return None
            del sent[0]
            if is_open is not False:
                return nodeid
        return None

    def _put_back(self, lane: int, tests: Iterable[int]) -> None:
        assert self._lanes is not None
        tests = list(tests)
        self._parked[:0] = [index for index in tests if index not in self._units]
        planned = [index for index in tests if index in self._units]
        units = [
            Unit(name, tuple(members), test_ms)
            for (name, test_ms), members in groupby(planned, key=self._units.__getitem__)
        ]
        self._lanes.put_back(lane, units)


def _has_order(config: pytest.Config) -> bool:
    """Return whether a trial asks for an order of its own; any other run's files go longest first."""
    settings = config.stash.get(SETTINGS, None)
    steering = settings.steering if settings else None
    return bool(steering and (steering.order is not Order.SAME or steering.tests))

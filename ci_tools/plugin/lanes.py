"""Which unit a worker takes next: from its own lane first, then the one that helps another most.

A lane is what the plan counts on for one worker, longest first: the plan's wall is that of these
lanes. Predictions being what they are, who has emptied its lane takes over from the others.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Tie-break of units without any predicted time: by their number of tests.
_TEST = 1e-6
# A unit is taken over if it would end sooner even were it so much longer: what another lane has left
# is overstated, by what has run of its current test, and fixtures are set up anew.
# 1.2 to 1.5 are alike in `benchmarks/in_shard.py`.
_CAUTION = 1.25


@dataclass(frozen=True, slots=True)
class Unit:
    """Tests that one worker runs as a whole; `tests` are positions in the collection, in order.

    `test_ms` is the predicted time of each of them.
    """

    name: str
    tests: tuple[int, ...]
    test_ms: float

    @property
    def ms(self) -> float:
        return len(self.tests) * (self.test_ms + _TEST)


class Lanes:
    """The units that no worker has been sent yet, one lane per worker."""

    def __init__(self, units: Iterable[Unit], n_lanes: int, *, in_order: bool = False) -> None:
        """Deal longest first, or `in_order`, each to the lane with the least work: what `plan.pack` counts on."""
        self._lanes: list[deque[Unit]] = [deque() for _ in range(n_lanes)]
        heap = [(0.0, lane) for lane in range(n_lanes)]
        for unit in units if in_order else sorted(units, key=lambda unit: (-unit.ms, unit.tests)):
            ms, lane = heap[0]
            self._lanes[lane].append(unit)
            heapq.heapreplace(heap, (ms + unit.ms, lane))

    def __bool__(self) -> bool:
        return any(self._lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    def take(self, lane: int, left_ms: Mapping[int, float]) -> Unit | None:
        """Return the unit that this lane's worker should have next, None when it can't help.

        `left_ms` is the work that each lane's worker has been sent and hasn't finished. A lane
        that is missing there has no worker: whatever is left in it is taken over.
        """
        if self._lanes[lane]:
            return self._lanes[lane].popleft()
        ends = {
            other: left_ms.get(other, math.inf) + sum(unit.ms for unit in units)
            for other, units in enumerate(self._lanes)
            if units
        }
        for other in sorted(ends, key=lambda other: (-ends[other], other)):
            for unit in self._lanes[other]:
                # It starts here after what is left here, and must clearly end sooner than over there.
                if left_ms.get(lane, 0.0) + _CAUTION * unit.ms < ends[other]:
                    self._lanes[other].remove(unit)
                    return unit
        return None

    def put_back(self, lane: int, units: Iterable[Unit]) -> None:
        """Put what a dead worker had left in front of its lane, its own order kept."""
        self._lanes[lane].extendleft(reversed(list(units)))

    def add_lane(self) -> int:
        """Return a new, empty lane."""
        self._lanes.append(deque())
        return len(self._lanes) - 1

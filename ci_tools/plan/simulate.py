"""When pytest-xdist's `--dist loadfile` would be done, by its own rules.

Source: pytest-xdist 3.8 `scheduler/loadscope.py`: each worker gets one unit, and one more
whenever it has at most two unfinished tests; files queue by number of tests, most first.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence

STOCK_UNFINISHED = 2


def stock_wall_ms(files_ms: Sequence[Sequence[int]], workers: int) -> int:
    """Return one shard's wall as pytest-xdist runs it; a file is its tests' milliseconds, in running order."""
    by_number = sorted((tests for tests in files_ms if tests), key=len, reverse=True)
    return wall_ms_in_order(by_number, workers, unfinished=STOCK_UNFINISHED)


def wall_ms_in_order(units_ms: Sequence[Sequence[int]], workers: int, *, unfinished: int) -> int:
    """Return the wall when units are handed out in this order, at most so many unfinished tests early."""
    queue = deque(deque(tests) for tests in units_ms)
    assigned: list[deque[int]] = [deque() for _ in range(workers)]
    for most in (0, unfinished):  # one unit each, then a second one to those that are short
        for own in assigned:
            if queue and len(own) <= most:
                own.extend(queue.popleft())
    running = [(own[0], worker) for worker, own in enumerate(assigned) if own]
    heapq.heapify(running)
    now = 0
    while running:
        now, worker = heapq.heappop(running)
        own = assigned[worker]
        own.popleft()
        if queue and len(own) <= unfinished:
            own.extend(queue.popleft())
        if own:
            heapq.heappush(running, (now + own[0], worker))
    return now

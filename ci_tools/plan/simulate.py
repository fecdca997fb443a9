"""When pytest-xdist's own `--dist loadfile` would be done, by its own rules.

Source: pytest-xdist 3.8 `scheduler/loadscope.py`: files queue by number of tests, most first;
each worker gets one file, and one more whenever it has at most two unfinished tests.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence

UNFINISHED = 2


def stock_wall_ms(files_ms: Sequence[Sequence[int]], workers: int) -> int:
    """Return the wall of one shard; each file is its tests' milliseconds, in running order."""
    queue = deque(sorted((deque(tests) for tests in files_ms if tests), key=len, reverse=True))
    assigned: list[deque[int]] = [deque() for _ in range(workers)]
    for _ in range(2):  # one file each, then a second one to those that are short
        for own in assigned:
            if queue and len(own) <= UNFINISHED:
                own.extend(queue.popleft())
    running = [(own[0], worker) for worker, own in enumerate(assigned) if own]
    heapq.heapify(running)
    now = 0
    while running:
        now, worker = heapq.heappop(running)
        own = assigned[worker]
        own.popleft()
        if queue and len(own) <= UNFINISHED:
            own.extend(queue.popleft())
        if own:
            heapq.heappush(running, (now + own[0], worker))
    return now

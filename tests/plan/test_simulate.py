"""`stock_wall_ms` against pytest-xdist's own scheduler, driven by nodes that only count milliseconds."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdist.scheduler.loadfile import LoadFileScheduling

from ci_tools.plan.simulate import stock_wall_ms


class Node:
    """A worker as the scheduler sees it: takes indices, runs them one after the other."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.shutting_down = False
        self.queue: deque[int] = deque()
        self.files: list[str] = []

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        self.queue.extend(indices)

    def shutdown(self) -> None:
        self.shutting_down = True


def by_xdist(files_ms: Sequence[Sequence[int]], workers: int) -> tuple[int, list[list[str]]]:
    """Return the wall and each worker's files in order, as pytest-xdist's own class hands them out."""
    tests = [(f"t{f}.py::test_{n}", ms) for f, file in enumerate(files_ms) for n, ms in enumerate(file)]
    config: Any = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=True),
        getvalue=lambda name: ["popen"] * workers,
        hook=None,
    )
    log: Any = SimpleNamespace(loadscopesched=lambda *_: None, loadfilesched=lambda *_: None)
    scheduler = LoadFileScheduling(config, log)
    nodes: list[Any] = [Node(number) for number in range(workers)]
    for node in nodes:
        scheduler.add_node(node)
    for node in nodes:
        scheduler.add_node_collection(node, [nodeid for nodeid, _ in tests])
    scheduler.schedule()

    now = 0
    running: list[tuple[int, int]] = []
    idle = set(range(workers))

    def start(number: int) -> None:
        node = nodes[number]
        # A worker keeps its last test back until it has another one, or is told to shut down.
        if number in idle and (len(node.queue) > 1 or (node.queue and node.shutting_down)):
            idle.discard(number)
            heapq.heappush(running, (now + tests[node.queue[0]][1], number))

    for number in range(workers):
        start(number)
    while running:
        now, number = heapq.heappop(running)
        index = nodes[number].queue.popleft()
        file = tests[index][0].partition("::")[0]
        if file not in nodes[number].files:
            nodes[number].files.append(file)
        idle.add(number)
        scheduler.mark_test_complete(nodes[number], index)
        for other in (number, *range(workers)):
            start(other)
    assert not any(node.queue for node in nodes), "a test was handed out and never ran"
    return now, [node.files for node in nodes]


def test_each_worker_takes_the_file_with_most_tests_first() -> None:
    files_ms = [[1], [1, 1, 1], [9, 9], [1, 1, 1, 1]]
    assert by_xdist(files_ms, 2) == (21, [["t3.py", "t0.py"], ["t1.py", "t2.py"]])
    assert stock_wall_ms(files_ms, 2) == 21


@pytest.mark.parametrize(
    ("files_ms", "workers", "wall"),
    [
        ([], 2, 0),
        ([[]], 2, 0),
        ([[7]], 4, 7),
        ([[0, 0], [0]], 2, 0),
        ([[5], [5]], 2, 5),
        ([[5], [5], [5]], 2, 10),
        ([[1, 1, 1], [100]], 1, 103),
        # A second file is handed out at once to who has at most two tests: the idle worker gets none.
        ([[10, 10], [10, 10], [1], [1]], 2, 21),
        ([[10], [1], [1], [10]], 2, 11),
    ],
)
def test_walls_are_those_of_pytest_xdist(files_ms: list[list[int]], workers: int, wall: int) -> None:
    assert (stock_wall_ms(files_ms, workers), by_xdist([f for f in files_ms if f], workers)[0]) == (wall, wall)


suites = st.lists(st.lists(st.integers(0, 10_000), min_size=1, max_size=6), max_size=14)


@settings(deadline=None, max_examples=300)
@given(suites, st.integers(1, 6))
def test_any_suites_wall_is_that_of_pytest_xdist(files_ms: list[list[int]], workers: int) -> None:
    assert stock_wall_ms(files_ms, workers) == by_xdist(files_ms, workers)[0]

"""pytest-xdist without its workers: its real scheduler classes, and ours, driven in simulated time.

The workers are imitated by the rules of pytest-xdist 3.8 (`remote.py`, `dsession.py`): a worker
takes its next test, or the word that there is none, before it starts its current one; it gives
tests back only if it still has all that are asked for. Messages take no time.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, LoadScheduling, WorkStealingScheduling

from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Plan
from ci_tools.plan.predict import PredictedFile
from ci_tools.plugin.loadfile import AtomScheduling

_LOG = Producer("simulated", enabled=False)
Scheduler = Any
MakeScheduler = Callable[[Any], Scheduler]  # of a pytest.Config
STOCK: Mapping[str, MakeScheduler] = {
    "loadfile": lambda config: LoadFileScheduling(config, _LOG),
    "load": lambda config: LoadScheduling(config, _LOG),
    "worksteal": lambda config: WorkStealingScheduling(config, _LOG),
}


def ours(plan: Plan) -> MakeScheduler:
    """Return what makes our scheduler, for a shard of this plan."""
    return lambda config: AtomScheduling(
        config, _LOG, plan=plan, serial=frozenset, is_open=lambda nodeid: None, tell=lambda text: None
    )


@dataclass(frozen=True, slots=True)
class Ran:
    """One simulated run: its wall, and of each file the number of tests and of workers that ran them."""

    wall: float
    tests_of: Mapping[str, int]
    workers_of: Mapping[str, int]


def simulate(make: MakeScheduler, collection: Sequence[str], times: Mapping[str, float], workers: int) -> Ran:
    """Return how `workers` workers run the collection when the tests really take these times."""
    session = _Session(make, collection, workers)
    wall = session.run(times)
    files: dict[str, set[_Worker]] = {}
    for worker in session.workers:
        for index in worker.done:
            files.setdefault(file_of(collection[index]), set()).add(worker)
    n_done = sum(len(worker.done) for worker in session.workers)
    assert n_done == len({index for worker in session.workers for index in worker.done}) == len(collection)
    return Ran(
        wall=wall,
        tests_of=Counter(map(file_of, collection)),
        workers_of={file: len(own) for file, own in files.items()},
    )


def shards_of(plan: Plan, files: Sequence[PredictedFile]) -> list[list[str]]:
    """Return what each shard collects: its files by path, a file's tests in its order."""
    shards: list[list[str]] = [[] for _ in plan.shards]
    for file in sorted(files, key=lambda file: file.file):
        for nodeid, _ in file.tests:
            shards[plan.owner(nodeid) - 1].append(nodeid)
    return shards


@dataclass(eq=False)
class _Worker:
    """A worker process and, for the scheduler, the node that stands for it."""

    gateway: Any
    stealing: deque[tuple[_Worker, list[int]]]
    queue: deque[int] = field(default_factory=deque)
    ready: list[int] = field(default_factory=list)  # taken from the queue: the current test, the next one
    done: list[int] = field(default_factory=list)
    shutting_down: bool = False
    is_running: bool = False
    is_gone: bool = False

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        self.queue.extend(indices)

    def send_steal(self, indices: Sequence[int]) -> None:
        self.stealing.append((self, list(indices)))

    def shutdown(self) -> None:
        self.shutting_down = True

    def give_back(self, indices: Sequence[int]) -> list[int]:
        """Give up all of these tests, or none if one of them is no longer in the queue."""
        asked = set(indices)
        stolen = [index for index in self.queue if index in asked]
        if len(stolen) != len(asked):
            return []
        self.queue = deque(index for index in self.queue if index not in asked)
        return stolen

    def starts(self) -> int | None:
        """Return the test that this worker begins now, if any."""
        while self.queue and len(self.ready) < 2:
            self.ready.append(self.queue.popleft())
        if self.is_running or not self.ready or (len(self.ready) < 2 and not self.shutting_down):
            return None
        self.is_running = True
        return self.ready[0]

    def ends(self) -> int:
        index = self.ready.pop(0)
        self.is_running = False
        self.done.append(index)
        if self.queue:  # before the controller has heard of it
            self.ready.append(self.queue.popleft())
        return index

    @property
    def is_through(self) -> bool:
        return self.shutting_down and not self.is_gone and not self.ready and not self.queue


class _Session:
    """The controller's loop over what the workers tell."""

    def __init__(self, make: MakeScheduler, collection: Sequence[str], workers: int) -> None:
        self._stealing: deque[tuple[_Worker, list[int]]] = deque()
        self.workers = [_Worker(SimpleNamespace(id=f"gw{index}"), self._stealing) for index in range(workers)]
        self._collection = list(collection)
        self._scheduler = make(_config(workers))

    def run(self, times: Mapping[str, float]) -> float:
        scheduler = self._scheduler
        for worker in self.workers:
            scheduler.add_node(worker)
        for worker in self.workers:
            scheduler.add_node_collection(worker, self._collection)
        scheduler.schedule()
        now = 0.0
        tiebreak = itertools.count()
        running: list[tuple[float, int, _Worker, float]] = []
        while True:
            self._settle()
            for worker in self.workers:
                index = worker.starts()
                if index is not None:
                    seconds = times[self._collection[index]]
                    heapq.heappush(running, (now + seconds, next(tiebreak), worker, seconds))
            if not running:
                assert all(worker.is_gone for worker in self.workers), "a worker waits for ever"
                return now
            now, _, worker, seconds = heapq.heappop(running)
            scheduler.mark_test_complete(worker, worker.ends(), seconds)

    def _settle(self) -> None:
        """Let the controller hear what takes no time: tests given back, workers that leave."""
        while True:
            if self._scheduler.tests_finished:
                for worker in self._scheduler.nodes:
                    worker.shutdown()
            through = [worker for worker in self.workers if worker.is_through]
            if self._stealing:
                worker, indices = self._stealing.popleft()
                self._scheduler.remove_pending_tests_from_node(worker, worker.give_back(indices))
            elif through:
                self._leave(through[0])
            else:
                return

    def _leave(self, worker: _Worker) -> None:
        worker.is_gone = True
        if worker in self._scheduler.nodes:
            crashed = self._scheduler.remove_node(worker)
            assert crashed is None, crashed


def _config(workers: int) -> Any:
    """Return what the schedulers ask of a pytest.Config."""
    options = {"tx": ["popen"] * workers, "maxschedchunk": None, "loadscopereorder": True}
    return SimpleNamespace(
        getvalue=options.__getitem__, getoption=options.__getitem__, option=SimpleNamespace(**options)
    )

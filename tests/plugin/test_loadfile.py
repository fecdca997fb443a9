"""Our scheduler against a model of pytest-xdist's session: workers that die at any moment."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from project import whole
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling
from xdist.workermanage import WorkerController

from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.plugin.loadfile import AtomScheduling
from ci_tools.plugin.schedule import Schedule

SHUTDOWN = "shutdown"


@dataclass(eq=False)
class Worker:
    """A worker as pytest-xdist's `remote.py` is: it begins a test when it knows the next thing."""

    name: str
    queue: list[Any] = field(default_factory=list)
    running: int | None = None
    ended: int | None = None  # its teardown is reported, the end of its protocol not yet
    is_up: bool = False
    is_dead: bool = False
    shutting_down: bool = False

    @property
    def gateway(self) -> SimpleNamespace:
        return SimpleNamespace(id=self.name)

    def send_runtest_some(self, indices: list[int]) -> None:
        assert self.is_up, "nobody knows yet what it has collected"
        if self.is_dead:
            raise OSError("cannot send (already closed?)")
        self.queue += indices

    def shutdown(self) -> None:
        self.shutting_down = True
        if not self.is_dead:
            self.queue.append(SHUTDOWN)

    @property
    def can_begin(self) -> bool:
        return self.is_up and self.running is self.ended is None and len(self.queue) >= 2 and self.queue[0] != SHUTDOWN

    @property
    def can_exit(self) -> bool:
        return self.is_up and not self.is_dead and self.running is self.ended is None and self.queue[:1] == [SHUTDOWN]


class Session:
    """DSession's loop: one event at a time, workers that died are replaced."""

    def __init__(
        self, plan: Plan, collection: list[str], serial: frozenset[str], n: int, chance: random.Random
    ) -> None:
        self.killers: frozenset[str] = frozenset()  # they kill their worker
        self.is_silent = False  # nobody logs that a test begins or ends
        config: Any = SimpleNamespace(
            getvalue=lambda name: [f"{n}*popen"], option=SimpleNamespace(tx=["popen"] * n), stash={}
        )
        self.open: dict[str, bool] = {}
        self.told: list[str] = []
        self.scheduler = AtomScheduling(
            config,
            Producer("test", enabled=False),
            plan=plan,
            serial=lambda: serial,
            is_open=self.open.get,
            tell=self.told.append,
        )
        self.collection, self.serial, self.chance = collection, serial, chance
        self.workers: list[Worker] = []
        self.n_started = 0
        self.shutting_down = False
        self.done: Counter[str] = Counter()
        self.crashed: Counter[str] = Counter()
        self.overlaps: list[str] = []
        self.homes: dict[str, set[str]] = {}
        for _ in range(n):
            self.start()

    def start(self) -> None:
        self.workers.append(Worker(f"gw{self.n_started}"))
        self.n_started += 1

    def run(self, deaths: int) -> None:
        """Let random things happen until all workers have gone; more than so many steps is a hang."""
        for worker in self.workers:
            self.scheduler.add_node(worker)
        for _ in range(20 * len(self.collection) + 200 * (deaths + 1)):
            if self.scheduler.tests_finished and not self.shutting_down:
                self.shutting_down = True
                for worker in self.scheduler.nodes:
                    worker.shutdown()
            events = [(self.up, w) for w in self.workers if not w.is_up and not w.is_dead]
            events += [(self.notice, w) for w in self.workers if w.is_dead]
            events += [(self.begin, w) for w in self.workers if w.can_begin]
            running = [w for w in self.workers if w.running is not None]
            events += [(self.die if self.collection[w.running or 0] in self.killers else self.end, w) for w in running]
            events += [(self.complete, w) for w in self.workers if w.ended is not None]
            events += [(self.exit, w) for w in self.workers if w.can_exit]
            if not events:
                break
            event, worker = self.chance.choice(events)
            if deaths and self.chance.random() < 0.3:
                deaths -= 1
                worker = self.chance.choice(self.workers)
                event = self.notice if worker.is_dead else self.die
            event(worker)
        assert self.workers == [], f"hangs: {[(w.name, w.queue, w.running) for w in self.workers]}"

    def up(self, worker: Worker) -> None:
        worker.is_up = True
        if self.shutting_down:
            return
        self.scheduler.add_node_collection(worker, self.collection)
        if self.scheduler.collection_is_completed:
            self.scheduler.schedule()

    def begin(self, worker: Worker) -> None:
        worker.running = worker.queue.pop(0)
        nodeid = self.collection[worker.running]
        if not self.is_silent:
            self.open[nodeid] = True
        self.homes.setdefault(nodeid.partition("::")[0], set()).add(worker.name)
        others = [self.collection[w.running] for w in self.workers if w is not worker and w.running is not None]
        alive = [w for w in self.workers if w is not worker and w.is_up and not w.shutting_down]
        if (nodeid in self.serial and others) or self.serial.intersection(others) or (nodeid in self.serial and alive):
            self.overlaps.append(nodeid)

    def end(self, worker: Worker) -> None:
        index = worker.running
        assert index is not None
        if not self.is_silent:
            self.open[self.collection[index]] = False
        self.done[self.collection[index]] += 1
        worker.running, worker.ended = None, index

    def complete(self, worker: Worker) -> None:
        index, worker.ended = worker.ended, None
        assert index is not None
        self.scheduler.mark_test_complete(worker, index)

    def exit(self, worker: Worker) -> None:
        self.workers.remove(worker)
        assert self.scheduler.remove_node(worker) is None

    def die(self, worker: Worker) -> None:
        """Die; pytest-xdist notices later, and may send it work until then."""
        worker.is_dead = True
        worker.running = worker.ended = None
        worker.queue.clear()

    def notice(self, worker: Worker) -> None:
        self.workers.remove(worker)
        crashed = self.scheduler.remove_node(worker)
        if crashed is not None:
            self.crashed[crashed] += 1
        self.shutting_down = False
        self.start()
        self.scheduler.add_node(self.workers[-1])


def plan_of(atoms: list[Atom]) -> Plan:
    return Plan(workers=2, shards=(Shard(index=1, expected_ms=0, atoms=tuple(atoms)),))


def session_of(seed: int) -> tuple[Session, int]:
    chance = random.Random(seed)
    n_files = chance.randint(1, 6)
    collection = [f"t{f}.py::test_{i}" for f in range(n_files) for i in range(chance.randint(1, 5))]
    serial = frozenset(nodeid for nodeid in collection if chance.random() < chance.choice([0, 0.3]))
    atoms = [whole(f"t{f}.py", ms=chance.choice([0, 10, 1000])) for f in range(n_files) if chance.random() < 0.8]
    return Session(plan_of(atoms), collection, serial, chance.randint(1, 4), chance), chance.randint(0, 6)


@pytest.mark.parametrize("block", range(8))
def test_whatever_dies_every_test_ends_once_and_the_session_ends(block: int) -> None:
    for seed in range(block * 500, (block + 1) * 500):
        session, deaths = session_of(seed)
        session.run(deaths)
        assert session.done + session.crashed == Counter(session.collection), seed
        assert session.overlaps == [], seed


def test_every_worker_begins_with_its_own_lane() -> None:
    """Nobody takes over from a worker that hasn't been handed its first unit yet."""
    collection = [f"t{index}.py::test" for index in range(4)]
    session = Session(plan_of([]), collection, frozenset(), 3, random.Random(0))
    for worker in session.workers:
        session.scheduler.add_node(worker)
    for worker in session.workers:
        session.up(worker)
    assert [[index for index in worker.queue if index != SHUTDOWN] for worker in session.workers] == [[0, 3], [1], [2]]


def test_a_unit_of_no_time_is_known_and_one_nobody_planned_takes_the_mean() -> None:
    """a.py and b.py go to different workers; c.py, planned at 0 ms, costs nobody; new.py is as long as b.py."""
    collection = ["a.py::test", "b.py::test", "c.py::test", "new.py::test"]
    plan = plan_of([whole("a.py", ms=1000), whole("b.py", ms=500), whole("c.py", ms=0)])
    session = Session(plan, collection, frozenset(), 2, random.Random(0))
    for worker in list(session.workers):
        session.scheduler.add_node(worker)
    for worker in session.workers:
        session.up(worker)
    sent = [[index for index in worker.queue if index != SHUTDOWN] for worker in session.workers]
    assert sent == [[0, 2], [1, 3]]


def test_a_test_that_always_kills_its_worker_is_blamed_once() -> None:
    for seed in range(1000):
        session, _ = session_of(seed)
        session.killers = frozenset(nodeid for nodeid in session.collection if session.chance.random() < 0.3)
        session.run(0)
        assert session.crashed == Counter(session.killers), seed
        assert session.done == Counter(set(session.collection) - session.killers), seed


def test_a_killer_whose_beginning_nobody_logs_is_blamed_the_second_time() -> None:
    for seed in range(1000):
        session, _ = session_of(seed)
        session.is_silent = True
        session.killers = frozenset(nodeid for nodeid in session.collection if session.chance.random() < 0.3)
        session.run(0)
        assert session.crashed == Counter(session.killers), seed
        assert session.done == Counter(set(session.collection) - session.killers), seed


def test_a_worker_that_dies_after_collecting_is_waited_for_anew() -> None:
    session = Session(plan_of([]), ["a.py::test"], frozenset(), 2, random.Random(0))
    first, second = session.workers
    for worker in list(session.workers):
        session.scheduler.add_node(worker)
    session.up(first)
    session.die(first)
    session.notice(first)
    session.up(second)
    assert not session.scheduler.collection_is_completed
    session.up(session.workers[-1])
    assert session.scheduler.collection_is_completed


def test_a_replacement_that_collected_other_tests_is_not_used_and_said_to_be() -> None:
    session = Session(plan_of([]), ["a.py::test_1", "a.py::test_2"], frozenset(), 1, random.Random(0))
    (worker,) = session.workers
    session.scheduler.add_node(worker)
    session.up(worker)
    session.begin(worker)
    session.die(worker)
    session.notice(worker)
    session.collection = ["a.py::test_1"]
    session.up(session.workers[-1])
    assert session.told == ["gw1 has collected other tests than the worker it replaces: it is not used"]
    assert session.scheduler.tests_finished and session.scheduler.has_pending


def test_without_a_death_a_file_stays_on_one_worker() -> None:
    for seed in range(300):
        session, _ = session_of(seed)
        session.run(0)
        torn = {file for file, homes in session.homes.items() if len(homes) > 1}
        assert torn <= {nodeid.partition("::")[0] for nodeid in session.serial}, seed


@pytest.mark.parametrize(
    ("owner", "name"),
    [(LoadScopeScheduling, "_check_nodes_have_same_collection"), (WorkerController, "send_runtest_some")],
)
def test_a_pytest_xdist_we_do_not_know_schedules_itself_and_we_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, owner: type, name: str
) -> None:
    monkeypatch.delattr(owner, name)
    said: list[str] = []
    terminal = SimpleNamespace(ensure_newline=lambda: None, write_line=said.append)
    config: Any = SimpleNamespace(
        option=SimpleNamespace(dist="loadfile"),
        pluginmanager=SimpleNamespace(get_plugin={"terminalreporter": terminal}.get),
        hook=SimpleNamespace(pytest_xdist_make_scheduler=SimpleNamespace(get_hookimpls=list)),
    )
    assert Schedule(config, plan_of([]), tmp_path).pytest_xdist_make_scheduler(config, None) is None
    assert said == [
        f"xdist-ci: this pytest-xdist is not known ({name} is missing): it schedules itself, not crash-safe"
    ]

"""Watch a running shard from outside: a stuck test, a stalled run, the deadline.

From outside, because a test that hangs within C code holds the interpreter of its process, and a
hanging controller its own.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ci_tools.formats import attempts_jsonl
from ci_tools.model.plan import Plan
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.words import count, duration, some
from ci_tools.shard.processes import is_alive, is_ours, send, stacks_of
from ci_tools.shard.tail import Tail, Worker

STUCK_FACTOR = 10
STUCK_AFTER_S = 60.0  # of tests whose time is known
UNKNOWN_AFTER_S = 600.0  # of others, of collecting, and of ending when all tests are reported
STALLED_AFTER_S = 60.0  # at least, and while tests are missing: a worker may be starting
LOGGED_STACKS = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`stuck_after_s`: None is the default, 0 never. `deadline_s` counts from the shard's start."""

    stuck_after_s: float | None = None
    deadline_s: float | None = None

    def of_test(self, longest_ms: int) -> float:
        """Return after how many seconds a test is stuck; `longest_ms` is 0 when nothing is known."""
        if self.stuck_after_s is None and not longest_ms:
            return UNKNOWN_AFTER_S
        least_s = STUCK_AFTER_S if self.stuck_after_s is None else self.stuck_after_s
        return max(least_s, STUCK_FACTOR * longest_ms / 1000)

    @property
    def of_silence_s(self) -> float:
        """After how many seconds without any event a run with tests missing is stalled."""
        return UNKNOWN_AFTER_S if self.stuck_after_s is None else max(self.stuck_after_s, STALLED_AFTER_S)


class Watch:
    """Looks at a shard every now and then: kills the worker of a stuck test, says when to stop."""

    def __init__(
        self, *, leader: int, bundle: Path, plan: Plan, limits: Limits, say: Callable[[str], None], now_s: float
    ) -> None:
        """`leader` is the process that we started; the others are in its session."""
        self.tail = Tail(bundle)
        self._leader = leader
        self._bundle = bundle
        self._plan = plan
        self._limits = limits
        self._say = say
        self._start_s = now_s
        self._unable: set[int] = set()

    def look(self, now_s: float) -> str:
        """Return why the command must be stopped, "" while it needn't."""
        self.tail.read(now_s)
        limits = self._limits
        if limits.deadline_s is not None and now_s - self._start_s > limits.deadline_s:
            self._show_running(now_s)
            return f"stopped at its deadline of {duration(limits.deadline_s)}{self._while_running()}"
        if limits.stuck_after_s == 0 or not self.tail.is_running:
            return ""
        for name, worker in list(self.tail.workers.items()):
            if worker.test and now_s - worker.since_s > self._limit_s(worker):
                reason = self._stuck(name, worker, now_s)
                if reason:
                    return reason
        return self._stalled(now_s)

    def _limit_s(self, worker: Worker) -> float:
        """Return when its test is stuck. A worker's first may set up what was recorded with another."""
        limit_s = self._limits.of_test(self._plan.longest_ms(worker.test))
        return limit_s if worker.is_warm else max(limit_s, self._limits.of_test(0))

    # -- a stuck test ----------------------------------------------------------------------

    def _stuck(self, name: str, worker: Worker, now_s: float) -> str:
        """Kill the worker, its test recorded as crashed; return why all must stop, if it must."""
        if worker.pid in self._unable or not is_alive(worker.pid):
            return ""
        test, age = worker.test, duration(now_s - worker.since_s)
        if not is_ours(worker.pid, self._leader):
            self._unable.add(worker.pid)
            self._say(f"{test} runs for {age}, but its process {worker.pid} can't be reached: it is left alone")
            return ""
        stacks = stacks_of(worker.pid, worker.stack_signal, self._stacks_path(name))
        # Stopped, it can't finish the test between our last look and the kill.
        send(worker.pid, signal.SIGSTOP)
        self.tail.read(now_s)
        if name not in self.tail.workers or worker.test != test:
            send(worker.pid, signal.SIGCONT)
            return ""
        message = f"stuck for {age}: its worker {name} was killed"
        self._record(
            Attempt(
                nodeid=test,
                outcome=Outcome.CRASHED,
                worker=name,
                start_s=time.time() - (now_s - worker.since_s),
                seconds=(0.0, now_s - worker.since_s, 0.0),
                message=message,
                text=stacks[-LOGGED_STACKS:],
            )
        )
        self._say(f"{test}: {message}\n{stacks[-LOGGED_STACKS:] or '(it wrote no stacks)'}\n")
        send(worker.pid, signal.SIGKILL)
        self.tail.read(now_s)
        return "" if name != "main" else f"stopped: {test} was {message}, and no other ran tests"

    def _record(self, attempt: Attempt) -> None:
        handle = os.open(self.tail.path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(handle, f"{attempts_jsonl.attempt_line(attempt)}\n".encode())
        finally:
            os.close(handle)

    def _stacks_path(self, name: str) -> Path:
        return self._bundle / "workers" / f"{os.path.basename(name)}.stacks"

    # -- a stalled run ---------------------------------------------------------------------

    def _stalled(self, now_s: float) -> str:
        """Return what is wrong with a run in which no test is running and nothing happens."""
        silence_s = now_s - self.tail.changed_s
        if silence_s <= self._limits.of_silence_s or not self.tail.changed_s:
            return ""
        alive = {name: worker for name, worker in self.tail.workers.items() if is_alive(worker.pid)}
        if any(worker.test for worker in alive.values()):
            return ""
        collecting = [name for name, worker in alive.items() if not worker.is_ready]
        self.tail.read_collected()
        missing = sorted(self.tail.selected - self.tail.done)
        if (collecting or not missing) and silence_s <= UNKNOWN_AFTER_S:
            return ""
        for name, worker in alive.items():
            self._show(name, worker, "has nothing to do" if worker.is_ready else "collects tests")
        if collecting:
            return f"stalled: {collecting[0]} has been collecting for {duration(silence_s)}"
        if missing:
            number = count(len(missing), "test")
            return f"stalled for {duration(silence_s)}: no worker runs a test, {number} not reported: {some(missing)}"
        return f"stalled for {duration(silence_s)}: all tests are reported, but pytest doesn't end"

    # -- what is going on ------------------------------------------------------------------

    def _show_running(self, now_s: float) -> None:
        for name, worker in self.tail.workers.items():
            if worker.test:
                self._show(name, worker, f"has been running {worker.test} for {duration(now_s - worker.since_s)}")

    def _show(self, name: str, worker: Worker, what: str) -> None:
        stacks = ""
        if is_ours(worker.pid, self._leader):
            stacks = stacks_of(worker.pid, worker.stack_signal, self._stacks_path(name))
        self._say(f"{name} {what}\n{stacks[-LOGGED_STACKS:]}\n")

    def _while_running(self) -> str:
        running = [worker.test for worker in self.tail.workers.values() if worker.test]
        return f" while running {some(running)}" if running else ""


def kill_left_over(tail: Tail, leader: int) -> None:
    """Kill workers that outlive their controller, or they would write on into a sealed bundle."""
    for worker in tail.workers.values():
        if is_ours(worker.pid, leader) and is_alive(worker.pid):
            send(worker.pid, signal.SIGKILL)

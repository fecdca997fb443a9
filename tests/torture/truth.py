"""The log that the tests of a suite write themselves: what began, what ended, who died."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Execution:
    """One execution of one test in one process; times are time.monotonic_ns().

    `end_ns` is None when the process never got behind the test's teardown. `dying_ns` is when
    the process said that it was about to die, `raised` whether a module's teardown broke in it.
    """

    nodeid: str
    pid: int
    begin_ns: int
    end_ns: int | None = None
    dying_ns: int | None = None
    raised: bool = False


@dataclass(slots=True, kw_only=True)
class Truth:
    """What ran, in the order it began; `deaths` are the processes that died, by process id."""

    executions: list[Execution]
    deaths: set[int]

    def of(self, nodeid: str) -> list[Execution]:
        return [execution for execution in self.executions if execution.nodeid == nodeid]

    def has_next(self, execution: Execution) -> bool:
        """Return whether another test began in the same process later: this one was over by then."""
        return any(other.pid == execution.pid and other.begin_ns > execution.begin_ns for other in self.executions)


def read_truth(lines: Iterable[str]) -> Truth:
    """Return the truth from `event ns pid name` lines; a torn last line is left out."""
    truth = Truth(executions=[], deaths=set())
    current: dict[int, Execution] = {}
    for line in lines:
        words = line.rstrip("\n").split(" ", 3)
        if len(words) == 4 and line.endswith("\n"):
            _take(words[0], int(words[1]), int(words[2]), words[3], truth, current)
    truth.deaths |= {pid for pid, execution in current.items() if execution.end_ns is None}
    return truth


def _take(event: str, ns: int, pid: int, name: str, truth: Truth, current: dict[int, Execution]) -> None:
    execution = current.get(pid)
    running = execution is not None and execution.end_ns is None
    if event == "begin":
        current[pid] = Execution(nodeid=name, pid=pid, begin_ns=ns)
        truth.executions.append(current[pid])
    elif event == "die":
        truth.deaths.add(pid)
        if execution is not None and running:
            execution.dying_ns = ns
    elif execution is not None and running:
        if event == "raise":
            execution.raised = True
        elif event == "end" and execution.nodeid == name:
            execution.end_ns = ns

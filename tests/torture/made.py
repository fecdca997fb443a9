"""Small suites and truths, made by hand for the tests of the judges."""

from __future__ import annotations

from .kinds import Kind, outcomes_of
from .suites import Case, Suite
from .truth import Truth, read_truth

A, B, C = "test_f0.py::test_a", "test_f0.py::test_b", "test_f1.py::test_c"


def suite(*, workers: int = 1, reruns: int = 0, maxfail: int = 0, serial: str = "", **kinds: str) -> Suite:
    """Three tests a, b, c; each passes unless its kind is given."""
    cases = tuple(
        Case(
            nodeid=nodeid,
            kind=Kind(kinds.get(nodeid[-1], "pass")),
            serial=nodeid == serial,
            outcomes=outcomes_of(Kind(kinds.get(nodeid[-1], "pass")), reruns),
        )
        for nodeid in (A, B, C)
    )
    return Suite(
        seed=0, theme="made", files=(), cases=cases, workers=workers, maxfail=maxfail, reruns=reruns,
        max_worker_restart=1,
    )  # fmt: skip


def truth(*words: str) -> Truth:
    """Events `begin 7 test`, one after the other, a second apart; 7 is the process id."""
    lines = []
    for second, word in enumerate(words):
        event, pid, name = word.split(" ", 2)
        lines.append(f"{event} {second * 10**9} {pid} {name}\n")
    return read_truth(lines)


def ran(*nodeids: str, pid: int = 7) -> list[str]:
    return [f"{event} {pid} {nodeid}" for nodeid in nodeids for event in ("begin", "end")]


WHOLE = truth(*ran(A, B, C))

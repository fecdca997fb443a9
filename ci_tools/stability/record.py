"""What a run of the study was for, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from ci_tools.model.run import Outcome
from ci_tools.model.trial import Conditions, Order
from ci_tools.stability.design import Factors

RAN = frozenset(Outcome) - {Outcome.SKIPPED, Outcome.UNKNOWN}


class Purpose(str, Enum):
    """Why a run: one of the design, or a question about one test."""

    DESIGN = "design"
    ALONE = "alone"  # the test and no other
    BEFORE = "before"  # what its worker had run before it, and it; one at a time
    AGAIN = "again"  # a run of the design once more


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A run that is wanted: the design's nth, or one that repeats it, maybe about one test.

    `tests` are run in this very order, those alone; () is the whole suite.
    """

    number: int
    conditions: Conditions
    purpose: Purpose = Purpose.DESIGN
    test: str = ""
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)  # no slots: what is asked of each test is kept
class Run:
    """What came of an `ask`.

    `outcomes` are by node id in the order in which the tests began, and so are `workers`. `messages` has
    a line of what each bad test said. `problem` says why the run proves nothing, "" when it does.
    """

    ask: Ask
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    workers: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    wall_s: float = 0.0
    problem: str = ""

    @property
    def number(self) -> int:
        return self.ask.number

    @property
    def conditions(self) -> Conditions:
        return self.ask.conditions

    @property
    def counts(self) -> bool:
        """Whether it is a run of the design that proves something."""
        return self.ask.purpose is Purpose.DESIGN and not self.problem

    @property
    def bad(self) -> tuple[str, ...]:
        return tuple(nodeid for nodeid, outcome in self.outcomes.items() if outcome.is_bad)

    @cached_property
    def is_beside(self) -> bool:
        """Whether tests ran beside others: on one worker none did, whatever `-n` was."""
        if self.conditions.workers in ("0", "1"):  # another name there is that of a crashed one's successor
            return False
        return len(set(self.workers.values())) > 1

    def before(self, nodeid: str) -> tuple[str, ...]:
        """Return what the test's worker ran up to it, and the test, in that order."""
        worker = self.workers.get(nodeid, "")
        own = [other for other in self.outcomes if self.workers.get(other, "") == worker]
        return tuple(own[: own.index(nodeid) + 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """All runs of a suite, in the order in which they were made.

    `stopped` says why they ended early, "" if not; `place` is the directory that they are kept in, "" if unknown.
    """

    factors: Factors
    command: tuple[str, ...]
    planned: int
    runs: tuple[Run, ...] = ()
    stopped: str = ""
    place: str = ""
    sequential: bool = False

    @property
    def design(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.ask.purpose is Purpose.DESIGN)

    @property
    def counted(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.counts)


def conditions_words(conditions: Conditions) -> str:
    """Return what a run was like, on one line: `-n 2, random order 4711, PYTHONHASHSEED=3, TZ=…, stress 2`."""
    order = f"random order {conditions.seed}" if conditions.order is Order.RANDOM else f"{conditions.order.value} order"
    words = [f"-n {conditions.workers}", order]
    words += [f"PYTHONHASHSEED={conditions.hash_seed}"] if conditions.hash_seed is not None else []
    words += [f"TZ={conditions.tz}"] if conditions.tz else []
    words += [f"stress {conditions.stress}"] if conditions.stress else []
    return ", ".join(words)


def name_of(number: int, conditions: Conditions) -> str:
    """Return what a run of the design is called on disk."""
    return f"run-{number:03}-n{conditions.workers}-{conditions.order.value}"


def in_worker(conditions: Conditions) -> bool:
    """Whether tests run in workers of pytest-xdist, be it a single one."""
    return conditions.workers != "0"


def ran_in(runs: Iterable[Run]) -> Counter[str]:
    """Return in how many of these runs each test has run; one that was skipped in all of them isn't there."""
    return Counter(nodeid for run in runs for nodeid, outcome in run.outcomes.items() if outcome in RAN)


def tests_of(runs: Iterable[Run]) -> tuple[str, ...]:
    """Return all tests of these runs, in the order in which they were first seen."""
    return tuple(dict.fromkeys(nodeid for run in runs for nodeid in run.outcomes))

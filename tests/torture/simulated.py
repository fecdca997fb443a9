"""A suite that isn't there: tests by how they behave, run in an instant under any conditions, by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_tools.model.nodeid import file_of
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.trial import Conditions, Order, Steering
from ci_tools.stability.conduct import Conduct, Wanted
from ci_tools.stability.design import Factors
from ci_tools.stability.judge import Report, judged
from ci_tools.trial.result import Result

WORKERS = {"auto": 4, "0": 1}


@dataclass(frozen=True)
class World:
    """What a test meets: the conditions, what its worker ran before it, what ran on other workers, chance."""

    conditions: Conditions
    before: Sequence[str]
    beside: Sequence[str]
    rng: random.Random


Behaviour = Callable[[World], bool]  # whether it is bad


def good(world: World) -> bool:
    return False


def always(world: World) -> bool:
    return True


def flaky(rate: float) -> Behaviour:
    return lambda world: world.rng.random() < rate


def victim_of(polluter: str) -> Behaviour:
    return lambda world: polluter in world.before


def in_need_of(other: str) -> Behaviour:
    return lambda world: other not in world.before


def disturbed_by(other: str, rate: float = 1.0) -> Behaviour:
    return lambda world: other in world.beside and world.rng.random() < rate


def crowded(world: World) -> bool:
    return bool(world.beside)


def in_worker(world: World) -> bool:
    return world.conditions.workers != "0"


def by_hash(world: World) -> bool:
    return (world.conditions.hash_seed or 0) % 2 == 1


def by_zone(world: World) -> bool:
    return world.conditions.tz == "Pacific/Kiritimati"


def under_load(world: World) -> bool:
    return world.conditions.stress > 0


@dataclass
class Suite:
    """Tests in the order of their files; `perform` is what `Series.run` is to a real one."""

    tests: Mapping[str, Behaviour]
    seed: int = 0
    calls: list[str] = field(default_factory=list)

    def perform(self, name: str, conditions: Conditions, steering: Steering) -> Result:
        self.calls.append(name)
        rng = random.Random(f"{self.seed} {len(self.calls)}")
        lanes = self._lanes(conditions, steering)
        attempts: dict[str, Attempt] = {}
        for worker, lane in enumerate(lanes):
            beside = [test for other in lanes if other is not lane for test in other]
            for place, test in enumerate(lane):
                world = World(conditions, lane[:place], beside, rng)
                outcome = Outcome.FAILED if self.tests[test](world) else Outcome.PASSED
                attempts[test] = Attempt(nodeid=test, outcome=outcome, worker=f"gw{worker}", message="it broke")
        return Result(
            conditions=conditions,
            attempts=attempts,
            selected=tuple(attempts),
            not_run=(),
            wall_s=1.0,
            exit_code=0,
            problem="",
            bundle=Path(name),
        )

    def _lanes(self, conditions: Conditions, steering: Steering) -> list[list[str]]:
        tests = list(steering.tests or self._ordered(conditions))
        n = WORKERS.get(conditions.workers) or int(conditions.workers)
        files = list(dict.fromkeys(map(file_of, tests)))
        return [[test for test in tests if files.index(file_of(test)) % n == worker] for worker in range(n)]

    def _ordered(self, conditions: Conditions) -> list[str]:
        tests = list(self.tests)
        if conditions.order is Order.RANDOM:
            random.Random(conditions.seed).shuffle(tests)
        return tests[::-1] if conditions.order is Order.REVERSE else tests


def studied(suite: Suite, *, runs: int, seed: int = 0, questions: int = 0, **factors: object) -> Report:
    """Return the report of a whole study of it."""
    wanted = Wanted(command=("pytest",), factors=Factors(seed=seed, **factors), runs=runs, questions=questions)  # type: ignore[arg-type]
    conduct = Conduct(wanted, suite.perform, lambda: 0.0)
    for _ in conduct:
        pass
    return judged(conduct.study)

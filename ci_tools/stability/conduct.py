"""Make the runs of a study, one after the other, until there are enough, the time is up, or nothing is left to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from ci_tools.model.errors import CiToolsError
from ci_tools.model.run import Attempt
from ci_tools.model.statistics import enough
from ci_tools.model.trial import Conditions, Steering
from ci_tools.model.words import count, duration
from ci_tools.stability.asks import next_ask
from ci_tools.stability.design import Factors, design
from ci_tools.stability.record import Ask, Purpose, Run, Study, name_of
from ci_tools.trial.result import Result

MESSAGE_CHARS = 300

Perform = Callable[[str, Conditions, Steering], Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to do: `runs` of the design, then up to `questions` about the bad tests, in `limit_s` seconds, None: any.

    `sequential` ends the design as soon as it is known how often the suite is red. The runs are kept in `place`.
    """

    command: tuple[str, ...]
    factors: Factors
    runs: int
    questions: int = 0
    limit_s: float | None = None
    sequential: bool = False
    place: str = ""


class Conduct:
    """A study that is being made; iterate over it to make its runs. `study` is what there is so far."""

    def __init__(self, wanted: Wanted, perform: Perform, now_s: Callable[[], float]) -> None:
        self._wanted = wanted
        self._perform = perform
        self._now_s = now_s
        self._start_s = now_s()
        self._longest_s = 0.0
        self._runs: list[Run] = []
        self.stopped = ""

    @property
    def study(self) -> Study:
        wanted = self._wanted
        return Study(
            factors=wanted.factors,
            command=wanted.command,
            planned=wanted.runs,
            runs=tuple(self._runs),
            stopped=self.stopped,
            place=wanted.place,
            sequential=wanted.sequential,
        )

    def __iter__(self) -> Iterator[Run]:
        for number, conditions in enumerate(islice(design(self._wanted.factors), self._wanted.runs), 1):
            if self._is_late() or self._knows_enough():
                break
            yield self._make(Ask(number=number, conditions=conditions), name_of(number, conditions))
        for number in range(1, self._wanted.questions + 1):
            ask = next_ask(self._runs)
            if ask is None or self._is_late():
                return
            yield self._make(ask, f"question-{number:03}-{ask.purpose.value}")

    def _make(self, ask: Ask, name: str) -> Run:
        begin_s = self._now_s()
        try:
            run = run_of(ask, self._perform(name, ask.conditions, Steering(tests=ask.tests)))
        except CiToolsError as error:
            if not self._runs:  # nothing works yet: a wrong command, most likely
                raise
            run = Run(ask=ask, problem=error.fact)
        if ask.purpose in (Purpose.DESIGN, Purpose.AGAIN):
            self._longest_s = max(self._longest_s, self._now_s() - begin_s)
        self._runs.append(run)
        return run

    def _is_late(self) -> bool:
        """Whether the time is up before one more run like the longest would be through; the first is always made."""
        limit_s = self._wanted.limit_s
        if limit_s is None or not self._runs or self._now_s() - self._start_s + self._longest_s <= limit_s:
            return False
        n_design = len(self.study.design)
        if not self.stopped:
            after = f"{duration(limit_s)} are up"
            self.stopped = f"{after}, after {n_design:,} of {count(self._wanted.runs, 'run')}"
        return True

    def _knows_enough(self) -> bool:
        counted = self.study.counted
        found = enough(sum(bool(run.bad) for run in counted), len(counted)) if self._wanted.sequential else ""
        if found:
            self.stopped = f"{found}: after {count(len(counted), 'run')} that is known well enough"
        return bool(found)


def run_of(ask: Ask, result: Result) -> Run:
    """Return what is kept of a trial."""
    attempts = result.attempts
    return Run(
        ask=ask,
        outcomes={nodeid: attempt.outcome for nodeid, attempt in attempts.items()},
        workers={nodeid: attempt.worker for nodeid, attempt in attempts.items()},
        messages={nodeid: _line(attempt) for nodeid, attempt in attempts.items() if attempt.outcome.is_bad},
        wall_s=result.wall_s,
        problem=result.problem,
    )


def _line(attempt: Attempt) -> str:
    return (attempt.message.strip().splitlines() or [""])[0][:MESSAGE_CHARS]

"""Go or no-go: may this suite be run in parallel?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ci_tools.model.errors import NO, UNJUDGED, YES
from ci_tools.model.words import count
from ci_tools.parallelize.compare import Comparison, compare
from ci_tools.parallelize.gates import Gate, Limits, State, gates_of
from ci_tools.parallelize.speed import Speed, speed_of
from ci_tools.trial.result import Result


class Answer(str, Enum):
    """The answer in one word; its exit code is that of the command."""

    GO = "go"
    NO_GO = "no-go"
    UNJUDGED = "not judged"

    @property
    def exit_code(self) -> int:
        return {Answer.GO: YES, Answer.NO_GO: NO, Answer.UNJUDGED: UNJUDGED}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run in numbers. `problem` is one line, "" for a run that came to its end."""

    arm: str
    workers: int
    wall_s: float
    n_tests: int
    n_failed: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that the reports show.

    `cpus` are those that may be used here, and what limits them; `out` is where the runs are kept.
    """

    answer: Answer
    reasons: tuple[str, ...]
    command: tuple[str, ...]
    out: str
    dist: str
    cpus: tuple[int, str]
    runs: tuple[Ran, ...]
    comparison: Comparison
    speed: Speed | None
    gates: tuple[Gate, ...]

    def of(self, arm: str) -> tuple[Ran, ...]:
        return tuple(run for run in self.runs if run.arm == arm)


def page_of(
    serial: Sequence[Result],
    parallel: Sequence[Result],
    *,
    command: tuple[str, ...],
    out: str,
    cpus: tuple[int, str],
    limits: Limits,
    marks: Mapping[str, Sequence[str]],
    ready: float | None = None,
) -> Page:
    """Compare, measure, hold against the gates, and answer. Both arms have a run; `ready` is in percent."""
    comparison = compare(serial, parallel)
    speed = speed_of(serial, parallel, marks=marks)
    gates = gates_of(limits, comparison, speed, ready)
    answer, reasons = _answer(serial, parallel, comparison, gates)
    return Page(
        answer=answer,
        reasons=reasons,
        command=command,
        out=out,
        dist=parallel[0].conditions.dist,
        cpus=cpus,
        runs=(*(_ran("serial", r) for r in serial), *(_ran("parallel", r) for r in parallel)),
        comparison=comparison,
        speed=speed,
        gates=gates,
    )


def _answer(
    serial: Sequence[Result], parallel: Sequence[Result], comparison: Comparison, gates: Sequence[Gate]
) -> tuple[Answer, tuple[str, ...]]:
    """No run in parallel can be held against a serial one that didn't end, or left tests out."""
    broken = [f"serial run {i}: {why}" for i, result in enumerate(serial, 1) if (why := _why_broken(result))]
    if broken:
        return Answer.UNJUDGED, tuple(broken)
    if not comparison.n_tests:
        return Answer.UNJUDGED, ("no test was selected",)
    failed = [gate for gate in gates if gate.state is State.FAILED]
    unknown = [gate for gate in gates if gate.state is State.UNKNOWN]
    if failed:
        return Answer.NO_GO, tuple(f"{gate.what}: {gate.value_text}, {gate.limit_text}" for gate in failed)
    if unknown:
        return Answer.UNJUDGED, tuple(f"{gate.what}: not measured, {gate.limit_text}" for gate in unknown)
    if not any(map(_is_parallel, parallel)):
        return Answer.UNJUDGED, ("one worker ran all tests: nothing was in parallel",)
    return Answer.GO, (f"{count(len(gates), 'gate')} passed",)


def _why_broken(result: Result) -> str:
    if result.problem:
        return result.problem.partition("\n")[0]
    return f"{count(len(result.not_run), 'test')} without a result" if result.not_run else ""


def _is_parallel(result: Result) -> bool:
    """Return whether two workers ran tests."""
    return len({attempt.worker for attempt in result.attempts.values() if attempt.phase != "collect"}) > 1


def _ran(arm: str, result: Result) -> Ran:
    return Ran(
        arm=arm,
        workers=result.workers,
        wall_s=result.wall_s,
        n_tests=len([a for a in result.attempts.values() if a.phase != "collect"]),
        n_failed=len(result.failed),
        problem=result.problem.partition("\n")[0],
    )

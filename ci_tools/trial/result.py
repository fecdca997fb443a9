"""What came of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_tools.merge.state import shard_state, unreported
from ci_tools.model.bundle import Bundle
from ci_tools.model.plan import Plan, Shard
from ci_tools.model.run import Attempt, Outcome, Session
from ci_tools.model.trial import Conditions, Steering
from ci_tools.model.words import some

# Of one shard that owns every test.
PLAN = Plan(workers=1, shards=(Shard(index=1, expected_ms=0, atoms=()),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a trial.

    `attempts` has the first one of each test, by node id, in the order in which they began: reruns
    mend nothing here. With `--dist each` they are by `worker nodeid`. `selected` are the tests of the
    run, by file, `not_run` those of them that have no attempt. `missing` were asked for and not found.
    `problem` says why the run can't be judged
    `workers` is how many there were, 0 without pytest-xdist.
    """

    conditions: Conditions
    attempts: Mapping[str, Attempt]
    selected: tuple[str, ...]
    not_run: tuple[str, ...]
    wall_s: float
    exit_code: int | None
    problem: str
    bundle: Path
    missing: tuple[str, ...] = ()
    workers: int = 0

    @property
    def failed(self) -> tuple[str, ...]:
        """The tests, and files that couldn't be collected, that were bad."""
        return tuple(nodeid for nodeid, attempt in self.attempts.items() if attempt.outcome.is_bad)


def result_of(
    bundle: Bundle, conditions: Conditions, path: Path, *, steering: Steering | None = None, last: str = ""
) -> Result:
    """Return what a bundle tells; `last` is what the command printed in the end."""
    steering = steering or Steering()
    state, reason = shard_state(bundle, PLAN)
    attempts = _attempts(bundle, each=conditions.dist == "each")
    selected, not_run = _selected(bundle, steering, attempts)
    found = {*selected, *not_run, *attempts}
    problem = "" if state.is_proof else f"{state.value}: {_uncollected(attempts) or reason}"
    return Result(
        conditions=conditions,
        attempts=attempts,
        selected=selected,
        not_run=not_run,
        missing=tuple(nodeid for nodeid in _asked(steering) if nodeid not in found),
        wall_s=_wall_s(bundle.sessions),
        exit_code=bundle.manifest.exit_code if bundle.manifest else None,
        problem=f"{problem}\n{last}".rstrip() if problem else "",
        bundle=path,
        workers=max((s.begin.workers for s in bundle.sessions if s.begin.dist != "no"), default=0),
    )


def _attempts(bundle: Bundle, *, each: bool) -> dict[str, Attempt]:
    attempts: dict[str, Attempt] = {}
    for attempt in sorted((a for s in bundle.sessions for a in s.attempts), key=lambda attempt: attempt.start_s):
        attempts.setdefault(f"{attempt.worker} {attempt.nodeid}" if each else attempt.nodeid, attempt)
    return attempts


def _wall_s(sessions: Sequence[Session]) -> float:
    """Return how long pytest took, 0 when it never came to its end."""
    if not sessions or not all(session.end_s for session in sessions):
        return 0.0
    return max(session.end_s for session in sessions) - min(session.begin.start_s for session in sessions)


def _asked(steering: Steering) -> tuple[str, ...]:
    """Return the tests that were asked for by name, named as attempts are."""
    lanes = [f"{worker} {nodeid}" for worker, tests in steering.lanes.items() for nodeid in tests]
    return tuple(dict.fromkeys(lanes or steering.tests))


def _selected(
    bundle: Bundle, steering: Steering, attempts: Mapping[str, Attempt]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tests of the run, and those without an attempt. Of lanes only one writes down what it selects."""
    if not steering.lanes:
        files = bundle.collection.files if bundle.collection else ()
        return tuple(dict.fromkeys(nodeid for file in files for nodeid in file.selected)), unreported(bundle)
    has_ended = all(session.has_ended for session in bundle.sessions)
    broken = {attempt.worker for attempt in attempts.values() if attempt.outcome is Outcome.CRASHED}
    asked = _asked(steering)
    selected = tuple(t for t in asked if t in attempts or not has_ended or t.partition(" ")[0] in broken)
    return selected, tuple(nodeid for nodeid in selected if nodeid not in attempts)


def _uncollected(attempts: Mapping[str, Attempt]) -> str:
    """Return which files couldn't be collected, "" when they all could."""
    files = [nodeid for nodeid, attempt in attempts.items() if attempt.phase == "collect" and attempt.outcome.is_bad]
    return f"not collected: {some(files)}" if files else ""

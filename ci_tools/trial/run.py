"""Run the user's command once as a trial asks for, and return what every test did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ci_tools.formats import trial_json
from ci_tools.merge.read import read_bundle
from ci_tools.merge.state import shard_state, unreported
from ci_tools.model.bundle import Bundle
from ci_tools.model.plan import Plan, Shard
from ci_tools.model.run import Attempt
from ci_tools.model.trial import Conditions, Steering
from ci_tools.shard.run import Job, Running, sessions_of, start, wait
from ci_tools.shard.watch import Limits
from ci_tools.store.files import write_text

# Of one shard that owns every test.
PLAN = Plan(workers=1, shards=(Shard(index=1, expected_ms=0, atoms=()),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What to run: `out` is a directory of this trial's own, `steering` what its conditions don't say."""

    command: tuple[str, ...]
    out: Path
    conditions: Conditions = field(default_factory=Conditions)
    steering: Steering = field(default_factory=Steering)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a trial.

    `attempts` has the first one of each test, by node id, in the order in which they began: reruns
    mend nothing here. With `--dist each` they are by `worker nodeid`. `selected` are the tests of the
    run, by file, `not_run` those of them that have no attempt. `problem` says why the
    run can't be judged ("" when it can): pytest broke, was killed, stalled. `wall_s` is pytest's own, from its
    first to its last line.
    """

    conditions: Conditions
    attempts: Mapping[str, Attempt]
    selected: tuple[str, ...]
    not_run: tuple[str, ...]
    wall_s: float
    exit_code: int | None
    problem: str
    bundle: Path

    @property
    def failed(self) -> tuple[str, ...]:
        """The tests, and files that couldn't be collected, that were bad."""
        return tuple(nodeid for nodeid, attempt in self.attempts.items() if attempt.outcome.is_bad)


def run_trial(
    trial: Trial,
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None],
    follow: Callable[[Running], None] | None = None,
) -> Result:
    """Run it to its end; `follow` is given the run as soon as it has started (signals, progress).

    The command's output is in `out/output.log`. Raises CiToolsError when the command can't be started,
    or ran without the plugin; UsageError when `out` holds a trial already.
    """
    trial.out.mkdir(parents=True, exist_ok=True)
    steering = replace(
        trial.steering,
        **{name: getattr(trial.conditions, name) for name in ("workers", "dist", "order", "seed")},
    )
    told = trial.out / "trial.json"
    write_text(told, trial_json.dumps(steering))
    job = Job(plan=PLAN, shard=1, out=trial.out, command=trial.command, limits=trial.limits)
    with (trial.out / "output.log").open("wb") as log, stressed(trial.conditions.stress):
        running = start(job, {**environ, **_environment(trial, told)}, say=say, output=log)
        if follow:
            follow(running)
        manifest = wait(running)
    sessions_of(job, manifest)
    return result_of(read_bundle(job.bundle), trial.conditions, job.bundle)


def _environment(trial: Trial, told: Path) -> dict[str, str]:
    """Return what the command's environment has for this trial."""
    conditions = trial.conditions
    env = {"XDIST_CI_TRIAL": str(told.absolute())}
    if not trial.steering.as_is:
        env["XDIST_CI_TRIAL_QUIET"] = "1"
    if conditions.hash_seed is not None:
        env["PYTHONHASHSEED"] = str(conditions.hash_seed)
    if conditions.tz:
        env["TZ"] = conditions.tz
    return env


@contextmanager
def stressed(processes: int):  # type: ignore[no-untyped-def]
    """Keep the CPUs busy meanwhile."""
    yield


def result_of(bundle: Bundle, conditions: Conditions, path: Path) -> Result:
    """Return what a bundle tells."""
    state, reason = shard_state(bundle, PLAN)
    attempts: dict[str, Attempt] = {}
    each = conditions.dist == "each"
    for attempt in sorted((a for s in bundle.sessions for a in s.attempts), key=lambda attempt: attempt.start_s):
        attempts.setdefault(f"{attempt.worker} {attempt.nodeid}" if each else attempt.nodeid, attempt)
    selected = tuple(
        nodeid for file in (bundle.collection.files if bundle.collection else ()) for nodeid in file.selected
    )
    sessions = bundle.sessions
    return Result(
        conditions=conditions,
        attempts=attempts,
        selected=selected,
        not_run=tuple(unreported(bundle)),
        wall_s=max((s.end_s for s in sessions), default=0.0) - min((s.begin.start_s for s in sessions), default=0.0),
        exit_code=bundle.manifest.exit_code if bundle.manifest else None,
        problem="" if state.is_proof else f"{state.value}: {reason}",
        bundle=path,
    )

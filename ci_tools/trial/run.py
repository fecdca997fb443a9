"""Run the user's command once as a trial asks for, and return what every test did."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ci_tools.formats import trial_json
from ci_tools.merge.read import read_bundle
from ci_tools.model.errors import CiToolsError
from ci_tools.model.run import Manifest
from ci_tools.model.trial import Conditions, Steering
from ci_tools.report.inert import block
from ci_tools.shard.run import POLL_S, Job, Running, sessions_of, start
from ci_tools.shard.watch import Limits
from ci_tools.store.files import write_text
from ci_tools.trial.result import PLAN, Result, result_of
from ci_tools.trial.stress import stressed

__all__ = ["PLAN", "Result", "Trial", "read_trial", "run_trial"]

_LAST_BYTES = 64_000
_LAST_LINES = 12
_LAST_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What to run: `out` is a directory of this trial's own, `steering` what its conditions don't say."""

    command: tuple[str, ...]
    out: Path
    conditions: Conditions = field(default_factory=Conditions)
    steering: Steering = field(default_factory=Steering)
    limits: Limits = field(default_factory=Limits)

    @property
    def job(self) -> Job:
        return Job(plan=PLAN, shard=1, out=self.out, command=self.command, limits=self.limits)

    @property
    def asked(self) -> Steering:
        """What the plugin is told, conditions included."""
        conditions = self.conditions
        return replace(
            self.steering,
            workers=conditions.workers,
            dist=conditions.dist,
            order=conditions.order,
            seed=conditions.seed,
        )


def run_trial(
    trial: Trial,
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None],
    follow: Callable[[Running], None] | None = None,
    look: Callable[[Running], None] | None = None,
) -> Result:
    """Run it to its end; a test that is asked for twice runs once.

    `follow` is given the run as soon as it has started (signals), `look` again and again until it has ended
    (progress). The command's output is in `out/output.log`. Raises CiToolsError when the command can't be
    started, or ran without the plugin; UsageError when `out` holds a trial already; KeyboardInterrupt when
    a signal has ended it.
    """
    trial.out.mkdir(parents=True, exist_ok=True)
    told = trial.out / "trial.json"
    write_text(told, trial_json.dumps(trial.asked))
    with (trial.out / "output.log").open("wb") as log, stressed(trial.conditions.stress):
        running = start(
            trial.job,
            {**environ, **_environment(trial, told)},
            say=lambda text: say(text.removeprefix(f"{trial.job.name}: ")),  # nobody has asked for shards
            output=log,
        )
        if follow:
            follow(running)
        manifest = _wait(running, look)
    if manifest.stopped.startswith("interrupted"):
        raise KeyboardInterrupt
    try:
        sessions_of(trial.job, manifest)
    except CiToolsError as error:
        raise CiToolsError(f"{error.fact}\n{last_lines(trial.out / 'output.log')}".rstrip(), hint=error.hint) from None
    return read_trial(trial)


def _wait(running: Running, look: Callable[[Running], None] | None) -> Manifest:
    while not running.poll():
        if look:
            look(running)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.process.wait(POLL_S)
    return running.seal()


def read_trial(trial: Trial) -> Result:
    """Return the result of a trial that has run."""
    path = trial.job.bundle
    last = last_lines(trial.out / "output.log")
    return result_of(read_bundle(path), trial.conditions, path, steering=trial.asked, last=last)


def last_lines(path: Path) -> str:
    """Return the last lines that a command printed, safe to show; "" when it printed none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LAST_BYTES))
            text = file.read().decode(errors="backslashreplace")
    except OSError:
        return ""
    return block("\n".join(text.rstrip().splitlines()[-_LAST_LINES:]), _LAST_CHARS)


def _environment(trial: Trial, told: Path) -> dict[str, str]:
    """Return what the command's environment has for this trial."""
    conditions = trial.conditions
    env = {"XDIST_CI_TRIAL": str(told.absolute())}
    if not trial.steering.as_is:
        env["XDIST_CI_TRIAL_QUIET"] = "1"
        env["COVERAGE_FILE"] = str((trial.out / ".coverage").absolute())  # of `coverage run -m pytest`
    if conditions.hash_seed is not None:
        env["PYTHONHASHSEED"] = str(conditions.hash_seed)
    if conditions.tz:
        env["TZ"] = conditions.tz
    return env

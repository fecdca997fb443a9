"""What `ci-tools run` tells the plugin, through the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_tools.formats import plan_json, trial_json
from ci_tools.model.errors import CiToolsError
from ci_tools.model.plan import Plan
from ci_tools.model.trial import Steering
from ci_tools.store.files import read_text

PREFIX = "XDIST_CI_"
TRIAL = "XDIST_CI_TRIAL"  # the file that says what a trial asks for
PLUGIN = "ci_tools.plugin"
CRASH_SAFE = "xdist_ci_crash_safe"  # in a worker's input, when our scheduler looks after it
# On the controller: how many workers there are, and why, for the header.
WORKERS_BY: pytest.StashKey[str] = pytest.StashKey()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`out` is the bundle's directory; `shard` counts from 1; `workers` is `auto` or a number.

    `rerun` is n in the shard's nth re-run of the tests in `only`, in a fresh process. `steering` is
    what a trial asks for.
    """

    out: Path
    plan: Plan
    shard: int
    nonce: str
    workers: str
    rerun: int = 0
    only: frozenset[str] = frozenset()
    steering: Steering | None = None


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings; pytest.UsageError when the plan can't be read."""
    path = Path(environ["XDIST_CI_PLAN"])
    rerun = int(environ.get("XDIST_CI_RERUN", "0"))
    try:
        plan = plan_json.loads(read_text(path), source=str(path))
        only = json.loads(read_text(Path(environ["XDIST_CI_ONLY"]))) if rerun else []
        steering = _steering(Path(environ[TRIAL])) if TRIAL in environ else None
    except CiToolsError as error:
        raise pytest.UsageError(f"xdist-ci: {error.fact}") from None
    return Settings(
        out=Path(environ["XDIST_CI_OUT"]),
        plan=plan,
        shard=int(environ["XDIST_CI_SHARD"]),
        nonce=environ["XDIST_CI_NONCE"],
        workers=environ.get("XDIST_CI_WORKERS", "auto"),
        rerun=rerun,
        only=frozenset(only),
        steering=steering,
    )


def _steering(path: Path) -> Steering:
    return trial_json.loads(read_text(path), source=str(path))


def choose_workers(config: pytest.Config, settings: Settings) -> None:
    """Run with `-n auto --dist loadfile`, as far as the user hasn't chosen and xdist is there.

    Set on the parsed options: PYTEST_ADDOPTS would override what the project's addopts say.
    """
    option = config.option
    steering = settings.steering
    if steering:
        option.usepdb = option.trace = False  # nobody is there to talk to a debugger
    if not hasattr(option, "numprocesses"):
        if steering and steering.workers != "0":
            why = "xdist-ci: pytest-xdist isn't installed here, or turned off, and a run with workers needs it"
            raise pytest.UsageError(f"{why}: pip install pytest-xdist")
        return
    if steering:
        option.numprocesses = "auto" if steering.workers == "auto" else int(steering.workers)
        option.tx, option.dist = [], "no" if steering.workers == "0" else steering.dist
        option.distload, option.maxprocesses = False, None  # they would change these
    elif settings.rerun:  # as many as `ci-tools run` says, whatever the command's own -n
        option.numprocesses, option.tx, option.dist = int(settings.workers), [], "no"
    elif option.numprocesses is None and not option.tx and not option.usepdb:
        option.numprocesses = "auto" if settings.workers == "auto" else int(settings.workers)
    if option.numprocesses and option.dist == "no" and not option.distload:
        option.dist = "loadfile"  # where pytest-xdist would say `load`


def forget(environ: MutableMapping[str, str]) -> None:
    """Take ourselves out of the environment, so that a pytest started by a test is a plain one."""
    _remove(environ, "PYTHONPATH", environ.get("XDIST_CI_STAGE", ""), os.pathsep)
    _remove(environ, "PYTEST_PLUGINS", PLUGIN, ",")
    for name in [name for name in environ if name.startswith(PREFIX)]:
        del environ[name]


def _remove(environ: MutableMapping[str, str], name: str, entry: str, separator: str) -> None:
    rest = [item for item in environ.get(name, "").split(separator) if item != entry]
    if any(rest):
        environ[name] = separator.join(rest)
    else:
        environ.pop(name, None)

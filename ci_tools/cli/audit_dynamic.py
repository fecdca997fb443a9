"""`ci-tools audit --dynamic`: run the suite, watch what its tests touch, and replay those that meet."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ci_tools.audit.dynamic.as_json import as_json
from ci_tools.audit.dynamic.markdown import as_markdown
from ci_tools.audit.dynamic.study import (
    Study,
    directory_of,
    environment_of,
    pairs_to_replay,
    replay,
    watch,
    watched_conditions,
)
from ci_tools.audit.dynamic.text import as_text
from ci_tools.audit.finding import Severity
from ci_tools.cli.options import command_or_default
from ci_tools.cli.talk import say
from ci_tools.cli.trials import following
from ci_tools.model.errors import NO, UNJUDGED, YES, UsageError
from ci_tools.model.words import count
from ci_tools.store.files import write_text
from ci_tools.trial.series import MARK, Listener, Series

RENDERERS = {"text": as_text, "json": as_json, "markdown": as_markdown}


def run(args: argparse.Namespace) -> int:
    """Print what was found; 1 if tests of several files meet badly enough, 3 if the suite couldn't be watched."""
    if args.format not in RENDERERS:
        raise UsageError(f"--dynamic has no format {args.format!r}", hint=f"it has {', '.join(RENDERERS)}")
    if args.paths:
        raise UsageError(f"{args.paths[0]}: with --dynamic, paths are pytest's", hint="put them behind --")
    trials: Path = args.trials
    if not args.resume:
        _forget_pairs(trials)
    command = command_or_default(args.command)

    def series(name: str, listener: Listener, environ: Mapping[str, str]) -> Series:
        return Series(trials / name, command, {**os.environ, **environ}, say=say, resume=args.resume, listener=listener)

    conditions = watched_conditions(args.runs, workers=str(args.workers), seed=args.seed)
    with following(sys.stderr, len(conditions)) as listener:
        study = watch(series("watch", listener, {}), conditions)
    pairs = pairs_to_replay(study, args.pairs) if args.confirm else ()
    if pairs:
        say(f"replaying {count(len(pairs), 'pair')} of tests that meet")
        with following(sys.stderr, 2 * args.confirm * len(pairs)) as listener:
            outcomes = [
                replay(series(directory_of(pair), listener, environment_of(pair)), pair, args.confirm) for pair in pairs
            ]
        study = replace(study, outcomes=tuple(outcomes))
    _write(RENDERERS[args.format](study), args.out)
    return exit_code(study, args.fail_on or Severity.MEDIUM.value)


def _forget_pairs(trials: Path) -> None:
    """Remove the replays of an earlier study, and nothing else."""
    for directory in trials.glob("pair-*"):
        if (directory / MARK).is_file():
            shutil.rmtree(directory, ignore_errors=True)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    write_text(out, text)
    say(f"written: {out}")


def exit_code(study: Study, fail_on: str) -> int:
    """Return the command's exit code; `fail_on` is the least severity that fails, or `never`."""
    if any(run.problem for run in study.runs):
        return UNJUDGED
    order = [severity.value for severity in Severity]
    failing = order[: order.index(fail_on) + 1] if fail_on in order else []
    across = (conflict for conflict in study.conflicts if not conflict.within_file)
    return NO if any(conflict.severity.value in failing for conflict in across) else YES

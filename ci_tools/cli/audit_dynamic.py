"""`ci-tools audit --dynamic`: run the suite, watch what its tests touch, and replay those that meet."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from ci_tools.audit.dynamic.as_json import as_json
from ci_tools.audit.dynamic.markdown import as_markdown
from ci_tools.audit.dynamic.study import Study, directory_of, pairs_to_replay, replay, watch, watched_conditions
from ci_tools.audit.dynamic.text import as_text
from ci_tools.audit.finding import Severity
from ci_tools.audit.rules import RULES
from ci_tools.audit.settings import NEVER, settings_of
from ci_tools.cli.options import command_or_default
from ci_tools.cli.talk import say
from ci_tools.cli.trials import following
from ci_tools.model.errors import NO, UNJUDGED, YES, CiToolsError, UsageError
from ci_tools.model.words import count
from ci_tools.plan.pytest_config import find_config
from ci_tools.report.terminal import first_line, shown
from ci_tools.store.files import write_text
from ci_tools.store.tables import read_table
from ci_tools.trial.series import MARK, Listener, Series

RENDERERS = {"text": as_text, "json": as_json, "markdown": as_markdown}


def run(args: argparse.Namespace) -> int:
    """Print what was found; 1 if tests of several files meet badly enough, 3 if the suite couldn't be watched."""
    if args.format not in RENDERERS:
        raise UsageError(f"--dynamic has no format {args.format!r}", hint=f"it has {', '.join(RENDERERS)}")
    if args.paths:
        raise UsageError(f"{args.paths[0]}: with --dynamic, paths are pytest's", hint="put them behind --")
    fail_on = _fail_on(args)
    try:
        study = _studied(args, command_or_default(args.command))
    except KeyboardInterrupt:
        say("ci-tools: hint: the same command with --resume goes on from here")
        raise
    _write(RENDERERS[args.format](study), args.out)
    return exit_code(study, fail_on)


def _fail_on(args: argparse.Namespace) -> str:
    """Return the least severity that fails: the command line's, the project's, or `medium`."""
    table = read_table(find_config((), cwd=Path.cwd()).rootdir).table("audit")
    least = settings_of(table, RULES, fail_on=args.fail_on or "").fail_on
    return least.value if least else NEVER


def _studied(args: argparse.Namespace, command: tuple[str, ...]) -> Study:
    def series(name: str, listener: Listener) -> Series:
        return _series(args.trials / name, command, listener, resume=args.resume)

    conditions = watched_conditions(args.runs, workers=str(args.workers), seed=args.seed)
    with following(sys.stderr, len(conditions)) as listener:
        watching = series("watch", listener)  # kept to the end: its lock keeps others off the replays, too
        if not args.resume:
            _forget_pairs(args.trials)
        study = watch(watching, conditions)
    pairs = pairs_to_replay(study, args.pairs) if args.confirm else ()
    if not pairs:
        return study
    say(f"replaying {count(len(pairs), 'pair')} of tests that meet")
    with following(sys.stderr, 2 * args.confirm * len(pairs)) as listener:
        outcomes = [replay(series(directory_of(pair), listener), pair, args.confirm) for pair in pairs]
    return replace(study, outcomes=tuple(outcomes))


def _series(directory: Path, command: tuple[str, ...], listener: Listener, *, resume: bool) -> Series:
    def tell(text: str) -> None:
        say(shown(first_line(text)))  # the stacks of a stuck test are in its run's directory

    try:
        return Series(directory, command, os.environ, say=tell, resume=resume, listener=listener)
    except CiToolsError as error:
        raise type(error)(error.fact, hint=error.hint.replace("--out", "--trials")) from None


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
    if any(run.problem or run.unwatched for run in study.runs):
        return UNJUDGED
    order = [severity.value for severity in Severity]
    failing = order[: order.index(fail_on) + 1] if fail_on in order else []
    across = (conflict for conflict in study.conflicts if not conflict.within_file)
    return NO if any(conflict.severity.value in failing for conflict in across) else YES

"""`ci-tools stability`: run a suite often, at several levels and orders, and say how sure its results are."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

from ci_tools.cli.options import MAX_WORKERS, command_or_default, number, seconds
from ci_tools.cli.talk import say
from ci_tools.cli.trials import following
from ci_tools.model.errors import NO, UNJUDGED, YES, UsageError
from ci_tools.model.trial import Order
from ci_tools.model.words import count, duration
from ci_tools.plugin.cpus import usable_cpus
from ci_tools.report.terminal import shown
from ci_tools.shard.watch import Limits
from ci_tools.stability.as_json import as_json, seed_of
from ci_tools.stability.conduct import Conduct, Wanted, run_of
from ci_tools.stability.design import SEEDS, Factors, design
from ci_tools.stability.html import as_html
from ci_tools.stability.judge import Report, judged
from ci_tools.stability.markdown import as_markdown
from ci_tools.stability.record import Ask, conditions_words
from ci_tools.stability.text import as_text
from ci_tools.store.files import read_text, write_text
from ci_tools.trial.series import Series

TAKES_COMMAND = True
LEVELS = "0,1,2,auto"
MAX_LEVELS = 16
DIST = ("load", "loadscope", "loadfile", "loadgroup", "worksteal")
EXAMPLES = """\
examples:
  ci-tools stability                                          20 runs of python -m pytest
  ci-tools stability --runs 60 --minutes 30 -- pytest tests/unit
  ci-tools stability --levels 0,4 --order random --stress -- uv run pytest
  ci-tools stability --resume --runs 100                      go on where the last study ended

Each run differs: the number of workers, the order of the tests, PYTHONHASHSEED, TZ. Reruns are off.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.usage = "ci-tools stability [OPTION…] [-- COMMAND…]"
    _add_design(parser)
    parser.add_argument("--minutes", type=seconds, metavar="M", help="start no run that would end later than that")
    parser.add_argument(
        "--sequential",
        action="store_true",
        help="stop when it is known whether the suite is red in 1 %% or 10 %% of runs",
    )
    parser.add_argument(
        "--questions",
        type=number(0, 10_000, "number of questions"),
        default=30,
        metavar="N",
        help="further runs at most, to find out why tests are bad (default: 30)",
    )
    parser.add_argument("--stuck-after", type=seconds, metavar="S", help="end a test after S seconds (default: 600)")
    parser.add_argument("--resume", action="store_true", help="go on: runs that --out holds are not made again")
    parser.add_argument(
        "--replay",
        type=number(1, 1_000_000, "number of a run"),
        metavar="RUN",
        help="make this run of --seed once more",
    )
    parser.add_argument(
        "--out", type=Path, default=Path(".ci-tools/stability"), metavar="DIR", help="default: .ci-tools/stability"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="of what is printed (default: text)")


def _add_design(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runs", type=number(1, 100_000, "number of runs"), default=20, metavar="N", help="default: 20"
    )
    parser.add_argument(
        "--levels",
        type=_levels,
        default=_levels(LEVELS),
        metavar="LIST",
        help=f"of pytest-xdist's -n (default: {LEVELS})",
    )
    parser.add_argument(
        "--order", type=_orders, default=tuple(Order), metavar="LIST", help="of same, reverse, random (default: all)"
    )
    parser.add_argument("--dist", choices=DIST, default="loadfile", help="pytest-xdist's (default: loadfile)")
    parser.add_argument("--stress", action="store_true", help="every other run on a machine whose CPUs are busy")
    parser.add_argument(
        "--seed",
        type=number(0, SEEDS - 1, "seed"),
        metavar="N",
        help="of all that is random (default: another each time)",
    )


def _levels(text: str) -> tuple[str, ...]:
    workers = number(0, MAX_WORKERS, "number of workers")
    levels = tuple(level if level == "auto" else str(workers(level)) for level in map(str.strip, text.split(",")))
    if len(set(levels)) < len(levels) or len(levels) > MAX_LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r}: wanted up to {MAX_LEVELS} levels, each once")
    return levels


def _orders(text: str) -> tuple[Order, ...]:
    try:
        orders = tuple(Order(name.strip()) for name in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: wanted some of same, reverse, random") from None
    if len(set(orders)) < len(orders):
        raise argparse.ArgumentTypeError(f"{text!r}: wanted each order once")
    return orders


def run(args: argparse.Namespace) -> int:
    """Make the runs and say what they tell: 0 stable as far as seen, 1 not, 3 when it can't be judged."""
    command = command_or_default(args.command)
    if args.replay:
        return _replay(args, command)
    out: Path = args.out
    seed = args.seed if args.seed is not None else _earlier_seed(out / "report.json", resume=args.resume)
    wanted = Wanted(
        command=command,
        factors=_factors(args, seed),
        runs=args.runs,
        questions=args.questions,
        limit_s=None if args.minutes is None else 60 * args.minutes,
        sequential=args.sequential,
        place=str(out / "trials"),
    )
    say(f"{count(wanted.runs, 'run')}, seed {seed}, below {out}")
    report = _conduct(wanted, out, resume=args.resume, limits=Limits(stuck_after_s=args.stuck_after))
    print(FORMATS[args.format](report), end="")
    if args.format == "text":
        print(f"\npage  {out / 'report.html'}")
    return report.verdict.exit_code


def _factors(args: argparse.Namespace, seed: int) -> Factors:
    stress = (0, usable_cpus()[0]) if args.stress else (0,)
    return Factors(levels=args.levels, orders=args.order, stress=stress, dist=args.dist, seed=seed)


def _earlier_seed(path: Path, *, resume: bool) -> int:
    """Return the seed of the study to go on with, else a new one."""
    if resume and path.is_file():
        return seed_of(read_text(path), source=str(path))
    return secrets.randbelow(SEEDS)


def _conduct(wanted: Wanted, out: Path, *, resume: bool, limits: Limits) -> Report:
    """Make the runs; whatever ends them, the reports of those that were made are written."""
    with following(sys.stderr, wanted.runs) as listener:
        series = Series(out, wanted.command, os.environ, say=say, limits=limits, resume=resume, listener=listener)
        conduct = Conduct(wanted, series.run, time.monotonic)
        _write(judged(conduct.study), out)  # the seed, to go on with
        try:
            for _ in conduct:
                pass
        except KeyboardInterrupt:
            conduct.stopped = f"interrupted after {count(len(conduct.study.runs), 'run')}"
            say("ci-tools: hint: the same command with --resume goes on from here")
            raise
        finally:
            report = judged(conduct.study)
            _write(report, out)
    return report


def _write(report: Report, out: Path) -> None:
    for name, form in (("report.json", as_json), ("report.md", as_markdown), ("report.html", as_html)):
        write_text(out / name, form(report))


def _replay(args: argparse.Namespace, command: tuple[str, ...]) -> int:
    """Make one run of a design once more; 1 when a test is bad in it."""
    if args.seed is None:
        raise UsageError("--replay needs the --seed of the study", hint="paste the command that its report prints")
    conditions = next(islice(design(_factors(args, args.seed)), args.replay - 1, None))
    say(f"run {args.replay}: {conditions_words(conditions)}")
    series = Series(
        args.out.with_name(f"{args.out.name}-replay"),
        command,
        os.environ,
        say=say,
        limits=Limits(stuck_after_s=args.stuck_after),
    )
    run = run_of(Ask(number=args.replay, conditions=conditions), series.run("replay", conditions))
    bad = run.bad
    print(f"run {run.number} again: {len(bad):,} of {count(len(run.outcomes), 'test')} bad, {duration(run.wall_s)}")
    for nodeid in bad:
        print(f"  {shown(nodeid)}: {run.outcomes[nodeid].value}  {shown(run.messages[nodeid])}".rstrip())
    if run.problem:
        say(f"not judged: {run.problem}")
        return UNJUDGED
    return NO if bad else YES


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
    "html": as_html,
}

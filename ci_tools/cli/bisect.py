"""`ci-tools bisect`: find the tests that make another one fail, before it or beside it."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from ci_tools.bisect.as_json import as_json
from ci_tools.bisect.conduct import Wanted, bisect
from ci_tools.bisect.markdown import as_markdown
from ci_tools.bisect.runs import Runs
from ci_tools.bisect.text import as_text
from ci_tools.bisect.words import pytest_words
from ci_tools.cli.options import command_or_default, number, seconds
from ci_tools.cli.talk import say
from ci_tools.cli.trials import following
from ci_tools.model.errors import UsageError
from ci_tools.report.terminal import shown
from ci_tools.shard.watch import Limits
from ci_tools.store.files import write_text
from ci_tools.trial.series import Series

TAKES_COMMAND = True
FORMATS = {"text": as_text, "json": as_json, "markdown": as_markdown}
EXAMPLES = """\
examples:
  ci-tools bisect tests/test_cart.py::test_total      from the newest recorded run in which it failed
  ci-tools bisect tests/test_cart.py::test_total --from bundles -- uv run pytest
  ci-tools bisect tests/test_cart.py::test_total --after tests/test_shop.py::test_debug
  ci-tools bisect tests/test_cart.py::test_total --beside tests/test_files.py::test_cleanup

Where no run is recorded in which it failed, the suite is run serially and then in parallel to have one.
exit codes: 0 other tests make it fail · 1 it fails without any · 3 that can't be told: it failed in no run, or too few
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.usage = "ci-tools bisect TEST [OPTION…] [-- COMMAND…]"
    parser.add_argument("test", metavar="TEST", help="the test that fails, by its node id")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="DIR",
        help="recorded runs: bundles in or below it (default: where other commands leave them, the newest)",
    )
    parser.add_argument(
        "--after", action="append", default=[], metavar="TEST", help="suspect just these: run before it, in this order"
    )
    parser.add_argument(
        "--beside", action="append", default=[], metavar="TEST", help="suspect just these: run beside it"
    )
    parser.add_argument(
        "--runs",
        type=number(3, 1000, "number of runs"),
        default=5,
        metavar="K",
        help="how often a test that never failed is run before that counts (default: 5)",
    )
    parser.add_argument("--minutes", type=seconds, metavar="M", help="no run begins after that; say what is known")
    parser.add_argument(
        "--stuck-after", type=seconds, metavar="S", help="a test that runs for S seconds has failed (default: 600)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with what an interrupted bisection has in --out")
    parser.add_argument(
        "--out", type=Path, default=Path(".ci-tools/bisect"), metavar="DIR", help="default: .ci-tools/bisect"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")


def run(args: argparse.Namespace) -> int:
    """Bisect; 0 other tests make it fail, 1 it fails without any, 3 that can't be told."""
    _check(args)
    wanted = Wanted(
        test=args.test, source=args.source, after=tuple(args.after), beside=tuple(args.beside), runs=args.runs
    )
    with following(sys.stderr) as listener:
        series = Series(
            args.out,
            command_or_default(args.command),
            os.environ,
            say=say,
            limits=Limits(stuck_after_s=args.stuck_after),
            resume=args.resume,
            listener=listener,
        )
        runs = Runs(series, args.test, limit_s=args.minutes * 60 if args.minutes is not None else None)
        try:
            found = bisect(wanted, runs, Path(), _tell)
        except KeyboardInterrupt:
            say("ci-tools: hint: the same command with --resume goes on from here")
            raise
    options = () if args.stuck_after is None else ("--stuck-after", f"{args.stuck_after:g}")
    found = replace(found, command=tuple(args.command), options=options, pytest=_pytest(args.command, runs))
    for name, written in (("report.json", as_json(found)), ("report.md", as_markdown(found))):
        write_text(args.out / name, written)
    sys.stdout.write(FORMATS[args.format](found))
    return found.kind.exit_code


def _check(args: argparse.Namespace) -> None:
    suspects = [*args.after, *args.beside]
    if args.test in suspects or len(set(suspects)) < len(suspects):
        raise UsageError("a test is named twice", hint="TEST and those of --after and --beside are different ones")
    if suspects and args.source:
        raise UsageError("--from doesn't go with --after and --beside", hint="a recorded run names suspects of its own")
    if args.source and args.out.resolve() in (args.source.resolve(), *args.source.resolve().parents):
        raise UsageError(f"{args.source} is within --out, which is emptied", hint="choose another --out")


def _tell(text: str) -> None:
    say(f"- {shown(text)}")


def _pytest(command: tuple[str, ...], runs: Runs) -> tuple[str, ...]:
    """Return the command for node ids, () where they are relative to another directory than this one.

    Where plugins aren't loaded by themselves, pytest may not know pytest-xdist's -n.
    """
    if os.path.realpath(runs.rootdir) != os.getcwd():
        return ()
    has_n = runs.has_xdist and not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") and "no:xdist" not in command
    return pytest_words(command_or_default(command), has_xdist=has_n, is_path=os.path.exists)

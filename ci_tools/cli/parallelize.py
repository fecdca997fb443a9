"""`ci-tools parallelize`: run a suite serially and in parallel, and compare test by test: go or no-go."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ci_tools.cli.options import MAX_WORKERS, command_or_default, number, seconds
from ci_tools.cli.talk import say
from ci_tools.cli.trials import following
from ci_tools.formats import marks_json
from ci_tools.model.errors import CiToolsError
from ci_tools.model.trial import Conditions, Steering
from ci_tools.model.words import count
from ci_tools.parallelize.as_json import as_json
from ci_tools.parallelize.gates import Limits, limits_of
from ci_tools.parallelize.go import Page, page_of
from ci_tools.parallelize.html import as_html
from ci_tools.parallelize.markdown import as_markdown
from ci_tools.parallelize.text import as_text
from ci_tools.plan.pytest_config import find_config
from ci_tools.plugin.cpus import usable_cpus
from ci_tools.report.terminal import first_line, shown
from ci_tools.shard.watch import Limits as Watched
from ci_tools.store.files import read_text, write_text
from ci_tools.store.tables import read_table
from ci_tools.trial.result import Result
from ci_tools.trial.series import Series

TAKES_COMMAND = True
DIST = ("load", "loadscope", "loadfile", "loadgroup", "worksteal")
EXAMPLES = """\
examples:
  ci-tools parallelize                                    python -m pytest, twice each way
  ci-tools parallelize --runs 5 --workers 4 -- pytest tests/unit
  ci-tools parallelize --resume                           go on where an interrupted one ended

The suite runs as your command has it, with your plugins and coverage; only reruns, random orders and -x are off.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.usage = "ci-tools parallelize [OPTION…] [-- COMMAND…]"
    parser.add_argument(
        "--runs", type=number(1, 1_000, "number of runs"), default=2, metavar="N", help="of each kind (default: 2)"
    )
    parser.add_argument(
        "--workers", type=_workers, default="auto", metavar="W", help="pytest-xdist's -n (default: auto)"
    )
    parser.add_argument("--dist", choices=DIST, default="loadfile", help="pytest-xdist's (default: loadfile)")
    parser.add_argument("--stuck-after", type=seconds, metavar="S", help="end a test after S seconds (default: 600)")
    parser.add_argument("--resume", action="store_true", help="go on: runs that --out holds are not made again")
    parser.add_argument(
        "--out", type=Path, default=Path(".ci-tools/parallelize"), metavar="DIR", help="default: .ci-tools/parallelize"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="of what is printed (default: text)")


def _workers(text: str) -> str:
    return text if text == "auto" else str(number(1, MAX_WORKERS, "number of workers")(text))


def run(args: argparse.Namespace) -> int:
    """Run both ways and compare: 0 go, 1 no-go, 3 when it can't be judged."""
    command = command_or_default(args.command)
    out: Path = args.out
    limits = _limits()
    conditions = Conditions(workers=args.workers, dist=args.dist)
    say(f"{count(args.runs, 'serial run')} and {args.runs:,} in parallel, below {out}")
    serial, parallel = _results(args, command, conditions)
    page = page_of(
        serial,
        parallel,
        command=command,
        out=str(out),
        cpus=usable_cpus(),
        limits=limits,
        marks=_marks([*serial, *parallel]),
        ready=_ready() if limits.min_ready is not None else None,
    )
    for name, form in (("report.json", as_json), ("report.md", as_markdown), ("report.html", as_html)):
        write_text(out / name, form(page))
    print(FORMATS[args.format](page), end="")
    if args.format == "text":
        print(f"\npage  {out / 'report.html'}")
    return page.answer.exit_code


def _limits() -> Limits:
    """Return the project's gates; before anything is run, as they may be wrong."""
    return limits_of(read_table(find_config((), cwd=Path.cwd()).rootdir).table("gates"))


def _results(
    args: argparse.Namespace, command: tuple[str, ...], conditions: Conditions
) -> tuple[list[Result], list[Result]]:
    """Make the runs, the two kinds taking turns, so that the machine's moods meet both."""
    arms: dict[str, list[Result]] = {"serial": [], "parallel": []}
    steering = Steering(as_is=True)
    with following(sys.stderr, 2 * args.runs) as listener:
        series = Series(
            args.out,
            command,
            os.environ,
            say=lambda text: say(shown(first_line(text))),  # the stacks are in the report
            limits=Watched(stuck_after_s=args.stuck_after),
            resume=args.resume,
            listener=listener,
        )
        try:
            for arm, turn in turns(args.runs):
                asked = conditions if arm == "parallel" else Conditions()
                arms[arm].append(series.run(f"{arm}-{turn}", asked, steering))
        except KeyboardInterrupt:
            say("ci-tools: hint: the same command with --resume goes on from here")
            raise
    return arms["serial"], arms["parallel"]


def turns(n: int) -> Iterator[tuple[str, int]]:
    """Yield n runs of each kind: parallel, serial, serial, parallel, and so on.

    The very first run finds nothing in any cache: it is a parallel one, so as not to flatter them.
    """
    for turn in range(1, n + 1):
        order = ("parallel", "serial") if turn % 2 else ("serial", "parallel")
        yield from ((arm, turn) for arm in order)


def _marks(results: list[Result]) -> Mapping[str, tuple[str, ...]]:
    """Return node ids by mark, from the first run that wrote them down."""
    for result in results:
        path = result.bundle / "marks.json"
        if path.is_file():
            try:
                return marks_json.loads(read_text(path), source=path.name)
            except CiToolsError as error:
                say(f"no times by mark: {error.fact}")
    return {}


def _ready() -> float | None:
    """Return the share of tests that the static audit holds ready, in percent; None when it can't tell."""
    from ci_tools.audit.readiness import State
    from ci_tools.cli.audited import Request, audited

    try:
        readiness = audited(Request(), cwd=Path.cwd()).judged.readiness
    except CiToolsError as error:
        say(f"ci-tools: the gate min_ready is not measured: {error.fact}")
        return None
    return 100 * readiness.number(State.READY) / readiness.n_tests if readiness.n_tests else None


FORMATS: Mapping[str, Callable[[Page], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
    "html": as_html,
}

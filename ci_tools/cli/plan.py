"""`ci-tools plan`: decide which shard runs which test."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from ci_tools.cli.options import (
    DEFAULT_WORKERS,
    MAX_WORKERS,
    SHARDS,
    WORKERS,
    add_working_directory,
    enter_working_directory,
    read_durations,
    seconds,
    usd,
)
from ci_tools.cli.talk import say
from ci_tools.formats import cost_json, plan_json
from ci_tools.merge.judge import durations_of
from ci_tools.model.cost import Choice, RunCost
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Plan
from ci_tools.model.report import Report
from ci_tools.model.words import count
from ci_tools.plan.budget import budget_line, with_budget
from ci_tools.plan.choose import (
    Chosen,
    Terms,
    alternatives,
    best_value,
    fastest_within,
    fewest_for,
    forecast_line,
    terms_of,
    workers_of,
)
from ci_tools.plan.discover import discover
from ci_tools.plan.make import LPT, Work, make_plan, work_of
from ci_tools.plan.predict import Prediction, predict, sources_of
from ci_tools.plan.pytest_config import find_config
from ci_tools.plan.pytest_split import ALGORITHMS
from ci_tools.report.terminal import certificate_text
from ci_tools.store.files import read_text, write_text
from ci_tools.store.project import read_project

GUESSED_SHARDS = 8  # no guess buys more
EXAMPLES = """\
examples:
  ci-tools plan --shards 8                       the whole suite, times from .test_durations
  ci-tools plan --shards 8 --workers 2 tests/unit
  ci-tools plan --shards auto --target-minutes 7 --last-cost merged/cost.json
  ci-tools plan --shards auto --max-usd 0.50 --price-per-minute 0.006
  ci-tools plan --shards 4 --from-durations --durations times.json --format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument("paths", nargs="*", metavar="PATH", help="what pytest would be given; default: as pytest")
    parser.add_argument(
        "--shards", type=shards_or_auto, required=True, metavar="N", help="number of jobs, 1 to 256, or auto"
    )
    goal = parser.add_mutually_exclusive_group()
    goal.add_argument(
        "--target-minutes", type=seconds, metavar="M", help="auto: the fewest jobs that take no longer, set-up included"
    )
    goal.add_argument("--max-usd", type=usd, metavar="X", help="auto: the fastest that costs no more, by estimate")
    parser.add_argument(
        "--workers",
        type=WORKERS,
        metavar="W",
        help=f"workers in each job (default: as in the last run, {DEFAULT_WORKERS} when unknown)",
    )
    parser.add_argument(
        "--price-per-minute", type=usd, metavar="USD", help="of a job's runner (default: as in the last run)"
    )
    parser.add_argument(
        "--last-cost", type=Path, metavar="FILE", help="cost.json of the last run: its workers, set-up and price"
    )
    parser.add_argument(
        "--durations",
        type=Path,
        metavar="FILE",
        help="recorded times, pytest-split's format (default: .test_durations)",
    )
    parser.add_argument(
        "--from-durations", action="store_true", help="plan what the durations name, without a checkout"
    )
    parser.add_argument("--algorithm", choices=(LPT, *ALGORITHMS), default=LPT, help="how to split (default: lpt)")
    add_working_directory(parser)
    parser.add_argument("--out", type=Path, default=Path("plan.json"), metavar="FILE", help="default: plan.json")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")


def shards_or_auto(text: str) -> int | None:
    """Read a number of shards, None for `auto`; an argparse type."""
    return None if text == "auto" else SHARDS(text)


def run(args: argparse.Namespace) -> int:
    """Write the plan, print its certificate."""
    _check(args)
    enter_working_directory(args)
    last = _last_cost(args.last_cost)
    workers = args.workers or min(MAX_WORKERS, workers_of(last) or DEFAULT_WORKERS)
    terms = terms_of(last, args.price_per_minute)
    durations_s = read_durations(args.durations)
    prediction, keep_together, budget_usd = _suite(args.paths, durations_s, from_durations=args.from_durations)
    work = work_of(prediction, workers=workers, keep_together=keep_together)
    shards = args.shards
    if shards is None:
        chosen = _chosen(work, terms, target_minutes=args.target_minutes, max_usd=args.max_usd)
        shards = chosen.choice.shards
        say(chosen.why)
        if shards > GUESSED_SHARDS and not durations_s:
            say(f"that is guessed, as no test has a recorded time: {GUESSED_SHARDS} shards until one has")
            shards = GUESSED_SHARDS
    elif last or args.price_per_minute is not None:
        say(forecast_line(work, terms, shards))
    plan = make_plan(prediction, shards=shards, workers=workers, algorithm=args.algorithm, keep_together=keep_together)
    plan = with_budget(plan, budget_usd)
    if budget_usd is not None:
        say(budget_line(plan))
    write_text(args.out, plan_json.dumps(plan))
    say(f"wrote {args.out}")
    print(certificate_text(plan) if args.format == "text" else _summary_json(plan), end="")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Raise UsageError for options that don't go together."""
    goals = {"--target-minutes": args.target_minutes, "--max-usd": args.max_usd}
    given = [name for name, value in goals.items() if value is not None]
    if given and args.shards is not None:
        raise UsageError(f"{given[0]} chooses the number of shards", hint="say --shards auto")
    if args.shards is None and args.algorithm != LPT:
        raise UsageError(f"--shards auto is for {LPT}", hint="name the number of shards, or leave --algorithm out")


def _last_cost(path: Path | None) -> RunCost | None:
    """Return what the last run cost. It only helps to choose: a file that can't be read is said and left."""
    if path is None:
        return None
    try:
        cost = cost_json.loads_run(read_text(path), source=str(path))
    except CiToolsError as error:
        say(f"nothing is known of the last run: {error.fact}")
        return None
    say(f"{path}: what {count(len(cost.jobs), 'job')} cost")
    return cost


def _chosen(work: Work, terms: Terms, *, target_minutes: float | None, max_usd: Decimal | None) -> Chosen:
    if target_minutes is not None:
        return fewest_for(work, terms, target_minutes * 60)
    if max_usd is None:
        return best_value(work, terms)
    if terms.price.usd_per_minute is None:
        raise UsageError(
            "--max-usd: the price of a minute is unknown",
            hint="add --price-per-minute USD, or --last-cost with the cost.json of a run that has a price",
        )
    return fastest_within(work, terms, max_usd)


def plan_for(
    paths: Sequence[str],
    durations_s: Mapping[str, float],
    *,
    shards: int,
    workers: int,
) -> Plan:
    """Return the plan for what pytest would collect here; CiToolsError when that is nothing."""
    prediction, keep_together, budget_usd = _suite(paths, durations_s)
    plan = make_plan(prediction, shards=shards, workers=workers, keep_together=keep_together)
    return with_budget(plan, budget_usd)


def choices_for(report: Report, cost: RunCost) -> tuple[Choice, ...]:
    """Return what other numbers of shards would have taken, where one is clearly better value."""
    durations_s = durations_of(report.cases)
    workers = min(MAX_WORKERS, workers_of(cost) or report.workers)
    work = work_of(predict(sources_of(durations_s), durations_s), workers=workers)
    return alternatives(work, terms_of(cost), shards=len(report.shards))


def _suite(
    paths: Sequence[str], durations_s: Mapping[str, float], *, from_durations: bool = False
) -> tuple[Prediction, Sequence[str], Decimal | None]:
    """Return the tests with their times, globs of files to keep together, and the project's budget."""
    keep_together: Sequence[str] = ()
    rootdir = Path.cwd()
    if from_durations:
        sources = sources_of(durations_s)
        hint = "--from-durations needs a file with recorded times"
    else:
        config = find_config(paths, cwd=Path.cwd())
        sources = discover(config, also={file_of(nodeid) for nodeid in durations_s})
        keep_together, rootdir = config.keep_together, config.rootdir
        hint = f"looked below {', '.join(map(str, config.paths))} for {', '.join(config.python_files)}"
    if not sources:
        raise CiToolsError("no test file found", hint=hint)
    return predict(sources, durations_s), keep_together, read_project(rootdir).budget_usd


def _summary_json(plan: Plan) -> str:
    """Return digest, certificate and the shards' sums; the atoms are in the plan's own file."""
    document = {
        "format": "xdist-ci/plan-summary",
        "version": 1,
        "digest": plan.digest,
        "workers": plan.workers,
        "certificate": plan_json.certificate_document(plan.certificate) if plan.certificate else None,
        "shards": [
            {"index": shard.index, "expected_s": shard.expected_ms / 1000, "atoms": len(shard.atoms)}
            for shard in plan.shards
        ],
    }
    return json.dumps(document, indent=2) + "\n"

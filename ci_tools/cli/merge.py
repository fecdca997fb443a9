"""`ci-tools merge`: prove that every test ran exactly once, from the bundles of all shards."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ci_tools.cli.options import number
from ci_tools.cli.plan import choices_for
from ci_tools.cli.run import read_plan
from ci_tools.cli.talk import say
from ci_tools.formats import cost_json, durations_json, report_json
from ci_tools.github.context import context_or_none
from ci_tools.merge.cost import run_cost
from ci_tools.merge.judge import durations_of, merge, of_key, plan_of
from ci_tools.merge.outside import nothing_left
from ci_tools.merge.read import read_bundles
from ci_tools.model.bundle import Bundle
from ci_tools.model.cost import RunCost
from ci_tools.model.errors import YES, UsageError
from ci_tools.model.report import Conclusion, Report
from ci_tools.model.words import count
from ci_tools.report.cost import cost_lines
from ci_tools.report.junit import junit_xml
from ci_tools.report.markdown import RunFacts, summary
from ci_tools.report.terminal import shard_table, verdict_text
from ci_tools.store.files import write_text

EXAMPLES = """\
examples:
  ci-tools merge bundles                       what `ci-tools run` left in its --out
  ci-tools merge downloads --plan plan.json --out report --format json

Writes report.json, junit.xml, summary.md, cost.json and .test_durations (for the next plan, and for pytest-split).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR", help="bundles, or directories of bundles")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="default: the one in the bundles")
    parser.add_argument("--out", type=Path, default=Path("merged"), metavar="DIR", help="default: merged")
    parser.add_argument("--key", help="merge this matrix leg's bundles only (default: there is but one)")
    parser.add_argument(
        "--fail-on",
        choices=("any", "never"),
        default="any",
        help="any: a failed test is exit code 1; never: it is 0. What can't be proved is 3 in any case (default: any)",
    )
    parser.add_argument(
        "--needs", default="", metavar="JSON", help="GitHub's toJSON(needs): no job may have died unseen"
    )
    parser.add_argument(
        "--partial", action="store_true", help="some bundles could not be downloaded: nothing is proved, in any case"
    )
    parser.add_argument(
        "--since-attempt",
        type=number(1, 9999, "attempt"),
        default=1,
        metavar="A",
        help="all shards ran again in attempt A: older bundles only tell flips (default: 1)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")


def run(args: argparse.Namespace) -> int:
    """Merge, write the files, print table and verdict; the exit code is the verdict's."""
    needs = results_of(args.needs)
    bundles = of_key(read_bundles(args.directories, some=args.plan is None and not needs), args.key)
    if args.plan or bundles:
        plan = read_plan(args.plan) if args.plan else plan_of(bundles)
        sha = os.environ.get("GITHUB_SHA", "") if os.environ.get("GITHUB_ACTIONS") == "true" else ""
        report = merge(bundles, plan, sha=sha, since_attempt=args.since_attempt, needs=needs, is_partial=args.partial)
    else:
        report = nothing_left(needs, is_partial=args.partial)
    cost = cost_of(report, bundles)
    write_report(report, cost, args.out, context=run_facts(os.environ, args.key or ""))
    say(f"{count(len(bundles), 'bundle')} merged into {args.out}")
    if args.format == "json":
        print(report_json.dumps(report), end="")
    else:
        print(f"{shard_table(report.shards)}\n{verdict_text(report)}{cost_text(cost)}", end="")
    if report.conclusion is Conclusion.FAILED and args.fail_on == "never":
        return YES
    return report.conclusion.exit_code


def results_of(needs: str) -> dict[str, str]:
    """Return the result of each job in GitHub's `toJSON(needs)`; UsageError when it is something else."""
    try:
        jobs = json.loads(needs) if needs else {}
    except (ValueError, RecursionError):
        jobs = None
    if not isinstance(jobs, dict) or not all(
        isinstance(job, dict) and isinstance(job.get("result"), str) for job in jobs.values()
    ):
        raise UsageError("--needs isn't GitHub's needs context", hint="say needs: ${{ toJSON(needs) }}")
    return {name: job["result"] for name, job in jobs.items()}


def cost_of(report: Report, bundles: Sequence[Bundle]) -> RunCost:
    """Return what the run cost, and after a complete one what other numbers of shards would."""
    cost = run_cost(bundles)
    if report.conclusion is Conclusion.INCOMPLETE:
        return cost
    return replace(cost, choices=choices_for(report, cost))


def cost_text(cost: RunCost) -> str:
    """Return the cost as lines below the verdict."""
    return "".join(f"{line}\n" for line in cost_lines(cost))


def run_facts(environ: Mapping[str, str], key: str) -> RunFacts:
    """Return what the summary says of the run it is of; on a laptop nothing."""
    context = context_or_none(environ, lambda why: say(f"nothing is known of this run: {why}"))
    if context is None:
        return RunFacts(key=key)
    return RunFacts(key=key, run_url=context.run_url, attempt=context.run_attempt, sha=context.head_sha)


def write_report(report: Report, cost: RunCost, out: Path, *, context: RunFacts | None = None) -> None:
    """Write `report.json`, `junit.xml`, `summary.md`, `cost.json` and `.test_durations`."""
    write_text(out / "report.json", report_json.dumps(report))
    write_text(out / "junit.xml", junit_xml(report))
    write_text(out / "summary.md", summary(report, context=context, cost_lines=cost_lines(cost)))
    write_text(out / "cost.json", cost_json.dumps(cost))
    write_text(out / ".test_durations", durations_json.dumps(durations_of(report.cases)))

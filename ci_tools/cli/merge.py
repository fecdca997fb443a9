"""`ci-tools merge`: prove that every test ran exactly once, from the bundles of all shards; or merge any JUnit XML."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from ci_tools.cli.known import add_known, earlier_runs, place_of, quarantine_in, record_run
from ci_tools.cli.options import number
from ci_tools.cli.plan import choices_for
from ci_tools.cli.run import read_plan
from ci_tools.cli.talk import say
from ci_tools.formats import cost_json, durations_json, report_json
from ci_tools.github.context import Context, context_or_none
from ci_tools.merge.compare import judged
from ci_tools.merge.cost import run_cost
from ci_tools.merge.imported import merge_junit
from ci_tools.merge.judge import durations_of, merge, of_key, plan_of
from ci_tools.merge.junit.find import checkout_files, find_junit, read_all
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.merge.outside import nothing_left
from ci_tools.merge.read import has_bundle, read_bundles
from ci_tools.model.bundle import Bundle
from ci_tools.model.cost import RunCost
from ci_tools.model.errors import CiToolsError, UsageError
from ci_tools.model.plan import Plan
from ci_tools.model.report import Conclusion, Report
from ci_tools.model.verdict import Past
from ci_tools.model.words import count
from ci_tools.report.cost import cost_lines
from ci_tools.report.html import html_page
from ci_tools.report.junit import junit_xml
from ci_tools.report.markdown import RunFacts, summary
from ci_tools.report.terminal import report_text
from ci_tools.report.trace import trace_json
from ci_tools.store.collector import collector_paused
from ci_tools.store.files import write_text

EXAMPLES = """\
examples:
  ci-tools merge bundles                       what `ci-tools run` left in its --out
  ci-tools merge downloads --plan plan.json --out report --format json
  ci-tools merge bundles --history .ci-tools/history.sqlite --fail-on new
  ci-tools merge reports/*.xml                 JUnit XML of any tool: nothing says then what should have run

Writes report.html, report.json, junit.xml, summary.md, trace.json, cost.json and .test_durations (for the next plan,
and for pytest-split).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="bundles or directories of them; or JUnit XML files or directories",
    )
    parser.add_argument("--plan", type=Path, metavar="FILE", help="default: the one in the bundles")
    parser.add_argument("--out", type=Path, default=Path("merged"), metavar="DIR", help="default: merged")
    parser.add_argument("--key", help="merge this matrix leg's bundles only (default: there is but one)")
    parser.add_argument("--no-junit", action="store_true", help="bundles alone: XML files are no results")
    add_known(parser)
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
    """Merge, hold against what is known, write the files, print table and verdict; the exit code is the verdict's."""
    needs = results_of(args.needs)
    bundles, files = _found(args, needs)
    context = context_or_none(os.environ, lambda why: say(f"nothing is known of this run: {why}"))
    place = place_of(args, context, bundles)
    past = earlier_runs(args.history, place)
    with collector_paused():
        report = _merged(args, bundles, files, needs, past)
    report = judged(report, past=past, quarantine=quarantine_in(args.quarantine), fail_on=args.fail_on)
    cost = cost_of(report, bundles)
    write_report(report, cost, args.out, facts=run_facts(context, args.key or ""))
    record_run(report, args.history, place)
    merged = count(len(files), "JUnit file") if files else count(len(bundles), "bundle")
    say(f"{merged} merged into {args.out}")
    if args.format == "json":
        print(report_json.dumps(report), end="")
    else:
        print(f"{report_text(report)}{cost_text(cost)}", end="")
    return report.exit_code


def _found(args: argparse.Namespace, needs: Mapping[str, str]) -> tuple[tuple[Bundle, ...], tuple[Path, ...]]:
    """Return the bundles and, only where there are none, the JUnit files: of two records the facts count."""
    named = [path for path in args.paths if os.path.isfile(path)]
    bundles = read_bundles([path for path in args.paths if path not in named], some=False)
    if bundles:
        more = named or [path for path in args.paths if not (args.no_junit or has_bundle(path)) and _junit([path])]
        if more:
            hint = "merge one or the other: a bundle has its own"
            raise UsageError(f"bundles and JUnit files, {more[0]}", hint=hint)
        return of_key(bundles, args.key), ()
    files = () if args.no_junit else _junit(args.paths)
    _refuse_what_would_lie(args, files)
    if files or args.plan or needs:
        return (), files
    names = ", ".join(map(str, args.paths))
    what = "no bundle" if args.no_junit else "neither a bundle nor a JUnit file"
    raise CiToolsError(f"{what} in {names}", hint="a bundle is what `ci-tools run` leaves in its --out")


def _refuse_what_would_lie(args: argparse.Namespace, files: Sequence[Path]) -> None:
    """An earlier merge's output would stand for tests that didn't run now."""
    own = args.out / "junit.xml"
    if os.path.realpath(own) in map(os.path.realpath, files):
        hint = "say another --out, outside of what is merged, and remove what an earlier merge left there"
        raise UsageError(f"{own} is what this merge would write, and among what it would read", hint=hint)
    if files and args.since_attempt > 1:
        raise UsageError("--since-attempt is for bundles", hint="name the JUnit files of that attempt alone")


def _junit(paths: Sequence[Path]) -> tuple[Path, ...]:
    try:
        return find_junit(paths)
    except CiToolsError:
        return ()


def _merged(
    args: argparse.Namespace, bundles: Sequence[Bundle], files: Sequence[Path], needs: Mapping[str, str], past: Past
) -> Report:
    plan = read_plan(args.plan) if args.plan else None
    if files:
        ids = NodeIds(checkout_files(Path()), chain(planned_ids(plan), past.tests))
        read = read_all(files, ids, seen=_counted(len(files)))
        return merge_junit(read, plan=plan, unresolved=ids.unresolved, needs=needs, is_partial=args.partial)
    if plan is None and not bundles:
        return nothing_left(needs, is_partial=args.partial)
    sha = os.environ.get("GITHUB_SHA", "") if os.environ.get("GITHUB_ACTIONS") == "true" else ""
    return merge(
        bundles,
        plan or plan_of(bundles),
        sha=sha,
        since_attempt=args.since_attempt,
        needs=needs,
        is_partial=args.partial,
    )


def planned_ids(plan: Plan | None) -> Iterator[str]:
    """Yield the tests that a plan names one by one."""
    for shard in plan.shards if plan else ():
        for atom in shard.atoms:
            yield from atom.nodeids or ()


def _counted(n_files: int) -> Callable[[int], None]:
    """Return what says, every two seconds, how many files are read."""
    last_s = time.monotonic()

    def seen(number: int) -> None:
        nonlocal last_s
        if time.monotonic() - last_s > 2:
            last_s = time.monotonic()
            say(f"{number:,} of {count(n_files, 'JUnit file')} read")

    return seen


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
    if report.conclusion is Conclusion.INCOMPLETE or not cost.jobs:
        return cost
    return replace(cost, choices=choices_for(report, cost))


def cost_text(cost: RunCost) -> str:
    """Return the cost as lines below the verdict."""
    return "".join(f"{line}\n" for line in cost_lines(cost))


def run_facts(context: Context | None, key: str) -> RunFacts:
    """Return what the pages say of the run they are of; on a laptop nothing."""
    if context is None:
        return RunFacts(key=key)
    return RunFacts(key=key, run_url=context.run_url, attempt=context.run_attempt, sha=context.head_sha)


def write_report(report: Report, cost: RunCost, out: Path, *, facts: RunFacts | None = None) -> None:
    """Write all that a merge leaves: for people, for tools, for the next plan."""
    lines = cost_lines(cost)
    write_text(out / "report.json", report_json.dumps(report))
    write_text(out / "junit.xml", junit_xml(report))
    write_text(out / "summary.md", summary(report, context=facts, cost_lines=lines, spending=cost.spending))
    write_text(
        out / "report.html", html_page(report, facts=facts or RunFacts(), cost_lines=lines, spending=cost.spending)
    )
    write_text(out / "trace.json", trace_json(report))
    write_text(out / "cost.json", cost_json.dumps(cost))
    write_text(out / ".test_durations", durations_json.dumps(durations_of(report.cases)))

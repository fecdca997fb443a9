"""`ci-tools merge`: prove that every test ran exactly once, from the bundles of all shards."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_tools.cli.run import read_plan
from ci_tools.cli.talk import say
from ci_tools.formats import durations_json, report_json
from ci_tools.merge.judge import check_one_run, durations_of, merge, plan_of
from ci_tools.merge.read import read_bundles
from ci_tools.model.report import Report
from ci_tools.model.words import count
from ci_tools.report.junit import junit_xml
from ci_tools.report.terminal import shard_table, verdict_text
from ci_tools.store.files import write_text

EXAMPLES = """\
examples:
  ci-tools merge bundles                       what `ci-tools run` left in its --out
  ci-tools merge downloads --plan plan.json --out report --format json

Writes report.json, junit.xml and .test_durations (for the next plan, and for pytest-split).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR", help="bundles, or directories of bundles")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="default: the one in the bundles")
    parser.add_argument("--out", type=Path, default=Path("merged"), metavar="DIR", help="default: merged")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")


def run(args: argparse.Namespace) -> int:
    """Merge, write the files, print table and verdict; the exit code is the verdict's."""
    bundles = read_bundles(args.directories)
    check_one_run(bundles)
    report = merge(bundles, read_plan(args.plan) if args.plan else plan_of(bundles))
    write_report(report, args.out)
    say(f"{count(len(bundles), 'bundle')} merged into {args.out}")
    if args.format == "json":
        print(report_json.dumps(report), end="")
    else:
        print(f"{shard_table(report.shards)}\n{verdict_text(report)}", end="")
    return report.conclusion.exit_code


def write_report(report: Report, out: Path) -> None:
    """Write `report.json`, `junit.xml` and `.test_durations`."""
    write_text(out / "report.json", report_json.dumps(report))
    write_text(out / "junit.xml", junit_xml(report))
    write_text(out / ".test_durations", durations_json.dumps(durations_of(report.cases)))

"""`ci-tools report`: write a merged run once more, in another format."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ci_tools.cli.talk import say
from ci_tools.formats import cost_json, report_json
from ci_tools.model.cost import RunCost
from ci_tools.model.report import Report
from ci_tools.report.cost import cost_lines
from ci_tools.report.html import html_page
from ci_tools.report.junit import junit_xml
from ci_tools.report.markdown import RunFacts, summary
from ci_tools.report.terminal import report_text
from ci_tools.report.trace import trace_json
from ci_tools.store.files import read_text, write_text

EXAMPLES = """\
examples:
  ci-tools report                                   merged/report.json, as text
  ci-tools report downloads/report.json --format html --out report.html
  ci-tools report --format trace --out trace.json   for chrome://tracing or Perfetto
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "report",
        nargs="?",
        type=Path,
        default=Path("merged"),
        metavar="PATH",
        help="report.json, or its directory (default: merged)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: printed")


def run(args: argparse.Namespace) -> int:
    """Print or write the report; 0 when that was done, whatever the verdict."""
    path = args.report if args.report.suffix == ".json" else args.report / "report.json"
    text = read_text(path, hint="make one with `ci-tools merge`", max_bytes=report_json.MAX_BYTES)
    report = report_json.loads(text, source=str(path))
    text = FORMATS[args.format](report, _cost(path.with_name("cost.json")))
    if args.out is None:
        sys.stdout.write(text)
    else:
        write_text(args.out, text)
        say(f"written: {args.out}")
    return 0


def _cost(path: Path) -> RunCost:
    """Return the cost, where it lies beside the report; else that of nothing."""
    return cost_json.loads_run(read_text(path), source=str(path)) if path.is_file() else RunCost(jobs=())


def _text(report: Report, cost: RunCost) -> str:
    return report_text(report) + "".join(f"{line}\n" for line in cost_lines(cost))


FORMATS: Mapping[str, Callable[[Report, RunCost], str]] = {
    "text": _text,
    "html": lambda report, cost: html_page(
        report, facts=RunFacts(), cost_lines=cost_lines(cost), spending=cost.spending
    ),
    "markdown": lambda report, cost: summary(report, cost_lines=cost_lines(cost), spending=cost.spending),
    "junit": lambda report, _: junit_xml(report),
    "trace": lambda report, _: trace_json(report),
}

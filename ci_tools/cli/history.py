"""`ci-tools history`: how the tests have been doing, and how one of them has."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ci_tools.cli.history_text import overview_text, story_text
from ci_tools.cli.options import HISTORY, number
from ci_tools.history.look import Overview, Story, overview, story
from ci_tools.history.past import Recorded
from ci_tools.model.errors import YES
from ci_tools.model.rates import interval, upper_bound
from ci_tools.model.verdict import PastTest

FORMAT = "xdist-ci/history"
VERSION = 1
EXAMPLES = """\
examples:
  ci-tools history                                       what is red, flaky, slow and slower
  ci-tools history tests/test_a.py::test_b               one test, run by run
  ci-tools history test_b --branch main --limit 50       a part of its node id is enough
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument("test", nargs="?", metavar="TEST", help="a node id, or a part that no other one has")
    parser.add_argument(
        "--history", type=Path, default=HISTORY, metavar="FILE", help=f"where runs are recorded (default: {HISTORY})"
    )
    parser.add_argument("--key", help="which matrix leg's runs (default: the newest run's)")
    parser.add_argument("--branch", metavar="NAME", help="which branch's runs (default: the newest run's)")
    parser.add_argument(
        "--limit", type=number(1, 100_000, "number of rows"), default=10, metavar="N", help="rows a table (default: 10)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")


def run(args: argparse.Namespace) -> int:
    """Print what is known; 3 when nothing is."""
    limit, is_json = args.limit, args.format == "json"
    if args.test is None:
        seen = overview(args.history, key=args.key, branch=args.branch)
        print(_json(overview_document(seen, limit)) if is_json else overview_text(seen, limit), end="")
    else:
        told = story(args.history, args.test, key=args.key, branch=args.branch)
        print(_json(story_document(told, limit)) if is_json else story_text(told, limit), end="")
    return YES


def overview_document(seen: Overview, limit: int) -> dict[str, Any]:
    """Return the overview as JSON's values; each list with its first `limit` rows."""
    lists = {"red": seen.red, "flaky": seen.flaky, "slowest": seen.slowest}
    return {
        **_head(seen.key, seen.branch),
        "runs": [_run(run) for run in seen.runs[:limit]],
        "others": [{"key": key, "branch": branch, "runs": runs} for key, branch, runs in seen.others],
        "counts": {name: len(rows) for name, rows in lists.items()} | {"slower": len(seen.slower)},
        **{name: _tests(rows[:limit]) for name, rows in lists.items()},
        "slower": [
            {"id": slower.nodeid, "before_s": slower.before_s, "now_s": slower.now_s} for slower in seen.slower[:limit]
        ],
    }


def story_document(told: Story, limit: int) -> dict[str, Any]:
    """Return one test as JSON's values, with its newest `limit` results."""
    return {
        **_head(told.key, told.branch),
        **_test(told.nodeid, told.past),
        "now_s": told.now_s,
        "before_s": told.before_s,
        "results": [
            {"outcome": point.outcome.value, "seconds": point.seconds, "flip": point.is_flip, **_run(point.run)}
            for point in told.points[:limit]
        ],
    }


def _head(key: str, branch: str) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, "key": key, "branch": branch}


def _run(run: Recorded) -> dict[str, Any]:
    return {name: value for name, value in asdict(run).items() if name not in ("id", "key", "branch")}


def _tests(rows: Sequence[tuple[str, PastTest]]) -> list[dict[str, Any]]:
    return [_test(nodeid, past) for nodeid, past in rows]


def _test(nodeid: str, past: PastTest) -> dict[str, Any]:
    low, high = (0.0, upper_bound(past.runs)) if past.flaky_runs == 0 else interval(past.flaky_runs, past.runs)
    return {
        "id": nodeid,
        "outcome": past.outcome.value if past.outcome else None,
        "p50_s": past.p50_s,
        "runs": past.runs,
        "flaky_runs": past.flaky_runs,
        "flaky_interval": [round(low, 6), round(high, 6)],
        "red_runs": past.red_runs,
        "red_since": past.red_since,
        "green_runs": past.green_runs,
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, allow_nan=False) + "\n"

"""`ci-tools plan`: decide which shard runs which test."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_tools.cli.options import SHARDS, WORKERS, read_durations
from ci_tools.cli.talk import say
from ci_tools.formats import plan_json
from ci_tools.model.errors import CiToolsError
from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Plan
from ci_tools.plan.discover import discover
from ci_tools.plan.make import LPT, make_plan
from ci_tools.plan.predict import predict, sources_of
from ci_tools.plan.pytest_config import find_config
from ci_tools.plan.pytest_split import ALGORITHMS
from ci_tools.report.terminal import certificate_text
from ci_tools.store.files import write_text

EXAMPLES = """\
examples:
  ci-tools plan --shards 8                       the whole suite, times from .test_durations
  ci-tools plan --shards 8 --workers 2 tests/unit
  ci-tools plan --shards 4 --from-durations --durations times.json --format json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument("paths", nargs="*", metavar="PATH", help="what pytest would be given; default: as pytest")
    parser.add_argument("--shards", type=SHARDS, required=True, metavar="N", help="number of jobs, 1 to 256")
    parser.add_argument("--workers", type=WORKERS, default=4, metavar="W", help="workers in each job (default: 4)")
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
    parser.add_argument("--out", type=Path, default=Path("plan.json"), metavar="FILE", help="default: plan.json")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed (default: text)")


def run(args: argparse.Namespace) -> int:
    """Write the plan, print its certificate."""
    durations_s = read_durations(args.durations)
    plan = plan_for(
        args.paths,
        durations_s,
        shards=args.shards,
        workers=args.workers,
        algorithm=args.algorithm,
        from_durations=args.from_durations,
    )
    write_text(args.out, plan_json.dumps(plan))
    say(f"wrote {args.out}")
    print(certificate_text(plan) if args.format == "text" else _summary_json(plan), end="")
    return 0


def plan_for(
    paths: Sequence[str],
    durations_s: Mapping[str, float],
    *,
    shards: int,
    workers: int,
    algorithm: str = LPT,
    from_durations: bool = False,
) -> Plan:
    """Return the plan for what pytest would collect here; CiToolsError when that is nothing."""
    keep_together: Sequence[str] = ()
    if from_durations:
        sources = sources_of(durations_s)
        hint = "--from-durations needs a file with recorded times"
    else:
        config = find_config(paths, cwd=Path.cwd())
        sources = discover(config, also={file_of(nodeid) for nodeid in durations_s})
        keep_together = config.keep_together
        hint = f"looked below {', '.join(map(str, config.paths))} for {', '.join(config.python_files)}"
    if not sources:
        raise CiToolsError("no test file found", hint=hint)
    prediction = predict(sources, durations_s)
    return make_plan(prediction, shards=shards, workers=workers, algorithm=algorithm, keep_together=keep_together)


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

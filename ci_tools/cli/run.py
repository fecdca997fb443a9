"""`ci-tools run`: run one shard of a plan and leave a bundle."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from ci_tools.cli.options import WORKERS, command_or_default, number, shard_of
from ci_tools.cli.talk import say
from ci_tools.formats import plan_json
from ci_tools.model.errors import NO, UNJUDGED, YES, UsageError
from ci_tools.model.plan import Plan
from ci_tools.model.run import Manifest, Session
from ci_tools.model.words import count, duration
from ci_tools.shard.run import Job, finish, passing_signals_on, sessions_of, start
from ci_tools.store.files import read_text

TAKES_COMMAND = True
EXAMPLES = """\
examples:
  ci-tools run --shard 2/8                          python -m pytest -n auto --dist loadfile
  ci-tools run --shard 2/8 -- uv run pytest -m "not slow"
  ci-tools run --shard 2/8 -- coverage run -m pytest

The command's own -n, --dist and addopts win. Nothing is installed into its environment.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.usage = "ci-tools run --shard I/N [OPTION…] [-- COMMAND…]"
    parser.add_argument("--shard", type=shard_of, required=True, metavar="I/N", help="which shard, the first is 1/N")
    parser.add_argument("--plan", type=Path, default=Path("plan.json"), metavar="FILE", help="default: plan.json")
    parser.add_argument("--out", type=Path, default=Path("bundles"), metavar="DIR", help="default: bundles")
    parser.add_argument(
        "--workers", type=_workers, default="auto", metavar="W", help="pytest-xdist's -n (default: auto)"
    )
    parser.add_argument(
        "--attempt", type=number(1, 9999, "attempt"), metavar="A", help="default: GITHUB_RUN_ATTEMPT, else 1"
    )
    parser.add_argument("--key", default="", help="what tells matrix legs apart, say py3.12-linux")


def _workers(text: str) -> str:
    return text if text == "auto" else str(WORKERS(text))


def run(args: argparse.Namespace) -> int:
    """Run the shard; 0 passed or empty, 1 tests failed, 3 anything else."""
    shard, shards = args.shard
    plan = read_plan(args.plan)
    if len(plan.shards) != shards:
        raise UsageError(
            f"{args.plan} has {count(len(plan.shards), 'shard')}, --shard says {shard}/{shards}",
            hint=f"make the plan with --shards {shards}",
        )
    job = Job(
        plan=plan,
        shard=shard,
        out=args.out,
        command=command_or_default(args.command),
        workers=args.workers,
        attempt=args.attempt or _attempt_from(os.environ.get("GITHUB_RUN_ATTEMPT", "")),
        key=args.key,
        sha=os.environ.get("GITHUB_SHA", ""),
    )
    running = start(job, os.environ)
    with passing_signals_on(running):
        running.process.wait()
    manifest = finish(running)
    sessions = sessions_of(job, manifest)
    code = exit_code(manifest, sessions)
    say(summary(job, manifest, sessions, code))
    return code


def read_plan(path: Path) -> Plan:
    """Return the plan; CiToolsError with the fix when it is missing or isn't one."""
    return plan_json.loads(read_text(path, hint="make one with `ci-tools plan --shards N`"), source=str(path))


def _attempt_from(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) >= 1 else 1


def exit_code(manifest: Manifest, sessions: Sequence[Session]) -> int:
    """Return our code for how pytest ended: tests failed is 1, an empty shard 0, all else 3."""
    statuses = {session.exit_status for session in sessions}
    if 1 in statuses and statuses <= {0, 1, 5}:
        return NO
    if statuses == {5}:
        return YES
    if statuses <= {0, 5}:
        return YES if manifest.exit_code == 0 else NO
    return UNJUDGED


def summary(job: Job, manifest: Manifest, sessions: Sequence[Session], code: int) -> str:
    """Return one line: what happened, how long it took against the plan, where it is."""
    last = {attempt.nodeid: attempt for session in sessions for attempt in session.attempts}
    bad = sum(1 for attempt in last.values() if attempt.outcome.is_bad)
    took = duration(manifest.end_s - manifest.start_s)
    planned = duration(job.plan.shards[job.shard - 1].expected_ms / 1000)
    name = f"shard {job.shard}/{len(job.plan.shards)}"
    if code == UNJUDGED:
        verdict = f"could not be judged: pytest did not end normally (exit code {manifest.exit_code})"
    elif not last:
        empty = any(session.exit_status == 5 for session in sessions)
        verdict = "is empty: no test of the suite falls to it" if empty else "pytest ran no test"
    elif bad:
        verdict = f"{bad:,} of {count(len(last), 'test')} failed"
    elif code == NO:
        verdict = f"{count(len(last), 'test')} passed, but the command exited {manifest.exit_code}"
    else:
        verdict = f"{count(len(last), 'test')}, none failed"
    return f"{name}: {verdict}; {took}, planned {planned} of tests; {job.bundle}"

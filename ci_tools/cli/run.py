"""`ci-tools run`: run one shard of a plan and leave a bundle."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ci_tools.cli.options import (
    DEFAULT_WORKERS,
    WORKERS,
    add_working_directory,
    command_of,
    enter_working_directory,
    number,
    read_durations,
    seconds,
    shard_of,
    usd,
)
from ci_tools.cli.talk import say
from ci_tools.formats import plan_json
from ci_tools.github.context import context_or_none
from ci_tools.merge.read import read_bundle
from ci_tools.merge.state import shard_state, unreported
from ci_tools.model.bundle import Bundle
from ci_tools.model.cost import runner_of
from ci_tools.model.errors import NO, UNJUDGED, YES, UsageError
from ci_tools.model.plan import Plan
from ci_tools.model.project import Keep
from ci_tools.model.report import ShardState
from ci_tools.model.run import Manifest, final_attempts
from ci_tools.model.words import count, duration, some
from ci_tools.shard.run import Job, sessions_of, start, wait
from ci_tools.shard.signals import passing_signals_on
from ci_tools.shard.watch import Limits
from ci_tools.store.files import read_text

TAKES_COMMAND = True
PLAN = Path("plan.json")
MAX_JOB_S = 5 * 24 * 3600  # of a self-hosted runner; an older file is of another job
EXAMPLES = """\
examples:
  ci-tools run --shard 2/8                          python -m pytest -n auto --dist loadfile
  ci-tools run --shard 2/8 -- uv run pytest -m "not slow"
  ci-tools run --shard 2/8 --reruns 2 --deadline-minutes 50 -- coverage run -m pytest

The command's own -n, --dist and addopts win. Nothing is installed into its environment.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.usage = "ci-tools run --shard I/N [OPTION…] [-- COMMAND…]"
    parser.add_argument("--shard", type=shard_of, required=True, metavar="I/N", help="which shard, the first is 1/N")
    parser.add_argument(
        "--plan", type=Path, metavar="FILE", help="default: plan.json; where there is none, the shard plans for itself"
    )
    parser.add_argument(
        "--durations", type=Path, metavar="FILE", help="without a plan: recorded times (default: .test_durations)"
    )
    parser.add_argument("--pytest", default="", metavar="LINE", help="the command as one line for bash, instead of --")
    parser.add_argument("--args", default="", metavar="LINE", help="more arguments for the command")
    add_working_directory(parser)
    parser.add_argument("--out", type=Path, default=Path("bundles"), metavar="DIR", help="default: bundles")
    parser.add_argument(
        "--workers", type=_workers, default="auto", metavar="W", help="pytest-xdist's -n (default: auto)"
    )
    parser.add_argument(
        "--attempt", type=number(1, 9999, "attempt"), metavar="A", help="default: GITHUB_RUN_ATTEMPT, else 1"
    )
    add_care(parser)
    parser.add_argument(
        "--price-per-minute", type=usd, metavar="USD", help="of this runner, where the table doesn't know it"
    )
    parser.add_argument("--key", default="", help="what tells matrix legs apart, say py3.12-linux")


def add_care(parser: argparse.ArgumentParser) -> None:
    """Declare what `run` and `local` do about failed, stuck and late tests."""
    parser.add_argument(
        "--reruns",
        type=number(0, 100, "number of re-runs"),
        default=0,
        metavar="N",
        help="failed tests again, up to N times, in a fresh process after the run (default: 0)",
    )
    parser.add_argument(
        "--rerun-max-failures",
        type=number(1, 1_000_000, "number of failures"),
        default=20,
        metavar="M",
        help="more failures than that are no flakes: nothing is run again (default: 20)",
    )
    parser.add_argument(
        "--stuck-after",
        type=seconds,
        metavar="S",
        help="end a test after S seconds, or 10 x its recorded time if that is longer; 0: never "
        "(default: 60, and 600 for a test without a recorded time)",
    )
    parser.add_argument(
        "--deadline-minutes",
        type=seconds,
        metavar="MIN",
        help="stop, and name what did not run, MIN minutes after the start; less than the job's timeout-minutes",
    )
    parser.add_argument(
        "--keep",
        choices=[keep.value for keep in Keep],
        help="the workers' own directories, when the run has ended (default: as [tool.ci-tools.isolation] says)",
    )


def care(args: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a Job that `add_care` declares."""
    return {
        "limits": Limits(
            stuck_after_s=args.stuck_after, deadline_s=args.deadline_minutes * 60 if args.deadline_minutes else None
        ),
        "reruns": args.reruns,
        "rerun_max_failures": args.rerun_max_failures,
        "keep": Keep(args.keep) if args.keep else None,
    }


def _workers(text: str) -> str:
    return text if text == "auto" else str(WORKERS(text))


def run(args: argparse.Namespace) -> int:
    """Run the shard; 0 passed or empty, 1 tests failed, 3 anything else."""
    enter_working_directory(args)
    shard, shards = args.shard
    plan = _plan(args.plan, args.durations, shards=shards, workers=args.workers)
    if len(plan.shards) != shards:
        raise UsageError(
            f"{args.plan or PLAN} has {count(len(plan.shards), 'shard')}, --shard says {shard}/{shards}",
            hint=f"make the plan with --shards {shards}",
        )
    job = Job(
        plan=plan,
        shard=shard,
        out=args.out,
        command=command_of(args.command, args.pytest, args.args),
        workers=args.workers,
        attempt=args.attempt or _attempt_from(os.environ.get("GITHUB_RUN_ATTEMPT", "")),
        key=args.key,
        sha=os.environ.get("GITHUB_SHA", ""),
        **_billing(args, os.environ),
        **care(args),
    )
    with passing_signals_on() as pass_on_to:
        running = start(job, os.environ, say=say)
        pass_on_to(running)
        manifest = wait(running)
    code, text = outcome_of(job, manifest)
    say(text)
    return code


def _billing(args: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a Job that say what its runner costs, and for how long it has been at work."""
    context = context_or_none(environ, lambda why: say(f"nothing is known of this job's event: {why}"))
    is_public = context.is_public if context and context.event else None
    return {
        "runner": runner_of(environ, os.cpu_count(), is_public),
        "price_usd_per_minute": args.price_per_minute,
        "setup_s": setup_seconds(environ.get("GITHUB_EVENT_PATH", "")),
    }


def setup_seconds(event_path: str) -> float | None:
    """Return seconds since the job began; None where that can't be seen.

    GitHub's runner makes the directory of the event's file when a job begins, and writes the file
    itself anew before each step.
    """
    try:
        elapsed_s = time.time() - os.stat(os.path.dirname(event_path)).st_mtime
    except OSError:
        return None
    return round(elapsed_s, 3) if 0 <= elapsed_s < MAX_JOB_S else None


def _plan(path: Path | None, durations: Path | None, *, shards: int, workers: str) -> Plan:
    """Return the plan that was made, else one made here: all shards make the same from the same times."""
    if path is None and (durations is not None or not PLAN.exists()):
        from ci_tools.cli.plan import plan_for

        say("planning here: every shard must read the same recorded times")
        w = DEFAULT_WORKERS if workers == "auto" else int(workers)
        return plan_for((), read_durations(durations), shards=shards, workers=w)
    return read_plan(path or PLAN)


def read_plan(path: Path) -> Plan:
    """Return the plan; CiToolsError with the fix when it is missing or isn't one."""
    return plan_json.loads(read_text(path, hint="make one with `ci-tools plan --shards N`"), source=str(path))


def _attempt_from(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) >= 1 else 1


def outcome_of(job: Job, manifest: Manifest) -> tuple[int, str]:
    """Return our exit code for a sealed shard, and one line: what happened, how long it took, where it is.

    Raises CiToolsError when the command ran without the plugin.
    """
    sessions_of(job, manifest)
    bundle = read_bundle(job.bundle)
    state, reason = shard_state(bundle, job.plan)
    not_run = unreported(bundle)
    code = NO if state is ShardState.RED else YES
    if not state.is_proof or not_run:
        code = UNJUDGED
    took = duration(manifest.end_s - manifest.start_s)
    planned = duration(job.plan.shards[job.shard - 1].expected_ms / 1000)
    verdict = _verdict(bundle, state, reason)
    if not_run:
        verdict += f"; {count(len(not_run), 'test')} did not run: {some(list(not_run))}"
    return code, f"{job.name}: {verdict}; {took}, planned {planned} of tests; {job.bundle}"


def _verdict(bundle: Bundle, state: ShardState, reason: str) -> str:
    last = final_attempts(bundle.sessions)
    bad = sum(1 for attempt in last.values() if attempt.outcome.is_bad)
    if not state.is_proof:
        return reason if state is ShardState.KILLED else f"{state.value}: {reason}"
    if not last:
        return "is empty: no test of the suite falls to it" if state is ShardState.EMPTY else "pytest ran no test"
    if bad:
        return f"{bad:,} of {count(len(last), 'test')} failed"
    if reason:
        return f"{count(len(last), 'test')} passed, but {reason}"
    flips = sum(1 for session in bundle.sessions for attempt in session.attempts if attempt.outcome.is_bad)
    return f"{count(len(last), 'test')}, none failed{' at last' if flips else ''}"

"""`ci-tools local`: plan, run and merge here, on this machine."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ci_tools.cli.known import quarantine_in
from ci_tools.cli.merge import cost_text, write_report
from ci_tools.cli.options import DURATIONS, SHARDS, WORKERS, command_or_default, number, read_durations
from ci_tools.cli.plan import plan_for
from ci_tools.cli.progress import Progress, progress_on
from ci_tools.cli.run import add_care, care, outcome_of
from ci_tools.cli.talk import error, say
from ci_tools.formats import plan_json
from ci_tools.merge.compare import judged
from ci_tools.merge.cost import run_cost
from ci_tools.merge.judge import merge
from ci_tools.merge.read import read_bundles
from ci_tools.model.errors import UNJUDGED, CiToolsError, UsageError
from ci_tools.model.verdict import Past
from ci_tools.plugin.cpus import usable_cpus
from ci_tools.report.terminal import certificate_text, report_text
from ci_tools.shard.run import Job, Running, start
from ci_tools.store.files import write_text

TAKES_COMMAND = True
POLL_S = 0.1
EXAMPLES = """\
examples:
  ci-tools local --shards 4                    the suite here, four shards one after the other
  ci-tools local --shards 4 --jobs 2 tests/unit -- uv run pytest -m "not slow"

A second call plans with the times that the first one recorded.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.usage = "ci-tools local --shards N [OPTION…] [PATH…] [-- COMMAND…]"
    parser.add_argument("paths", nargs="*", metavar="PATH", help="what pytest would be given; default: as pytest")
    parser.add_argument("--shards", type=SHARDS, required=True, metavar="N", help="number of shards, 1 to 256")
    parser.add_argument("--jobs", type=number(1, 64, "number of jobs"), default=1, metavar="J", help="shards at a time")
    parser.add_argument("--workers", type=WORKERS, metavar="W", help="workers in each shard (default: CPUs ÷ jobs)")
    parser.add_argument(
        "--durations", type=Path, metavar="FILE", help="default: the last local run's, else .test_durations"
    )
    add_care(parser)
    parser.add_argument(
        "--out", type=Path, default=Path(".ci-tools/local"), metavar="DIR", help="default: .ci-tools/local"
    )


def run(args: argparse.Namespace) -> int:
    """Plan, run all shards, merge; the exit code is the verdict's."""
    out: Path = args.out
    workers = args.workers or max(1, usable_cpus()[0] // args.jobs)
    recorded = out / "report" / ".test_durations"
    durations_s = read_durations(args.durations, default=recorded if recorded.is_file() else DURATIONS)
    plan = plan_for(args.paths, durations_s, shards=args.shards, workers=workers)
    _make_room(out)
    write_text(out / "plan.json", plan_json.dumps(plan))
    print(certificate_text(plan), flush=True)  # before the progress, also when both go to one log
    command = command_or_default(args.command)
    if args.paths:
        command += tuple(args.paths)
    jobs = [
        Job(plan=plan, shard=shard.index, out=out / "bundles", command=command, workers=str(workers), **care(args))
        for shard in plan.shards
    ]
    _run_all(jobs, args.jobs, out / "logs")
    bundles = read_bundles([out / "bundles"])
    report = judged(merge(bundles, plan), past=Past(), quarantine=quarantine_in(), fail_on="any")
    cost = run_cost(bundles)
    write_report(report, cost, out / "report")
    print(f"\n{report_text(report)}{cost_text(cost)}")
    _print_paths(out)
    return report.exit_code


def _make_room(out: Path) -> None:
    """Remove what the last local run left here, and nothing else."""
    if out.exists() and any(out.iterdir()) and not (out / ".ci-tools-local").exists():
        raise UsageError(f"{out}: not empty, and not of an earlier local run", hint="choose another --out")
    for name in ("bundles", "logs"):
        shutil.rmtree(out / name, ignore_errors=True)
    write_text(out / ".ci-tools-local", "")
    write_text(out / ".gitignore", "*\n")


def _run_all(jobs: list[Job], at_a_time: int, logs: Path) -> None:
    """Run every shard, `at_a_time` of them at once; Ctrl-C ends the running and skips the rest."""
    logs.mkdir(parents=True, exist_ok=True)
    waiting = list(jobs)
    running: list[tuple[Running, IO[bytes]]] = []
    with progress_on(sys.stderr, [job.shard for job in jobs]) as progress, _terminating_politely():
        try:
            while waiting or running:
                while waiting and len(running) < at_a_time:
                    running.append(_begin(waiting.pop(0), logs, progress))
                time.sleep(POLL_S)
                for entry in list(running):
                    shard, log = entry
                    ended = shard.poll()
                    progress.update(shard.job.shard, shard.watch.tail)
                    if ended:
                        running.remove(entry)
                        _end(shard, log, progress)
        except KeyboardInterrupt:
            _interrupt(running, progress)
            raise


def _begin(job: Job, logs: Path, progress: Progress) -> tuple[Running, IO[bytes]]:
    log = (logs / f"shard-{job.shard}.log").open("wb")
    running = start(job, os.environ, output=log, say=say)
    progress.begin(job.shard)
    return running, log


def _end(running: Running, log: IO[bytes], progress: Progress) -> None:
    log.close()
    manifest = running.seal()
    tail, shard = running.watch.tail, running.job.shard
    try:
        code, text = outcome_of(running.job, manifest)
        progress.end(shard, tail, text)
        failed = code == UNJUDGED
    except CiToolsError as problem:
        progress.end(shard, tail, f"shard {shard}: {problem.fact}")
        say(f"ci-tools: hint: {problem.hint}")
        failed = True
    if failed:
        error(f"shard {shard}: see {log.name}")


def _interrupt(running: list[tuple[Running, IO[bytes]]], progress: Progress) -> None:
    """Let pytest end by itself, so that its bundles are sealed with what has finished."""
    for shard, _ in running:
        shard.interrupt(signal.SIGINT)
    for shard, log in running:
        while not shard.poll():
            time.sleep(POLL_S)
        _end(shard, log, progress)


@contextlib.contextmanager
def _terminating_politely() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_paths(out: Path) -> None:
    for what, path in (
        ("report", out / "report" / "report.html"),
        ("the same, as JSON", out / "report" / "report.json"),
        ("summary", out / "report" / "summary.md"),
        ("JUnit XML", out / "report" / "junit.xml"),
        ("durations", out / "report" / ".test_durations"),
        ("bundles", out / "bundles"),
        ("pytest's output", out / "logs"),
    ):
        print(f"{what:17}  {path}")

"""What is known before a merge: earlier runs and the quarantine. And this run, recorded for the next one."""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ci_tools.cli.options import HISTORY, QUARANTINE
from ci_tools.cli.talk import say
from ci_tools.github.context import Context, text_at
from ci_tools.history.past import read_past
from ci_tools.history.quarantine import MAX_BYTES, read_quarantine
from ci_tools.history.record import RunRecord, record
from ci_tools.model.bundle import DEFAULT_KEY, Bundle
from ci_tools.model.errors import CiToolsError
from ci_tools.model.quarantine import Problem, Quarantine
from ci_tools.model.report import POLICIES, Report
from ci_tools.model.verdict import Past
from ci_tools.model.words import count
from ci_tools.store.files import read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run stands among others. `base` is the branch that it is compared with; "" is a branch like any other."""

    key: str
    branch: str
    base: str
    sha: str
    run_id: int
    run_attempt: int
    at_s: float


def add_known(parser: argparse.ArgumentParser) -> None:
    """Declare what a failure is held against."""
    parser.add_argument(
        "--fail-on",
        choices=POLICIES,
        default="any",
        help="any: a failed test is exit code 1; new: only one that isn't known from before; never: none is. "
        "A missed threshold is 1, what can't be proved 3 in any case (default: any)",
    )
    parser.add_argument(
        "--history",
        type=Path,
        metavar="FILE",
        help=f"compare with the runs recorded there, and record this one; say {HISTORY} (default: neither)",
    )
    parser.add_argument("--branch", metavar="NAME", help="the branch this run is of (default: GitHub's, else none)")
    parser.add_argument(
        "--base", metavar="NAME", help="the branch to compare with (default: the pull request's base, else --branch)"
    )
    parser.add_argument(
        "--quarantine",
        type=Path,
        metavar="FILE",
        help=f"tests that may fail for now (default: {QUARANTINE} if it is there)",
    )


def place_of(args: argparse.Namespace, context: Context | None, bundles: Sequence[Bundle]) -> Place:
    """Return where the run stands: as the options say, else as GitHub does, else as its bundles do."""
    manifests = [bundle.manifest for bundle in bundles if bundle.manifest]
    now_s = time.time()
    # A bundle says when it ended: one of the future would be the newest run, and the base, from now on.
    at_s = min(max((manifest.end_s for manifest in manifests), default=0.0) or now_s, now_s)
    branch = args.branch if args.branch is not None else _branch(context)
    on_github = context is not None and context.run_id > 0
    return Place(
        key=args.key or max((manifest.key for manifest in manifests), default="") or DEFAULT_KEY,
        branch=branch,
        base=args.base if args.base is not None else _base(context) or branch,
        sha=(context.sha if context else "") or max((manifest.sha for manifest in manifests), default=""),
        run_id=context.run_id if context and on_github else _run_id([manifest.nonce for manifest in manifests], at_s),
        run_attempt=context.run_attempt if context and on_github else 1,
        at_s=at_s,
    )


def _branch(context: Context | None) -> str:
    """A pull request's own branch can have any name, also that of its base."""
    if context is None:
        return ""
    return f"pull/{context.pull_request}" if context.pull_request else context.ref_name


def _base(context: Context | None) -> str:
    if context is None:
        return ""
    queue = text_at(context.event, "merge_group", "base_ref").removeprefix("refs/heads/")
    return text_at(context.event, "pull_request", "base", "ref") or queue or context.default_branch


def _run_id(nonces: Sequence[str], at_s: float) -> int:
    """Return a number of our own where GitHub has none: the same bundles merged again are the same run."""
    text = " ".join(sorted(nonces)) or str(at_s)
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


def earlier_runs(path: Path | None, place: Place) -> Past:
    """Return what history knows of the tests; damage is said, and then it knows nothing."""
    if path is None:
        return Past()
    try:
        return read_past(path, key=place.key, base_branch=place.base, sha=place.sha, run_id=place.run_id)
    except CiToolsError as error:
        say(f"not compared with earlier runs: {error.fact}")
        return Past()


def quarantine_in(path: Path | None = None) -> Quarantine:
    """Return what may fail today: by the named file, else by the usual one, else nothing may.

    A file that can't be read quarantines nothing; CiToolsError for a named one that isn't there.
    """
    if path is None and not QUARANTINE.is_file():
        return Quarantine()
    path = path or QUARANTINE
    travelled = path.name == QUARANTINE.name and path.with_name("plan.json").is_file()  # with the plan, in the action
    named = QUARANTINE if travelled else path
    try:
        text = read_text(path, max_bytes=MAX_BYTES, hint="make one with `ci-tools quarantine add`")
    except CiToolsError as error:
        if not os.path.lexists(path):
            raise
        fact = error.fact.removeprefix(f"{path}: ")
        return Quarantine(path=str(named), problems=(Problem(line=1, text=f"{fact}; nothing is quarantined"),))
    quarantine = read_quarantine(text, path=str(named), today=datetime.now(timezone.utc).date())
    say(f"{path}: {count(len(quarantine.entries), 'quarantined entry', 'quarantined entries')}")
    return quarantine


def record_run(report: Report, path: Path | None, place: Place) -> None:
    """Record the run for the next ones; what can't be written is said, and changes no verdict."""
    if path is None:
        return
    run = RunRecord(
        key=place.key,
        branch=place.branch,
        sha=place.sha,
        run_id=place.run_id,
        run_attempt=place.run_attempt,
        at_s=place.at_s,
    )
    try:
        for told in record(path, report, run):
            say(told)
    except CiToolsError as error:
        say(f"this run is not recorded: {error.fact}")

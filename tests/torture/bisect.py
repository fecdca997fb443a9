"""`python -m tests.torture.bisect`: suites with planted polluters, recorded until the victim fails, and bisected."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ci_tools.model.trial import Conditions, Order
from ci_tools.trial.run import Trial, run_trial

from .planted import KINDS, Planted, planted
from .runs import in_threads

COMMAND = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "xdist")
# Half of what a run costs is loading plugins that no test here needs.
ENVIRON = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
ROOT = Path(__file__).parents[2]
MAX_RECORDED = 60
LIMIT_S = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one suite: `wrong` is "" when just the planted tests were found, in `runs`."""

    suite: Planted
    wrong: str
    runs: int
    seconds: float


def bisected(suite: Planted, top: Path) -> Outcome:
    """Write a suite, run it in random orders until its victim fails, bisect from that run."""
    suite.write(top)
    recorded = _recorded(suite, top)
    if recorded is None:
        return Outcome(suite=suite, wrong=f"its victim failed in none of {MAX_RECORDED} runs", runs=0, seconds=0.0)
    began_s = time.monotonic()
    words = ("bisect", suite.victim, "--from", str(recorded), "--format", "json", "--", *COMMAND)
    done = subprocess.run(
        [sys.executable, "-m", "ci_tools", *words],
        cwd=top,
        env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    seconds = time.monotonic() - began_s
    if not done.stdout:
        return Outcome(suite=suite, wrong=done.stderr[-500:], runs=0, seconds=seconds)
    found = json.loads(done.stdout)
    return Outcome(suite=suite, wrong=_wrong(suite, found), runs=found["runs"], seconds=seconds)


def _recorded(suite: Planted, top: Path) -> Path | None:
    """Return a bundle in which the victim failed: of two workers where it takes two, and for every other single."""
    for seed in range(MAX_RECORDED):
        # Two tests that never come to one worker, as each is in the larger half of the suite, do so serially.
        is_parallel = suite.kind == "concurrent" or (
            suite.kind == "single" and suite.seed % 2 and seed < MAX_RECORDED / 3
        )
        workers = "2" if is_parallel else "0"
        conditions = Conditions(workers=workers, order=Order.RANDOM, seed=suite.seed * MAX_RECORDED + seed)
        trial = Trial(
            command=(*COMMAND, "--rootdir", str(top), str(top)), out=top / ".record" / str(seed), conditions=conditions
        )
        if suite.victim in run_trial(trial, ENVIRON, say=lambda text: None).failed:
            return trial.out
    return None


def _wrong(suite: Planted, found: dict[str, object]) -> str:
    culprits = [culprit["tests"] for culprit in found["culprits"]]  # type: ignore[attr-defined]
    if len(culprits) == 1 and set(culprits[0]) == set(suite.culprits):
        return ""
    return f"{found['kind']} {culprits}, planted {list(suite.culprits)}"


def main(words: list[str] | None = None) -> int:
    """Return 0 when 95 of 100 were found, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.bisect", description=__doc__)
    parser.add_argument("--suites", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--jobs", type=int, default=2, help="suites at a time (default: 2)")
    parser.add_argument("--only-seed", type=int, metavar="S", help="this one, and keep its directory")
    args = parser.parse_args(words)
    seeds = range(args.seed, args.seed + args.suites) if args.only_seed is None else [args.only_seed]
    base, lock, outcomes = Path(tempfile.mkdtemp(prefix="torture-bisect-")), threading.Lock(), list[Outcome]()

    def one(seed: int) -> None:
        outcome = bisected(planted(seed), base / str(seed))
        with lock:
            outcomes.append(outcome)
            print(f"{len(outcomes)}/{len(seeds)} {_line(outcome)}", flush=True)
        if args.only_seed is None:
            shutil.rmtree(base / str(seed))

    in_threads(one, list(seeds), args.jobs)
    print(table(outcomes) if args.only_seed is None else f"kept: {base}")
    n_found = sum(not outcome.wrong for outcome in outcomes)
    return int(n_found < 0.95 * len(outcomes))


def _line(outcome: Outcome) -> str:
    suite = outcome.suite
    words = f"seed {suite.seed}: {suite.kind}, {suite.rate:.0%}, {outcome.runs} runs, {outcome.seconds:.0f} s"
    return f"{words}{f', WRONG: {outcome.wrong}' if outcome.wrong else ''}"


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a row per kind and rate: how many were found, and with how many runs."""
    lines = [f"{'':12}{'fails':>8}{'suites':>8}{'found':>8}{'runs, median':>14}{'most':>6}{'seconds, median':>17}"]
    for kind in KINDS:
        for rate in (1.0, 0.5):
            these = [o for o in outcomes if (o.suite.kind, o.suite.rate) == (kind, rate)]
            if these:
                lines.append(
                    f"{kind:12}{rate:>8.0%}{len(these):>8}{sum(not o.wrong for o in these):>8}"
                    f"{median(o.runs for o in these):>14.0f}{max(o.runs for o in these):>6}"
                    f"{median(o.seconds for o in these):>17.0f}"
                )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

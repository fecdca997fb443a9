"""`python -m tests.torture`: run random suites, say what is wrong with each, print one table."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from .judge import COLUMNS, Reported, Verdict, judge
from .runs import in_threads, run_options, run_ours, run_stock
from .suites import Suite, random_suite
from .truth import Truth

Runner = Callable[[Suite, Path], tuple[Truth, Reported]]


class Tally:
    """Counts of one way to run the suites; `hopeless` were not run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.suites = self.right = self.right_but_overlap = self.hopeless = 0
        self.defects: Counter[str] = Counter()
        self.seconds = 0.0

    def add(self, verdict: Verdict, seconds: float) -> None:
        self.suites += 1
        self.right += verdict.right
        self.right_but_overlap += verdict.right or list(verdict.defects) == ["overlap"]
        self.defects.update(verdict.defects.keys())
        self.seconds += seconds

    def row(self) -> list[str]:
        hopeless = f" (+{self.hopeless} hang, not run)" if self.hopeless else ""
        counts = [str(self.defects[column]) for column in COLUMNS]
        return [
            self.name,
            f"{self.suites}{hopeless}",
            str(self.right),
            str(self.right_but_overlap),
            *counts,
            f"{self.seconds:.0f}",
        ]


def main(words: list[str] | None = None) -> int:
    """Return 0 when every suite is right under ci-tools, 1 when one isn't."""
    args = _parser().parse_args(words)
    seeds = [args.only_seed] if args.only_seed is not None else list(range(args.seed, args.seed + args.suites))
    options = run_options()
    ways: dict[str, Runner] = {}
    if not args.no_ours:
        ways["xdist-ci"] = lambda suite, top: run_ours(suite, top, options)
    if args.stock or args.no_ours:
        ways["stock loadfile"] = run_stock
    tallies = {name: Tally(name) for name in ways}
    base = Path(tempfile.mkdtemp(prefix="torture-"))
    print(
        f"seeds {seeds[0]} to {seeds[-1]}, {args.jobs} at a time, ci-tools run options: {' '.join(options) or 'none'}"
    )
    lock, done = threading.Lock(), Counter[str]()

    def one(seed: int) -> None:
        for name, runner in ways.items():
            suite = random_suite(seed)
            if name != "xdist-ci" and suite.hangs:
                with lock:
                    tallies[name].hopeless += 1
                continue
            top = base / f"{seed}-{name.split()[0]}"
            began = time.monotonic()
            verdict = judge(suite, *runner(suite, top))
            with lock:
                tallies[name].add(verdict, time.monotonic() - began)
                done[name] += 1
                _say(suite, name, verdict, f"{done[name]}/{len(seeds)}", top if args.only_seed is not None else None)
            if args.only_seed is None:
                shutil.rmtree(top, ignore_errors=True)

    in_threads(one, seeds, args.jobs)
    if args.only_seed is None:
        shutil.rmtree(base, ignore_errors=True)
    print(table(list(tallies.values())))
    ours = tallies.get("xdist-ci")
    return 1 if ours is not None and ours.right < ours.suites else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--suites", type=int, default=500, help="how many (default: 500)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--jobs", type=int, default=2, help="suites at a time (default: 2)")
    parser.add_argument("--stock", action="store_true", help="also under plain pytest-xdist --dist loadfile")
    parser.add_argument("--no-ours", action="store_true", help="only under plain pytest-xdist")
    parser.add_argument("--only-seed", type=int, metavar="S", help="this one, and keep its directory")
    return parser


def _say(suite: Suite, name: str, verdict: Verdict, counter: str, kept: Path | None) -> None:
    """Print a wrong suite with its defects and the replay; every now and then the counter."""
    if kept is not None:
        print(f"kept: {kept}")
    if verdict.right:
        if kept is not None or int(counter.split("/")[0]) % 10 == 0:
            print(f"{name}: {counter}, the newest is right", flush=True)
        return
    replay = f"python -m tests.torture --only-seed {suite.seed}{'' if name == 'xdist-ci' else ' --no-ours'}"
    about = f"{suite.theme}; {' '.join(suite.options)}"
    print(f"{name}: {counter}, WRONG seed {suite.seed} ({about}): {', '.join(verdict.defects)}; replay: {replay}")
    for defect, lines in verdict.defects.items():
        for line in lines[:5]:
            print(f"    {defect}: {' '.join(line.split())}")
        if len(lines) > 5:
            print(f"    {defect}: and {len(lines) - 5} more")
    sys.stdout.flush()


def table(tallies: list[Tally]) -> str:
    """Return one row per way to run, the columns aligned. A suite can be in several columns.

    `but overlap` counts those that are right apart from it: pytest-xdist promises nothing there.
    """
    header = ["", "suites", "right", "but overlap", *COLUMNS, "seconds"]
    rows = [header, *(tally.row() for tally in tallies)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows)


if __name__ == "__main__":
    sys.exit(main())

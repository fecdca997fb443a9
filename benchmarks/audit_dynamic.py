"""What watching costs: the CPU of a suite that `ci-tools audit --dynamic` watches ÷ that of the same trial unwatched.

Data: suites of `tests/suites/catalog.py`, installed below `.cache/suites` on the first run (this needs a package
index): click 8.5.1 (some 2,400 tests that run commands and open files) and more-itertools 11.2.1 (some 900 short
tests, and doctests).

How to read it: both arms are trials in one process, without pytest-xdist, with the same command; one says
`evidence`, the other doesn't. CPU is user + system of the command and its children, so a busy machine moves it
less than it moves walls. ci_tools is compiled before, as pip does it. Runs alternate, 9 rounds after a warm-up, the
order turned round every time; the ratio is that of the medians, "least" that of the least of each arm, which a shared
machine moves least, "pairs" the least and the most of the ratios within a round. "tests" has to agree. `evidence` is
the size of what one run wrote. Takes some eight minutes.
"""

from __future__ import annotations

import compileall
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from _bench import ROOT, Run, alternate, environ, judged, print_table, say, scratch

from ci_tools.model.trial import Conditions, Steering
from ci_tools.model.words import size
from ci_tools.trial.run import Trial, run_trial

sys.path.insert(0, str(ROOT / "tests"))
from suites.catalog import SUITES, Suite
from suites.install import Installed, install

NAMES = ("click", "more-itertools")
ROUNDS = 9
BAR = 1.05


def main() -> None:
    compileall.compile_dir(ROOT / "ci_tools", quiet=1)
    rows = []
    for suite in (suite for suite in SUITES if suite.name in NAMES):
        installed = install(suite)
        with scratch() as top:
            directory = installed.copy_to(top / "suite")
            arms: dict[str, Callable[[], Run]] = {
                name: partial(_trial, suite, installed, directory, top / name, is_watched=name == "watched")
                for name in ("bare", "watched")
            }
            results = alternate(arms, rounds=ROUNDS)
        rows.append(_row(suite, results))
    title = f"watched trials of real suites, CPU, median of {ROUNDS} alternating runs"
    print_table(title, ["suite", "tests", "bare s", "watched s", "ratio, bar", "least", "pairs", "evidence"], rows)


def _trial(suite: Suite, installed: Installed, directory: Path, out: Path, *, is_watched: bool) -> Run:
    shutil.rmtree(out, ignore_errors=True)
    trial = Trial(
        command=(str(installed.bin / "python"), "-m", "pytest", "-q", *suite.options, *suite.paths),
        out=out,
        conditions=Conditions(),
        steering=Steering(evidence=is_watched),
    )
    os.chdir(directory)
    before, start_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    result = run_trial(trial, environ(), say=say)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    written = sum(path.stat().st_size for path in result.bundle.glob("workers/*.evidence.jsonl"))
    say(f"{suite.name}, {out.name}: {cpu_s:.2f} s CPU, {len(result.attempts):,} tests, {size(written)} of evidence")
    output = f"{len(result.attempts)} {written}"
    return Run(wall_s=time.perf_counter() - start_s, cpu_s=cpu_s, output=output)


def _row(suite: Suite, results: dict[str, list[Run]]) -> list[str]:
    tests = {run.output.split()[0] for runs in results.values() for run in runs}
    if len(tests) != 1:
        sys.exit(f"{suite.name}: not the same tests in all runs: {sorted(tests)}")
    bare, watched = ([run.cpu_s for run in results[name]] for name in ("bare", "watched"))
    pairs = [b / a for a, b in zip(bare, watched)]
    return [
        suite.name,
        f"{int(tests.pop()):,}",
        f"{median(bare):.2f}",
        f"{median(watched):.2f}",
        judged(median(watched) / median(bare), BAR),
        f"{min(watched) / min(bare):.3f}",
        f"{min(pairs):.2f}-{max(pairs):.2f}",
        size(int(results["watched"][0].output.split()[1])),
    ]


if __name__ == "__main__":
    main()

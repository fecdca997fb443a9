"""The wall of one shard by who schedules it: pytest-xdist's loadfile, load and worksteal, or we.

`in_shard.py simulated` and `in_shard.py real` print one half; without an argument both are printed.

Simulated. Data: `durations/*.json` below `XDIST_CI_DATA` (default: `../shared/data`), real
`.test_durations` of public repositories, or synthetic suites where there are none; the title says
which. Each suite is planned for k shards of W workers; each shard's tests are then run by
pytest-xdist's own scheduler classes and by ours, on simulated workers and with messages that take
no time. A test takes what was recorded times a lognormal factor of the sigma in the column, so at
sigma 0 the plan was right. "no times" is a plan that knows the tests and no time, and recorded times.

How to read it: "worst shard" is wall ÷ max(total ÷ W, longest test) of each shard, then the worst
shard of the plan; "plan" is the slowest shard's wall ÷ the largest of those bounds, which is what the
CI run waits for. Both are median (worst) over suites and seeds. "split" is the share of files, in %,
of those with more than one test, that more than one worker of a shard ran: their module fixtures
are set up that often. `load` and `worksteal` split files by their nature, loadfile never does, we
do where the plan has cut a file.

Real. Data: suites of `tests/suites/catalog.py`, installed below `.cache/suites` on the first run
(this needs a package index). `pytest -n 2 --dist X` without our plugin, against `ci-tools run
--shard 1/1` with a plan by the times that an earlier such run recorded; walls are those of the whole
commands, process starts and collection included. Runs alternate, 5 rounds after a warm-up; "pairs" is
the least and the most of the ratios within a round. Takes about a quarter of an hour.
"""

from __future__ import annotations

import math
import os
import platform
import random
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

from _bench import CI_TOOLS, ROOT, Run, alternate, print_table, run, say, scratch
from _simulate_xdist import STOCK, MakeScheduler, ours, shards_of, simulate
from plan_quality import suites_and_source

from ci_tools.model.plan import Plan
from ci_tools.plan.make import make_plan
from ci_tools.plan.predict import DEFAULT_MS, Prediction, predict, sources_of

sys.path.insert(0, str(ROOT / "tests"))
from suites.catalog import SUITES, Suite
from suites.install import Installed, InstallError, install

SHARDS, WORKERS = (1, 4, 8), (2, 4)
SIGMAS, SEEDS = (0.0, 0.2, 0.5), 3
NO_TIMES = "no times"
OURS = "ours"
ROUNDS = 5
# Of networkx a part, or the rounds would take half an hour.
REAL = {"networkx": ("networkx/algorithms/tests", "networkx/classes"), "attrs": (), "more-itertools": ()}
Times = Mapping[str, float]


def main() -> None:
    halves = {"simulated": simulated, "real": real}
    for name in sys.argv[1:] or halves:
        halves[name]()


# -- simulated -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """One plan, run once: the two ratios of the table, and the share of files that were split."""

    worst_shard: float
    plan: float
    split: float


def simulated() -> None:
    suites, source = suites_and_source()
    columns = [*(f"sigma {sigma:g}" for sigma in SIGMAS), NO_TIMES]
    results: dict[tuple[int, int, str, str], list[Result]] = {}
    for name, suite in suites.items():
        say(f"simulating {name} …")
        prediction = predict(sources_of(suite), suite)
        for k in SHARDS:
            for workers in WORKERS:
                for column, plan, times in _cases(name, prediction, k, workers):
                    for scheduler, make in {**STOCK, OURS: ours(plan)}.items():
                        result = _result(make, plan, prediction, times)
                        results.setdefault((k, workers, column, scheduler), []).append(result)
    print(_versions())
    _print_ratios(f"worst shard: wall ÷ max(total ÷ W, longest test), {source}", columns, results, "worst_shard")
    _print_ratios(f"plan: slowest shard ÷ largest bound, {source}", columns, results, "plan")


def _cases(name: str, prediction: Prediction, k: int, workers: int) -> Iterator[tuple[str, Plan, Times]]:
    """Yield column, plan and true times."""
    plan = make_plan(prediction, shards=k, workers=workers)
    recorded = {nodeid: float(ms) for file in prediction.files for nodeid, ms in file.tests}
    for sigma in SIGMAS:
        for seed in range(SEEDS if sigma else 1):
            chance = random.Random(f"{name} {sigma} {seed}")
            yield f"sigma {sigma:g}", plan, {n: ms * math.exp(chance.gauss(0, sigma)) for n, ms in recorded.items()}
    unknown = [
        replace(file, tests=tuple((nodeid, DEFAULT_MS) for nodeid, _ in file.tests)) for file in prediction.files
    ]
    yield NO_TIMES, make_plan(replace(prediction, files=tuple(unknown)), shards=k, workers=workers), recorded


def _result(make: MakeScheduler, plan: Plan, prediction: Prediction, times: Times) -> Result:
    walls, bounds, n_files, n_split = [], [], 0, 0
    for collection in filter(None, shards_of(plan, prediction.files)):
        ran = simulate(make, collection, times, plan.workers)
        own = [times[nodeid] for nodeid in collection]
        walls.append(ran.wall)
        bounds.append(max(sum(own) / plan.workers, *own))
        n_files += sum(1 for n_tests in ran.tests_of.values() if n_tests > 1)
        n_split += sum(1 for n_workers in ran.workers_of.values() if n_workers > 1)
    worst_shard = max((wall / bound for wall, bound in zip(walls, bounds) if bound), default=1.0)
    return Result(worst_shard=worst_shard, plan=max(walls) / max(bounds), split=n_split / max(1, n_files))


def _print_ratios(
    title: str,
    columns: Sequence[str],
    results: Mapping[tuple[int, int, str, str], Sequence[Result]],
    ratio: str,
) -> None:
    rows = []
    for k in SHARDS:
        for workers in WORKERS:
            for scheduler in (*STOCK, OURS):
                cells = []
                for column in columns:
                    ratios = [getattr(result, ratio) for result in results[k, workers, column, scheduler]]
                    cells.append(f"{median(ratios):.3f} ({max(ratios):.2f})")
                split = [result.split for result in results[k, workers, columns[0], scheduler]]
                rows.append([str(k), str(workers), scheduler, *cells, f"{100 * median(split):.0f}"])
    print_table(f"\n{title}", ["k", "W", "scheduler", *columns, "split %"], rows, left=3)


# -- real ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guest:
    """A suite's copy, and the command that runs its tests on two workers."""

    suite: Suite
    root: Path
    python: Path

    def command(self, dist: str) -> tuple[str, ...]:
        options = ("-q", "-p", "no:cacheprovider", "-n", "2", "--dist", dist)
        return (str(self.python), "-m", "pytest", *options, *self.suite.options, *self.suite.paths)

    def stock(self, dist: str) -> Run:
        return self._noted(dist, self._run(self.command(dist)))

    def ours(self, out: str) -> Run:
        return self._noted(
            OURS, self._run([*CI_TOOLS, "run", "--shard", "1/1", "--out", out, "--", *self.command("loadfile")])
        )

    def plan(self, *options: str) -> None:
        run([*CI_TOOLS, "plan", "--shards", "1", "--workers", "2", *options, *self.suite.paths], cwd=self.root)

    def record(self) -> None:
        """Make the plan by recorded times: of one run of ours, as in CI."""
        self.plan()
        self.ours("recording")
        self._run([*CI_TOOLS, "merge", "recording", "--out", "recorded"])
        self.plan("--durations", "recorded/.test_durations")

    def _run(self, command: Sequence[str]) -> Run:
        # Some of the suites have a test that fails for everybody: status 1.
        return run(["sh", "-c", '"$@" || [ $? -eq 1 ]', "sh", *command], cwd=self.root)

    def _noted(self, name: str, result: Run) -> Run:
        say(f"{self.suite.name}, {name}: {result.wall_s:.2f} s, {_summary(result)}")
        return result


def real() -> None:
    print(_versions())
    for suite in SUITES:
        if suite.name in REAL:
            try:
                installed = install(suite)
            except InstallError as error:
                say(f"{suite.key} can't be installed: {error}")
                continue
            with scratch() as root:
                _compare(replace(suite, paths=REAL[suite.name] or suite.paths), installed, root)


def _compare(suite: Suite, installed: Installed, root: Path) -> None:
    guest = Guest(suite=suite, root=installed.copy_to(root / "suite"), python=installed.bin / "python")
    guest.record()
    numbers = iter(range(1000))
    contenders: dict[str, Callable[[], Run]] = {dist: partial(guest.stock, dist) for dist in STOCK}
    contenders[OURS] = lambda: guest.ours(f"bundles-{next(numbers)}")
    results = alternate(contenders, rounds=ROUNDS)
    stock = [result.wall_s for result in results["loadfile"]]
    rows = []
    for name, runs in results.items():
        walls = [result.wall_s for result in runs]
        pairs = [wall / other for wall, other in zip(walls, stock)]
        cpu_s = median(result.cpu_s for result in runs)
        passed = sorted({_summary(result) for result in runs})
        ratio = f"{median(walls) / median(stock):.3f}"
        spread = f"{min(pairs):.2f}-{max(pairs):.2f}"
        rows.append(
            [
                name,
                f"{median(walls):.2f}",
                f"{min(walls):.2f}-{max(walls):.2f}",
                ratio,
                spread,
                f"{cpu_s:.2f}",
                *passed[:1],
            ]
        )
    print_table(
        f"\n{suite.key}: {shlex.join(guest.command('X')[1:])}, median of {ROUNDS} alternating runs",
        ["--dist", "wall s", "least-most", "÷ loadfile", "pairs", "CPU s", "outcomes"],
        rows,
    )


def _summary(result: Run) -> str:
    """Return the counts of pytest's last line, `927 passed, 5 skipped`."""
    found = re.findall(r"^=*\s*((?:\d+ [\w ]+, )*\d+ [\w ]+) in [\d.]+s", result.output, re.MULTILINE)
    return str(found[-1]) if found else "?"


def _versions() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("xdist-ci", "pytest", "pytest-xdist"))
    return f"python benchmarks/in_shard.py: Python {platform.python_version()}, {packages}, {os.cpu_count()} CPUs"


if __name__ == "__main__":
    main()

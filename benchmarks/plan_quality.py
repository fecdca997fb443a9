"""How good the plans are: their wall ÷ the lower bound, and over how many shards files are torn.

Data: `durations/*.json` below `XDIST_CI_DATA` (default: `../shared/data`), real `.test_durations`
of public repositories; where there are none, synthetic suites of the same shapes that this script
makes from fixed seeds. The title says which.

How to read it: four plans for each number of shards k, with W = 4 workers each. The lower bound is
max(total ÷ kW, longest test): no schedule is shorter; median and worst are over the suites.
"ours, predicted" is the wall on our certificate (an idle worker takes the longest atom left);
"ours, simulated" is the slowest shard of the same plan as our real scheduler hands it out to
simulated workers, each getting its next atom while it still has one test to run. pytest-split's
walls are simulated under stock `--dist loadfile`. Spread is the mean number of shards that a file is
on: the median suite, and the most torn one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from _bench import ROOT, judged, print_table
from _simulate_xdist import ours, shards_of, simulate

from ci_tools.formats import durations_json
from ci_tools.model.nodeid import file_of
from ci_tools.model.plan import Plan
from ci_tools.plan.make import make_plan
from ci_tools.plan.predict import PredictedFile, predict, sources_of
from ci_tools.plan.pytest_split import ALGORITHMS, split

SHARDS = (2, 4, 8, 16, 32)
WORKERS = 4
MEDIAN_BAR, WORST_BAR, SPREAD_BAR = 1.005, 1.05, 1.5
Suites = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Quality:
    """One suite at one k: ratios to the lower bound and spreads, by planner."""

    suite: str
    ratio: Mapping[str, float]
    spread: Mapping[str, float]


def main() -> None:
    suites, source = suites_and_source()
    rows = []
    for k in SHARDS:
        rows += _rows(k, [_quality(name, suite, k) for name, suite in suites.items()])
    print_table(
        f"plan quality on {source}, W = {WORKERS}: wall ÷ max(total ÷ kW, longest test)",
        ["k", "plan", "median, bar", "worst, bar", "worst suite", "spread, bar", "most"],
        rows,
        left=2,
    )


def suites_and_source() -> tuple[Suites, str]:
    """Return the recorded suites, or the synthetic ones, and words for which they are."""
    data = Path(os.environ.get("XDIST_CI_DATA", ROOT.parent / "shared" / "data")) / "durations"
    suites = _recorded(data)
    source = f"{len(suites)} recorded suites"
    if not suites:
        suites = dict(_synthetic())
        source = f"{len(suites)} synthetic suites (no recorded ones found)"
    return suites, f"{source}, {sum(map(len, suites.values())):,} tests"


def _rows(k: int, results: Sequence[Quality]) -> list[list[str]]:
    rows = []
    for planner in results[0].ratio:
        ratios = {result.suite: result.ratio[planner] for result in results}
        spreads = [result.spread[planner] for result in results]
        worst = max(ratios, key=lambda suite: ratios[suite])
        figures = median(ratios.values()), ratios[worst], median(spreads)
        if planner in ALGORITHMS:
            cells = [f"{figure:.3f}" for figure in figures]
        else:
            cells = [judged(figure, bar) for figure, bar in zip(figures, (MEDIAN_BAR, WORST_BAR, SPREAD_BAR))]
        name = f"pytest-split {planner}" if planner in ALGORITHMS else f"ours, {planner}"
        suite = worst if ratios[worst] > MEDIAN_BAR else "-"
        rows.append([str(k), name, cells[0], cells[1], suite, cells[2], f"{max(spreads):.1f}"])
    return rows


def _quality(name: str, durations_s: Mapping[str, float], k: int) -> Quality:
    prediction = predict(sources_of(durations_s), durations_s)
    plan = make_plan(prediction, shards=k, workers=WORKERS)
    assert plan.certificate is not None
    bound_ms = plan.certificate.lower_bound_ms
    walls_ms = {
        "predicted": plan.certificate.predicted_wall_ms,
        "simulated": simulated_wall_ms(plan, prediction.files),
        **{algorithm: wall_ms or 0 for algorithm, wall_ms in plan.certificate.rivals_ms.items()},
    }
    torn = _spread([{atom.file for atom in shard.atoms} for shard in plan.shards])
    spread = {"predicted": torn, "simulated": torn}
    for algorithm in ALGORITHMS:
        chosen = split(algorithm, prediction.files, k)
        spread[algorithm] = _spread([{file_of(nodeid) for nodeid, _ in tests} for tests in chosen])
    ratio = {planner: wall_ms / bound_ms for planner, wall_ms in walls_ms.items()}
    return Quality(suite=name, ratio=ratio, spread=spread)


def _spread(files_of_shards: Sequence[set[str]]) -> float:
    """Return the mean number of shards that a file is on."""
    return sum(map(len, files_of_shards)) / len(set().union(*files_of_shards))


def simulated_wall_ms(plan: Plan, files: Sequence[PredictedFile]) -> float:
    """Return the slowest shard's wall when our scheduler runs the plan and every test takes what was predicted."""
    times = {nodeid: float(ms) for file in files for nodeid, ms in file.tests}
    shards = shards_of(plan, files)
    return max(simulate(ours(plan), collection, times, plan.workers).wall for collection in shards)


def _recorded(data: Path) -> Suites:
    return {
        path.stem.partition("__")[2] or path.stem: durations_json.loads(path.read_text("utf-8"), source=path.name)
        for path in sorted(data.glob("*.json"))
    }


# Name, tests, files, sigma of the tests' logarithm, shape of the files' sizes (smaller: heavier tail).
_SHAPES = (
    ("demo, one file", 10, 1, 0.7, 1.5),
    ("small, uneven", 184, 17, 1.6, 0.8),
    ("even tests", 1000, 63, 0.4, 1.5),
    ("many small files", 1800, 510, 1.2, 1.8),
    ("heavy-tailed files", 2600, 71, 1.4, 0.7),
    ("heavy-tailed tests", 2800, 207, 2.4, 1.1),
    ("large", 5100, 255, 1.7, 1.0),
    ("very large", 12300, 640, 1.5, 1.0),
)


def _synthetic() -> Iterator[tuple[str, Mapping[str, float]]]:
    """Yield suites like the recorded ones: lognormal seconds, Pareto file sizes, and the odd shapes."""
    for seed, (name, n_tests, n_files, sigma, shape) in enumerate(_SHAPES):
        yield name, _suite(random.Random(seed), n_tests, n_files, sigma, shape)
    chance = random.Random(100)
    yield "two giant files", _suite(chance, 350, 2, 0.8, 5.0)
    dominated = dict(_suite(chance, 1200, 65, 1.0, 1.2))
    dominated[max(dominated)] = 0.7 * sum(dominated.values())
    yield "one test dominates", dominated
    slow = dict(_suite(chance, 1600, 200, 1.2, 1.2))
    typical_s = mean(slow.values())
    yield "a few slow tests", {**slow, **dict.fromkeys(chance.sample(sorted(slow), 12), 40 * typical_s)}
    yield (
        "half takes no time",
        {
            nodeid: 0.0 if chance.random() < 0.5 else seconds
            for nodeid, seconds in _suite(chance, 2000, 90, 1.3, 0.9).items()
        },
    )


def _suite(chance: random.Random, n_tests: int, n_files: int, sigma: float, shape: float) -> Mapping[str, float]:
    sizes = [chance.paretovariate(shape) for _ in range(n_files)]
    slowness = [chance.lognormvariate(-1.5, 0.5) for _ in range(n_files)]
    durations_s: dict[str, float] = {}
    for index, size in enumerate(sizes):
        n_own = max(1, round(size / sum(sizes) * n_tests))
        for test in range(n_own):
            scope = f"Test{test // 20}::" if index % 3 == 0 else ""
            name = f"test_{test // 6}[{test % 6}]" if index % 2 else f"test_{test}"
            nodeid = f"tests/area{index % 9}/test_{index}.py::{scope}{name}"
            durations_s[nodeid] = round(slowness[index] * chance.lognormvariate(0, sigma), 3)
    return durations_s


if __name__ == "__main__":
    main()

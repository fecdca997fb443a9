"""`python -m tests.torture.stability`: do studies of suites whose truth is known tell the truth?

Simulated: tests that fail in 1 %, 5 % and 20 % of runs, each studied a hundred times; and tests of each kind, whose
class is told. Real: a small suite of such tests, run by pytest. A rate is right when it lies within the bounds that
the study gives; a class when it is the one that the test was made for, or isn't called sure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ci_tools.model.rates import rate_text
from ci_tools.stability.as_json import as_json

from . import simulated
from .simulated import Behaviour, Suite, flaky, good, studied

RATES = (0.01, 0.05, 0.20)
LEAST_RIGHT = 0.93
MOST_WRONG = 0.05  # of classes that are called sure

KINDS: Mapping[str, Behaviour] = {
    "always": simulated.always,
    "order victim": simulated.victim_of("p.py::t"),
    "needs another test": simulated.in_need_of("p.py::t"),
    "concurrent victim": simulated.disturbed_by("d.py::t", 0.6),
    "pytest-xdist": simulated.in_worker,
    "hash seed": simulated.by_hash,
    "time zone": simulated.by_zone,
    "load": simulated.under_load,
    "random": flaky(0.2),
}
OTHERS = {f"{name}.py::t": good for name in ("p", "d", "g1", "g2", "g3")}

TEST = """
import random
from pathlib import Path

import pytest


@pytest.mark.parametrize("n", range({n}))
def test_it(n):
    path = Path("counts") / f"{rate}-{{n}}"
    done = len(path.read_text()) if path.exists() else 0
    path.write_text("x" * (done + 1))
    assert random.Random(f"{seed} {rate} {{n}} {{done}}").random() >= {rate}
"""


def contains(document: Mapping[str, Any], nodeid: str, rate: float) -> bool:
    """Return whether the bounds that a report gives for a test contain its true rate."""
    shares = {bad["id"]: bad["share"] for bad in document["bad"]}
    low, high = shares.get(nodeid, document["others"])["interval"]
    return bool(low <= rate <= high)


def simulated_rates(repetitions: int, runs: int, seed: int) -> Counter[float]:
    """Return how many of so many studies have each rate within their bounds."""
    right: Counter[float] = Counter()
    tests = {f"a.py::t{rate}": flaky(rate) for rate in RATES}
    for repetition in range(repetitions):
        report = studied(Suite(tests, seed=seed + repetition), runs=runs, seed=repetition, levels=("0", "2"))
        document = json.loads(as_json(report))
        right.update(rate for rate in RATES if contains(document, f"a.py::t{rate}", rate))
    return right


def simulated_classes(repetitions: int, runs: int, seed: int) -> Counter[tuple[str, str, bool]]:
    """Return how often a test of each kind was told as which class, and called sure."""
    told: Counter[tuple[str, str, bool]] = Counter()
    tests = {**OTHERS, **{f"{name.replace(' ', '_')}.py::t": behaviour for name, behaviour in KINDS.items()}}
    names = {f"{name.replace(' ', '_')}.py::t": name for name in KINDS}
    for repetition in range(repetitions):
        suite = Suite(tests, seed=seed + repetition)
        report = studied(suite, runs=runs, seed=repetition, questions=200, stress=(0, 2))
        told.update((names[bad.nodeid], bad.cause.kind.value, bad.cause.is_sure) for bad in report.bad)
    return told


def real_rates(directory: Path, *, tests: int, runs: int, seed: int) -> Counter[float]:
    """Return how many of so many real tests of each rate have it within the bounds of one study."""
    (directory / "counts").mkdir()
    for rate in RATES:
        (directory / f"test_{round(100 * rate)}.py").write_text(TEST.format(n=tests, rate=rate, seed=seed))
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
    options = ("--runs", str(runs), "--levels", "0,2", "--questions", "0", "--seed", str(seed), "--format", "json")
    words = [sys.executable, "-m", "ci_tools", "stability", *options, "--", *command]
    done = subprocess.run(words, cwd=directory, stdout=subprocess.PIPE, text=True, check=False)
    document = json.loads(done.stdout)
    return Counter(
        rate
        for rate in RATES
        for n in range(tests)
        if contains(document, f"test_{round(100 * rate)}.py::test_it[{n}]", rate)
    )


def wrong_of(right: Counter[float], n: int, what: str) -> list[str]:
    """Return what is wrong with these counts, each in a line."""
    return [
        f"{what}: {rate:.0%} was within its bounds in {right[rate]} of {n}"
        for rate in RATES
        if right[rate] < LEAST_RIGHT * n
    ]


def main(words: list[str] | None = None) -> int:
    """Return 0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.stability", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=100, help="simulated studies (default: 100)")
    parser.add_argument("--runs", type=int, default=30, help="of each study (default: 30)")
    parser.add_argument("--tests", type=int, default=100, help="real tests of each rate (default: 100)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    begin_s = time.monotonic()
    right = simulated_rates(args.repetitions, args.runs, args.seed)
    wrong = wrong_of(right, args.repetitions, "simulated")
    print("simulated:", {f"{rate:.0%}": f"{right[rate]} of {args.repetitions}" for rate in RATES})
    told = simulated_classes(args.repetitions, args.runs, args.seed)
    sure = [(made, kind, n) for (made, kind, is_sure), n in sorted(told.items()) if is_sure]
    n_sure, n_false = sum(n for *_, n in sure), sum(n for made, kind, n in sure if made != kind)
    print(
        f"classes: {told.total()} told, {n_sure} of them sure; of these wrong: {rate_text(n_false, n_sure, 'sure one')}"
    )
    wrong += [f"{n_false} of {n_sure} sure classes are wrong"] if n_false > MOST_WRONG * n_sure else []
    print("".join(f"  {made} told as {kind}: {n}\n" for made, kind, n in sure if made != kind), end="")
    with tempfile.TemporaryDirectory(prefix="torture-") as directory:
        right = real_rates(Path(directory), tests=args.tests, runs=args.runs, seed=args.seed)
    wrong += wrong_of(right, args.tests, "real")
    print("real:", {f"{rate:.0%}": f"{right[rate]} of {args.tests}" for rate in RATES})
    print(f"in {time.monotonic() - begin_s:.0f} s: {len(wrong)} wrong")
    print("".join(f"  {line}\n" for line in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

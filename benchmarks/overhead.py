"""What the plugin costs: 20,000 empty tests with it ÷ without it, at `-n 2 --dist loadfile`.

Data: 200 generated files of 100 tests that do nothing, so all time is pytest's, pytest-xdist's and
ours. A suite with real tests pays far less. Bare runs and ours use the same python and the same
command; pytest and pytest-xdist come from a venv below `.cache/` that the script makes on its first
run (this needs a package index).

How to read it: three runs alternate, 5 rounds after a warm-up. "bare" is pytest-xdist alone; "the
plugin" is the same command in the environment that `ci-tools run` would give it (selecting,
recording, our order under loadfile); "ci-tools run --shard 1/1" adds the process around it, which
stages the plugin and seals and reads the bundle. Ratios are of the medians. "pairs" is the
least and the most of the ratios within a round: where it spans the bar widely, the machine was too
busy to tell, and the ratio of CPU says more than that of walls. Takes about six minutes.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from _bench import CI_TOOLS, Run, alternate, empty_tests, environ, guest_python, judged, print_table, run, say, scratch

from ci_tools.shard.command import environment
from ci_tools.shard.stage import stage

FILES, TESTS = 200, 100
ROUNDS = 5
BAR = 1.03
BARE, PLUGIN, COMMAND = "bare", "the plugin", "ci-tools run --shard 1/1"


def main() -> None:
    python = guest_python()
    with scratch() as root:
        empty_tests(root, files=FILES, tests=TESTS)
        results = _results(python, root)
    _print(results)


def _print(results: Mapping[str, Sequence[Run]]) -> None:
    walls = {name: [result.wall_s for result in runs] for name, runs in results.items()}
    cpus = {name: [result.cpu_s for result in runs] for name, runs in results.items()}
    rows = []
    for name in results:
        row = [name]
        for seconds in (walls, cpus):
            ratio = median(seconds[name]) / median(seconds[BARE])
            pairs = [ours / bare for ours, bare in zip(seconds[name], seconds[BARE])]
            row.append(f"{median(seconds[name]):.2f}")
            row.append(judged(ratio, BAR) if name in (PLUGIN, COMMAND) else f"{ratio:.3f}")
            row.append(f"{min(pairs):.2f}-{max(pairs):.2f}")
        rows.append(row)
    print_table(
        f"{FILES * TESTS:,} empty tests, -n 2 --dist loadfile, median of {ROUNDS} alternating runs",
        ["run", "wall s", "wall ÷ bare, bar", "pairs", "CPU s", "CPU ÷ bare, bar", "pairs"],
        rows,
    )


def _results(python: Path, root: Path) -> dict[str, list[Run]]:
    command = (str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile")
    run([*CI_TOOLS, "plan", "--shards", "1", "--workers", "2"], cwd=root)
    staged = stage(root / "stage")
    numbers = itertools.count()

    def bare() -> Run:
        return _noted(BARE, run(command, cwd=root))

    def plugin() -> Run:
        out = root / f"out-{next(numbers)}"
        out.mkdir()
        env = environment(
            environ(),
            command,
            stage=staged,
            out=out,
            plan=root / "plan.json",
            shard=1,
            nonce="0",
            workers="2",
        )
        return _noted(PLUGIN, run(command, cwd=root, env=env))

    def shard() -> Run:
        out = f"out-{next(numbers)}"
        return _noted(COMMAND, run([*CI_TOOLS, "run", "--shard", "1/1", "--out", out, "--", *command], cwd=root))

    return alternate({BARE: bare, PLUGIN: plugin, COMMAND: shard}, rounds=ROUNDS)


def _noted(name: str, result: Run) -> Run:
    say(f"{name}: {result.wall_s:.2f} s, {result.cpu_s:.2f} s CPU")
    if f"{FILES * TESTS} passed" not in result.output:
        raise SystemExit(f"{name}: not all tests ran:\n{result.output[-2000:]}")
    return result


if __name__ == "__main__":
    main()

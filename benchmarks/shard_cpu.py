"""What sharding costs: the CPU of 8 shards ÷ the CPU of one whole run of the same suite.

Data: networkx's own tests as its wheel ships them (more than 6,000 tests in some 270 files), copied
to a temporary directory; networkx, pytest, pytest-xdist and pytest-split come from a venv below
`.cache/` that the script makes on its first run (this needs a package index).

How to read it: CPU is user + system of the command and all its children. The whole run is
`pytest -n 2 --dist loadfile`, before and after the shards, and counts as the mean of both. Ours
is `ci-tools plan` and 8 × `ci-tools run`; pytest-split's is 8 × `pytest --splits 8 --group i
--splitting-algorithm least_duration`; shards of both alternate. Recorded times come from a whole run
before all that, which isn't measured. "passed" has to agree. Takes about ten minutes.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _bench import CI_TOOLS, Run, guest_python, judged, print_table, run, say, scratch

SHARDS = 8
LEAST_TESTS = 5000
BAR = 1.2


@dataclass(frozen=True, slots=True)
class Suite:
    """The project's directory and the command that runs its tests."""

    root: Path
    command: tuple[str, ...]

    def whole(self, *options: str) -> Run:
        return run([*self.command, *options], cwd=self.root)

    def ours(self, index: int) -> Run:
        options = ["--shard", f"{index}/{SHARDS}", "--out", "bundles"]
        return run([*CI_TOOLS, "run", *options, "--", *self.command], cwd=self.root)

    def split(self, index: int) -> Run:
        options = ["--splits", str(SHARDS), "--group", str(index), "--splitting-algorithm", "least_duration"]
        return self.whole(*options)


def main() -> None:
    python = guest_python()
    with scratch() as root:
        suite = _copy(python, root)
        say("recording times …")
        recorded = suite.whole("--store-durations", "--clean-durations")
        if _tests(recorded) < LEAST_TESTS:
            sys.exit(f"{_tests(recorded):,} tests, wanted more than {LEAST_TESTS:,}")
        wholes = [_noted("whole run", suite.whole())]
        ours = [run([*CI_TOOLS, "plan", "--shards", str(SHARDS), "--workers", "2"], cwd=root)]
        split: list[Run] = []
        for index in range(1, SHARDS + 1):
            ours.append(_noted(f"ours {index}", suite.ours(index)))
            split.append(_noted(f"pytest-split {index}", suite.split(index)))
        wholes.append(_noted("whole run", suite.whole()))
    _print(_tests(recorded), wholes, ours, split)


def _copy(python: Path, root: Path) -> Suite:
    installed = run([str(python), "-c", "import networkx; print(networkx.__path__[0])"], cwd=root)
    # Without its __pycache__ every file of the copy is compiled once, in the run that isn't measured.
    source = Path(installed.output.strip())
    shutil.copytree(source, root / "networkx", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "pytest.ini").write_text("[pytest]\ntestpaths = networkx\n", encoding="utf-8")
    options = ("-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile")
    return Suite(root=root, command=(str(python), "-m", "pytest", *options))


def _noted(name: str, result: Run) -> Run:
    say(f"{name}: {result.cpu_s:.1f} s CPU, {result.wall_s:.1f} s, {_passed(result):,} passed")
    return result


def _passed(result: Run) -> int:
    return _number(result.output, "passed")


def _tests(result: Run) -> int:
    return sum(_number(result.output, word) for word in ("passed", "skipped", "xfailed"))


def _number(output: str, word: str) -> int:
    """Return a number from pytest's last line, `6090 passed, 361 skipped in 98.57s`; 0 where there is none."""
    summaries = re.findall(r"^.*\d+ passed.* in [\d.]+s.*$", output, re.MULTILINE)
    found = re.search(rf"(\d+) {word}\b", summaries[-1]) if summaries else None
    return int(found[1]) if found else 0


def _print(n_tests: int, wholes: Sequence[Run], ours: Sequence[Run], split: Sequence[Run]) -> None:
    whole_s = sum(result.cpu_s for result in wholes) / len(wholes)
    ours_s = sum(result.cpu_s for result in ours)
    rows = []
    for name, results in (("one whole run", wholes), ("ours, with the plan", ours), ("pytest-split", split)):
        runs = len(wholes) if results is wholes else 1
        cpu_s = sum(result.cpu_s for result in results) / runs
        ratio = judged(cpu_s / whole_s, BAR, 2) if results is ours else f"{cpu_s / whole_s:.2f}"
        passed = sum(map(_passed, results)) // runs
        slowest_s = max(result.wall_s for result in results)
        rows.append([name, f"{cpu_s:.1f}", ratio, f"{cpu_s / ours_s:.2f}", f"{slowest_s:.1f}", f"{passed:,}"])
    print_table(
        f"CPU of {SHARDS} shards, networkx, {n_tests:,} tests, -n 2 --dist loadfile",
        ["what", "CPU s", "÷ whole run, bar", "÷ ours", "longest run s", "passed"],
        rows,
    )
    both_s = [result.cpu_s for result in wholes]
    print(f"noise: the two whole runs took {both_s[0]:.1f} and {both_s[1]:.1f} s of CPU")


if __name__ == "__main__":
    main()

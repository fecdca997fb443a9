"""What isolation and locks cost: 20,000 empty tests with both configured ÷ without the plugin, at `-n 2`.

Data: 200 generated files of 100 tests that do nothing, and one serial test. So every test goes through
the lock that keeps the serial one alone, which is the most that can be asked for: a suite without a
serial test takes locks for its marked tests only, and one that `ci-tools run` runs takes none for
serial tests either. The project has its workers isolated: directories, four variables, a port.

How to read it: runs with the plugin loaded and without it alternate, 3 rounds after a warm-up, same
python, same command. Ratios are of the medians; "pairs" is the least and the most of the ratios
within a round. CPU tells more than wall on a busy machine.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

from _bench import Run, alternate, empty_tests, environ, guest_python, judged, print_table, run, say, scratch

from ci_tools.shard.stage import stage

FILES, TESTS = 200, 100
ROUNDS = 3
BAR = 1.05
SERIAL = """import pytest

@pytest.mark.serial
def test_serial():
    pass
"""
PROJECT = """[tool.ci-tools.isolation]
env = { DATA_DIR = "dir", PORT = "port", CACHE = "{worker_dir}/cache", DATABASE_URL = "db-url" }
"""
MODES = ("loadfile", "load")


def main() -> None:
    python = guest_python()
    for dist in MODES:
        with scratch() as root:
            empty_tests(root, files=FILES, tests=TESTS, more=SERIAL)
            (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
            _print(dist, _results(python, root, dist))


def _results(python: Path, root: Path, dist: str) -> dict[str, list[Run]]:
    command = (str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", dist)
    bare = {**environ(), "DATABASE_URL": "sqlite:///app.db"}
    marks = ("-W", "ignore::pytest.PytestUnknownMarkWarning")
    ours = {**bare, "PYTHONPATH": str(stage(root / "stage")), "PYTEST_PLUGINS": "ci_tools.plugin"}
    runs = {
        "bare": lambda: _noted("bare", run([*command, *marks], cwd=root, env=bare)),
        "isolated": lambda: _noted("isolated", run([*command, *marks], cwd=root, env=ours)),
    }
    return alternate(runs, rounds=ROUNDS)


def _noted(name: str, result: Run) -> Run:
    say(f"{name}: {result.wall_s:.2f} s, {result.cpu_s:.2f} s CPU")
    if f"{FILES * TESTS + 1} passed" not in result.output:
        raise SystemExit(f"{name}: not all tests ran:\n{result.output[-2000:]}")
    return result


def _print(dist: str, results: dict[str, list[Run]]) -> None:
    rows = []
    for name, of in (("wall", "wall_s"), ("CPU", "cpu_s")):
        bare, ours = ([getattr(one, of) for one in results[key]] for key in ("bare", "isolated"))
        pairs = [b / a for a, b in zip(bare, ours)]
        ratio = median(ours) / median(bare)
        spread = f"{min(pairs):.2f}-{max(pairs):.2f}"
        rows.append([name, f"{median(bare):.2f}", f"{median(ours):.2f}", judged(ratio, BAR), spread])
    title = f"{FILES * TESTS:,} empty tests and a serial one, -n 2 --dist {dist}, median of {ROUNDS} alternating runs"
    print_table(title, ["", "bare s", "isolated s", "ratio, bar", "pairs"], rows)


if __name__ == "__main__":
    main()

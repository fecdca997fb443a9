"""What the benchmarks share: running and timing commands, a venv for guest projects, plain tables.

This machine's speed changes while a benchmark runs, so every script compares runs that alternate.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
CI_TOOLS = (sys.executable, "-m", "ci_tools")
GUEST_PACKAGES = ("networkx", "pytest", "pytest-xdist", "pytest-split")


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: wall and CPU seconds (user + system, its waited-for children too)."""

    wall_s: float
    cpu_s: float
    output: str


def environ() -> dict[str, str]:
    """Return the environment without what changes a run.

    With PYTHONDONTWRITEBYTECODE, say, every process would compile and rewrite each test file anew.
    """
    prefixes = ("PYTHON", "PYTEST", "XDIST_CI", "GITHUB_", "COVERAGE")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end, in `environ()` if not told; exits when it fails.

    Its output goes to a file, so that no pipe slows it down.
    """
    env = environ() if env is None else env
    with tempfile.TemporaryFile() as stream:
        start_s = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=stream, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start_s
        process.returncode = os.waitstatus_to_exitcode(status)
        stream.seek(0)
        output = stream.read().decode(errors="replace")
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}\n{output[-4000:]}")
    return Run(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime, output=output)


def alternate(runs: Mapping[str, Callable[[], Run]], *, rounds: int) -> dict[str, list[Run]]:
    """Run each in turn, `rounds` times, the order turned round every time; one warm-up round is dropped."""
    results: dict[str, list[Run]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name in list(runs)[:: 1 if number % 2 else -1]:
            result = runs[name]()
            if number:
                results[name].append(result)
    return results


def seconds_of(call: Callable[[], object]) -> float:
    """Return the wall seconds of one call."""
    start_s = time.perf_counter()
    call()
    return time.perf_counter() - start_s


def guest_python() -> Path:
    """Return the python of a venv with pytest, xdist, pytest-split and networkx, made when missing.

    xdist-ci is not installed there: a guest gets it from `ci-tools run`, as in CI.
    """
    directory = CACHE / "bench-venv"
    python = directory / "bin" / "python"
    done = directory / "complete"
    if not done.is_file():
        say(f"making a venv with {' '.join(GUEST_PACKAGES)} …")
        venv.create(directory, with_pip=True, clear=True)
        run([str(python), "-m", "pip", "install", "--quiet", *GUEST_PACKAGES], cwd=ROOT)
        done.touch()
    return python


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="xdist-ci-bench-") as directory:
        yield Path(directory).resolve()


def say(text: str) -> None:
    """Tell what is going on; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def judged(value: float, bar: float, digits: int = 3, unit: str = "") -> str:
    """Return the number with its bar beside it: `1.002 <= 1.005 ok` or `1.062 > 1.050 MISSED`."""
    relation, verdict = ("<=", "ok") if value <= bar else (">", "MISSED")
    return f"{value:.{digits}f} {relation} {bar:.{digits}f}{unit} {verdict}"


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> None:
    """Print a table; the first `left` columns are text, all others are set to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    print(title)
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        print("  ".join(cells).rstrip())


def empty_tests(root: Path, *, files: int, tests: int, more: str = "") -> None:
    """Write a suite of `files` × `tests` tests that do nothing; `more` is the text of one more file."""
    for index in range(files):
        directory = root / "tests" / f"area_{index // 20}"
        directory.mkdir(parents=True, exist_ok=True)
        lines = [f"def test_{number}():\n    pass\n" for number in range(tests)]
        (directory / f"test_{index}.py").write_text("\n\n".join(lines), encoding="utf-8")
    if more:
        (root / "tests" / "test_more.py").write_text(more, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n", encoding="utf-8")

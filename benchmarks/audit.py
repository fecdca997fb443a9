"""How fast `ci-tools audit` reads a large real tree: the standard library's own test suite, on one core.

Data: the `test` package of the Python that runs this (400,000 to 500,000 lines, 30,000 tests), which is always there.

How to read it: CPU seconds (user + system) of one process each, median of ROUNDS, runs alternating. "ast.parse"
is what no tool written in Python can save: reading the files and parsing them. "following" is that and what units do,
without a rule. ruff is written in Rust, looks at one file at a time and follows no call; it runs its rules on tests,
time zones and security. pylint infers types over the whole program; it gets one package of the tree, as the whole would
take it an hour, and is left out where pip can't install it.
"""

from __future__ import annotations

import sys
import sysconfig
import venv
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from _bench import CACHE, ROOT, Run, alternate, print_table, run, say

ROUNDS = 3
TREE = Path(sysconfig.get_paths()["stdlib"]) / "test"
PART = TREE / "test_asyncio"
AIM = 100_000  # lines per second

_CONFIG = "from pathlib import Path; from ci_tools.plan.pytest_config import PytestConfig; import gc; gc.disable()\n"
_CONFIG += "root = Path(sys.argv[1]); config = PytestConfig(rootdir=root, paths=(root,))\n"
PROGRAMS = {
    "ast.parse alone": "import ast, sys; from pathlib import Path\n"
    "for path in Path(sys.argv[1]).rglob('*.py'):\n"
    "    try: ast.parse(path.read_bytes())\n"
    "    except (SyntaxError, ValueError): pass\n",
    "audit, following": f"import sys; {_CONFIG}from ci_tools.audit.source import read_sources\n"
    "from ci_tools.audit.suite import build_suite\nbuild_suite(read_sources(config), config)\n",
    "audit, all rules": f"import sys; {_CONFIG}from ci_tools.audit.engine import audit\naudit(config)\n",
}


def main() -> None:
    runs: dict[str, Callable[[], Run]] = {name: partial(_python, text, TREE) for name, text in PROGRAMS.items()}
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero", "--quiet"]
    runs["ruff (S, DTZ, PT, B)"] = partial(run, [*ruff, "--select", "S,DTZ,PT,B", str(TREE)], cwd=ROOT)
    say(f"reading {TREE} {ROUNDS + 1} times with each of {', '.join(runs)} …")
    results = alternate(runs, rounds=ROUNDS)
    n_lines = lines_of(TREE)
    rows = [_row(name, n_lines, median(r.cpu_s for r in results[name])) for name in runs]
    rows += _pylint()
    print_table(
        f"the standard library's tests, CPU seconds, median of {ROUNDS}", ["what", "lines", "CPU s", "lines/s"], rows
    )
    speed = n_lines / median(r.cpu_s for r in results["audit, all rules"])
    print(f"aim: {AIM:,} lines/s; {'reached' if speed >= AIM else f'missed, at {speed:,.0f}'}")


def lines_of(tree: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in tree.rglob("*.py"))


def _row(name: str, n_lines: int, cpu_s: float) -> list[str]:
    return [name, f"{n_lines:,}", f"{cpu_s:.2f}", f"{n_lines / cpu_s:,.0f}"]


def _python(text: str, tree: Path) -> Run:
    return run([sys.executable, "-c", text, str(tree)], cwd=ROOT)


def _pylint() -> list[list[str]]:
    directory = CACHE / "pylint-venv"
    python = directory / "bin" / "python"
    try:
        if not (directory / "complete").is_file():
            say("installing pylint …")
            venv.create(directory, with_pip=True, clear=True)
            run([str(python), "-m", "pip", "install", "--quiet", "pylint"], cwd=ROOT)
            (directory / "complete").touch()
    except SystemExit as error:
        say(f"without pylint: {error}")
        return [["pylint: not installed", "", "", ""]]
    say(f"running pylint over {PART.name} …")
    done = run([str(python), "-m", "pylint", "--exit-zero", "--disable=R,C", "-j1", str(PART)], cwd=ROOT)
    return [_row(f"pylint ({PART.name} alone)", lines_of(PART), done.cpu_s)]


if __name__ == "__main__":
    main()

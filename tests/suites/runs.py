"""One suite run by plain pytest and by `ci-tools local`, in the same words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suites.catalog import Suite
from suites.install import Installed

SHARDS = 4
RUN_TIMEOUT_S = 600
REPORT = Path(".ci-tools", "local", "report", "report.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What pytest alone did: `tests` are outcomes by node id, one for each time it ran."""

    tests: Mapping[str, list[str]]
    deselected: list[str]
    skipped_modules: list[str]
    exit_status: int
    seconds: float


def run_plain(suite: Suite, installed: Installed, directory: Path) -> Plain:
    """Run a copy of the suite, made in `directory`, in one process: `-n 0` where xdist is."""
    record = directory.with_name(f"{directory.name}.json")
    environ = _environ(installed) | {"PYTHONPATH": str(Path(__file__).parent), "PLAIN_RECORD": str(record)}
    alone = ("-n", "0") if suite.xdist else ()
    command = ["python", "-m", "pytest", "-p", "plain_recorder", "-p", "no:randomly"]
    began = time.monotonic()
    done = _run([*command, *alone, *suite.options, *suite.paths], installed.copy_to(directory), environ)
    seconds = time.monotonic() - began
    if done.returncode not in (0, 1):
        raise AssertionError(f"plain pytest ended with {done.returncode}:\n{done.stdout[-4000:]}")
    found = json.loads(record.read_text(encoding="utf-8"))
    assert found["unfinished"] == []
    return Plain(
        tests=found["tests"],
        deselected=found["deselected"],
        skipped_modules=found["skipped_modules"],
        exit_status=found["exit_status"],
        seconds=seconds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharded:
    """What `ci-tools local` reported; `talk` is all that it printed."""

    report: Mapping[str, Any]
    exit_code: int
    talk: str

    @property
    def tests(self) -> dict[str, list[str]]:
        return {test["id"]: [attempt["outcome"] for attempt in test["attempts"]] for test in self.report["tests"]}

    @property
    def ratio(self) -> float:
        """Return the slowest shard's seconds ÷ those that the plan gave to its slowest shard."""
        shards = self.report["shards"]
        planned_s = max(shard["planned_s"] for shard in shards)
        return max(shard["tests_s"] for shard in shards) / planned_s if planned_s else 0.0


def run_sharded(suite: Suite, installed: Installed, directory: Path) -> Sharded:
    """Run the suite as four shards; called twice in a directory, the second run has recorded times."""
    command = [sys.executable, "-m", "ci_tools", "local", "--shards", str(SHARDS), *suite.paths]
    behind = ["--", "python", "-m", "pytest", "-p", "no:randomly", *suite.options]
    done = _run([*command, *behind], directory, _environ(installed))
    talk = done.stdout[-8000:]
    if not (directory / REPORT).is_file():
        raise AssertionError(f"ci-tools local ended with {done.returncode} and left no report:\n{talk}")
    report = json.loads((directory / REPORT).read_text(encoding="utf-8"))
    return Sharded(report=report, exit_code=done.returncode, talk=talk)


def _environ(installed: Installed) -> dict[str, str]:
    """Return our environment without any pytest around us, the suite's programs first on PATH."""
    foreign = ("PYTEST_", "XDIST_CI_", "PYTHONPATH", "VIRTUAL_ENV")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return environ | {"PATH": f"{installed.bin}{os.pathsep}{os.environ['PATH']}"}


def _run(command: list[str], directory: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    # env finds `python` on the PATH that it is given; Popen would look on ours.
    return subprocess.run(
        ["/usr/bin/env", *command],
        cwd=directory,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )


def differences(plain: Plain, sharded: Sharded) -> list[str]:
    """Return one line for each test that the two runs don't agree on, at most 40."""
    expected, found = plain.tests, sharded.tests
    names = sorted(expected.keys() | found.keys())
    lines = [
        f"{name}: plain {expected.get(name, 'never met it')}, sharded {found.get(name, 'never met it')}"
        for name in names
        if sorted(expected.get(name, [])) != sorted(found.get(name, []))
    ]
    return lines[:40]

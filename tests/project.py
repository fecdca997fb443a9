"""A small project in a temporary directory, taken through plan, run and merge for real."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from ci_tools.formats import plan_json, report_json
from ci_tools.merge.read import read_bundle
from ci_tools.model.bundle import Bundle
from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.model.report import Report
from ci_tools.model.run import Attempt, CollectedFile

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")


@dataclass
class Ran:
    """One `ci-tools run`: its exit code, output and bundle."""

    code: int
    output: str
    bundle: Bundle

    @property
    def attempts(self) -> list[Attempt]:
        return [attempt for session in self.bundle.sessions for attempt in session.attempts]

    @property
    def outcomes(self) -> dict[str, str]:
        return {attempt.nodeid: attempt.outcome.value for attempt in self.attempts}

    @property
    def files(self) -> dict[str, CollectedFile]:
        assert self.bundle.collection is not None, self.output
        return {file.file: file for file in self.bundle.collection.files}


@dataclass
class Project:
    """Files below `root`; every command runs in `cwd`, the root unless told otherwise."""

    root: Path
    cwd: Path = field(init=False)

    def __post_init__(self) -> None:
        self.cwd = self.root

    def write(self, **files: str) -> Project:
        """Write files; `tests__test_a` is tests/test_a.py."""
        for name, text in files.items():
            self.write_path(f"{name.replace('__', '/')}.py", text)
        return self

    def write_path(self, path: str, text: str) -> Project:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        return self

    def ci_tools(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ci-tools as a user does."""
        return subprocess.run(
            [sys.executable, "-m", "ci_tools", *words], cwd=self.cwd, capture_output=True, text=True, timeout=120
        )

    def pytest(self, *words: str) -> tuple[int, str]:
        """Return exit code and output of a pytest that is no shard."""
        done = subprocess.run([*PYTEST, *words], cwd=self.cwd, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def plan(self, shards: int, *words: str) -> Plan:
        done = self.ci_tools("plan", "--shards", str(shards), "--out", str(self.root / "plan.json"), *words)
        assert done.returncode == 0, done.stderr
        return self.read_plan()

    def read_plan(self) -> Plan:
        path = self.root / "plan.json"
        return plan_json.loads(path.read_text(), source=str(path))

    def write_plan(self, *shards: list[Atom]) -> Plan:
        """Write a plan with just these atoms in its shards."""
        plan = Plan(
            workers=2,
            shards=tuple(
                Shard(index=index, expected_ms=sum(a.expected_ms for a in atoms), atoms=tuple(atoms))
                for index, atoms in enumerate(shards, 1)
            ),
        )
        (self.root / "plan.json").write_text(plan_json.dumps(plan))
        return plan

    def run(
        self,
        shard: str = "1/1",
        *arguments: str,
        n: str = "0",
        command: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
    ) -> Ran:
        """Run one shard; without an xdist worker unless `n` says more."""
        if not (self.root / "plan.json").exists():
            self.plan(int(shard.partition("/")[2]))
        command = command or (*PYTEST, *(("-n", n) if n else ()), *arguments)
        out = self.root / "bundles"
        plan = str(self.root / "plan.json")
        done = self.ci_tools("run", "--shard", shard, "--plan", plan, "--out", str(out), *options, "--", *command)
        index, _, k = shard.partition("/")
        bundle = read_bundle(out / f"shard-{index}-of-{k}-attempt-1")
        return Ran(done.returncode, done.stdout + done.stderr, bundle)

    def merge(self) -> Report:
        """Merge what has run; the exit code must be the verdict's."""
        out = self.root / "merged"
        done = self.ci_tools("merge", str(self.root / "bundles"), "--out", str(out))
        path = out / "report.json"
        assert path.exists(), done.stderr
        report = report_json.loads(path.read_text(), source=str(path))
        assert done.returncode == report.conclusion.exit_code, done.stderr
        return report


def whole(file: str, ms: int = 1000) -> Atom:
    return Atom(file=file, expected_ms=ms)


def piece(file: str, *names: str, ms: int = 1000) -> Atom:
    return Atom(file=file, expected_ms=ms, nodeids=tuple(f"{file}::{name}" for name in names))

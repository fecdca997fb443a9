"""A configuration that turns pytest-xdist off.

A shard runs its tests on all CPUs of its runner: `-n auto`, said by the command, `PYTEST_ADDOPTS`, addopts, or else by
xdist-ci; the last of addopts, `PYTEST_ADDOPTS`, command wins (the doctor prints which one does). `-n 0` or `--dist no`
makes shards with xdist-ci run one test at a time. `-p no:xdist` beside `-n` is refused by pytest: no test runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_tools.doctor.facts import WORKERS
from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.sharding import pytest_arguments
from ci_tools.doctor.shell import value_of


def check(project: Project) -> Iterator[Finding]:
    """Find what makes shards slow, or fail, by turning xdist off."""
    for job, shardings in project.sharded_jobs:
        for sharding in shardings:
            suite = project.suite_of(sharding.command.directory)
            own = pytest_arguments(sharding.step, sharding.command)
            words = (*(suite.addopts if suite else ()), *own)
            problem = _problem(words, is_ours=sharding.is_ours)
            if problem:
                from_suite = suite is not None and _problem(own, is_ours=sharding.is_ours) != problem
                severity, fact, fix = problem
                yield Finding(
                    severity=severity,
                    path=suite.path if suite and from_suite else job.workflow.path,
                    line=suite.line if suite and from_suite else sharding.line,
                    fact=f"{fact} (job `{job.id}`)",
                    fix=fix,
                )


def _problem(words: Sequence[str], *, is_ours: bool) -> tuple[Severity, str, str] | None:
    workers = value_of(words, *WORKERS)
    if "no:xdist" in words or "-pno:xdist" in words:
        if workers not in (None, ""):
            return (
                Severity.ERROR,
                f"`-p no:xdist` beside `-n {workers}`: pytest refuses to start",
                "leave one of them out",
            )
        return _serial("-p no:xdist") if is_ours else None
    if workers == "0" and is_ours:
        return _serial("-n 0")
    return _serial("--dist no") if value_of(words, "--dist") == "no" and is_ours else None


def _serial(option: str) -> tuple[Severity, str, str]:
    fact = f"`{option}` makes every shard run one test at a time"
    return Severity.WARNING, fact, "leave it out: xdist-ci then says -n auto --dist loadfile"

"""A coverage threshold that every shard has to reach on its own.

A shard runs a part of the tests and covers a part of the code. `--cov-fail-under`, or coverage's `fail_under`, which
pytest-cov obeys as well, then fails shards though all tests pass. Combine the coverage of all shards in a later job and
ask there: `coverage combine && coverage report --fail-under 90`; in the shards say `--cov-fail-under=0`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project, Suite
from ci_tools.doctor.sharding import Sharding, pytest_arguments
from ci_tools.doctor.shell import has, value_of

_OPTION = "--cov-fail-under"


def check(project: Project) -> Iterator[Finding]:
    """Find thresholds that apply to a shard alone."""
    for job, shardings in project.sharded_jobs:
        for sharding in shardings:
            suite = project.suite_of(sharding.command.directory)
            place = _place(project, suite, sharding)
            if place:
                path, line, what = place
                yield Finding(
                    severity=Severity.ERROR,
                    path=path,
                    line=line,
                    fact=f"{what} holds for each shard of job `{job.id}` alone, which covers only a part",
                    fix=f"ask for it where the shards' coverage is combined; in the shards say {_OPTION}=0",
                )


def _place(project: Project, suite: Suite | None, sharding: Sharding) -> tuple[str, int, str] | None:
    own = pytest_arguments(sharding.step, sharding.command)
    addopts = suite.addopts if suite else ()
    words = (*addopts, *own)
    if has(words, "--no-cov") or (sharding.command.runner == "" and not sharding.is_ours):
        return None
    threshold = value_of(words, _OPTION)
    if threshold is not None:
        if not threshold.strip("0."):
            return None
        where = (
            (sharding.job.workflow.path, sharding.line)
            if has(own, _OPTION)
            else (suite.path, suite.line)
            if suite
            else None
        )
        return (*where, f"`{_OPTION}={threshold}`") if where else None
    mention = project.coverage_threshold
    if mention and has(words, "--cov") and not has(words, "--cov-config"):
        return mention.path, mention.line, f"`fail_under = {mention.name}`"
    return None

"""Shards that shuffle their tests before they split them.

pytest-split's default algorithm, `duration_based_chunks`, cuts the list of tests as it finds it. pytest-randomly and
pytest-random-order shuffle that list, every shard with a seed of its own: tests run in two shards or in none. Say
`--splitting-algorithm least_duration`, which doesn't depend on the order; or give all shards the same seed; or
`-p no:randomly`. xdist-ci and pytest-shard decide by a test's name.

Source: pytest-split's README, "Interactions with other pytest plugins".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.sharding import PYTEST_SPLIT, Sharding, pytest_arguments
from ci_tools.doctor.shell import has, value_of
from ci_tools.doctor.workflow import Job

_RANDOMLY = "pytest-randomly"


def check(project: Project) -> Iterator[Finding]:
    """Find splits by position of a list that is shuffled."""
    for job, shardings in project.sharded_jobs:
        for sharding in shardings:
            if sharding.tool is not PYTEST_SPLIT:
                continue
            suite = project.suite_of(sharding.command.directory)
            words = (*(suite.addopts if suite else ()), *pytest_arguments(sharding.step, sharding.command))
            if sharding.command.runner != "pytest":
                words = (*words, *sharding.command.words)
            if value_of(words, "--splitting-algorithm") == "least_duration":
                continue
            cause, severity = _cause(words, project, sharding)
            if cause:
                yield Finding(
                    severity=severity,
                    path=job.workflow.path,
                    line=sharding.line,
                    fact=f"pytest-split cuts a list that {cause} shuffles differently in every shard of job"
                    f" `{job.id}`: tests run twice or never",
                    fix="say `--splitting-algorithm least_duration`, or `-p no:randomly`",
                )


def _cause(words: Sequence[str], project: Project, sharding: Sharding) -> tuple[str, Severity]:
    """Return what shuffles, empty where nothing does or the seed is fixed; an error where it surely is there."""
    if has(words, "--random-order-seed", "--randomly-seed", "--randomly-dont-reorganize"):
        return "", Severity.NOTE
    if "no:randomly" in words or "-pno:randomly" in words:
        return "", Severity.NOTE
    if has(words, "--random-order", "--random-order-bucket"):
        return "pytest-random-order", Severity.ERROR
    line = _installed_in(sharding.job)
    if line:
        return f"{_RANDOMLY} (line {line})", Severity.ERROR
    required = next((mention for mention in project.requirements if mention.name == _RANDOMLY), None)
    return (f"{_RANDOMLY} ({required.path}:{required.line})" if required else ""), Severity.WARNING


def _installed_in(job: Job) -> int:
    """Return the line that installs pytest-randomly, which shuffles by being there; 0 where none does."""
    found = (
        command.line
        for step in job.steps
        for command in step.commands
        if "install" in command.words and any(word.startswith(_RANDOMLY) for word in command.words)
    )
    return next(found, 0)

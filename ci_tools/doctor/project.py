"""All that the doctor looks at: values, nothing is read here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ci_tools.doctor.sharding import Sharding, sharded_jobs
from ci_tools.doctor.workflow import Job, Step, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A file, or a part of it, that can't be read."""

    path: str
    line: int
    fact: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What a pytest configuration file says. `line` is that of addopts, 1 where it has none."""

    path: str
    line: int
    addopts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxConfig:
    """`pass_env` of tox's test environments, lower case; `line` is where it stands, or should."""

    path: str
    line: int
    pass_env: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Where a file names something."""

    path: str
    line: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """A repository. `suites` by working directory; `scripts` are Makefiles and shell scripts by path."""

    workflows: tuple[Workflow, ...] = ()
    suites: Mapping[str, Suite] = field(default_factory=dict)
    tox: ToxConfig | None = None
    coverage_threshold: Mention | None = None
    requirements: tuple[Mention, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def jobs(self) -> Iterator[Job]:
        """Iterate over the jobs of all workflows."""
        return (job for workflow in self.workflows for job in workflow.jobs)

    def steps(self) -> Iterator[Step]:
        """Iterate over the steps of all jobs."""
        return (step for job in self.jobs() for step in job.steps)

    @cached_property
    def sharded_jobs(self) -> tuple[tuple[Job, tuple[Sharding, ...]], ...]:
        """The jobs that shard tests over a matrix, and how."""
        return tuple(found for workflow in self.workflows for found in sharded_jobs(workflow))

    def sharded_suites(self) -> Iterator[tuple[Suite, Sharding]]:
        """Iterate over the pytest configurations that sharded jobs use, each with the first use."""
        seen: set[str] = set()
        for _, shardings in self.sharded_jobs:
            for sharding in shardings:
                suite = self.suite_of(sharding.command.directory)
                if suite and suite.path not in seen:
                    seen.add(suite.path)
                    yield suite, sharding

    def suite_of(self, directory: str) -> Suite | None:
        """Return the pytest configuration that a command in this directory uses."""
        return self.suites.get(directory) or self.suites.get(".")

"""Shards that stop before all of their tests have run.

`-x` and `--maxfail` end a shard at its first failures: what comes after has no result, and since other shards go on, it
is not even the same tests each time. `--lf`, `--sw` and their like run what a cache says, and every shard has its own.
For xdist-ci tests without a result are an error, whatever the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.sharding import Sharding, pytest_arguments

_STOPS = re.compile(r"-[vqsl]*x[vqsl]*|--exitfirst|--maxfail(?:=.*)?")
_SELECTS = re.compile(r"--lf|--last-failed|--sw|--stepwise|--sw-skip|--stepwise-skip|--testmon")


def check(project: Project) -> Iterator[Finding]:
    """Find options that keep tests of a shard from running."""
    for suite, sharding in project.sharded_suites():
        yield from _found(suite.addopts, sharding, path=suite.path, line=suite.line)
    for job, shardings in project.sharded_jobs:
        for sharding in shardings:
            words = pytest_arguments(sharding.step, sharding.command)
            yield from _found(words, sharding, path=job.workflow.path, line=sharding.line)


def _found(words: Sequence[str], sharding: Sharding, *, path: str, line: int) -> Iterator[Finding]:
    severity = Severity.ERROR if sharding.is_ours else Severity.WARNING
    for index, word in enumerate(words):
        value = words[index + 1] if word == "--maxfail" and index + 1 < len(words) else word.partition("=")[2]
        effect = "ends a shard at its first failures" if _STOPS.fullmatch(word) else ""
        if _SELECTS.fullmatch(word):
            effect = "runs only what a cache says"
        if effect and value != "0":
            yield Finding(
                severity=severity,
                path=path,
                line=line,
                fact=f"`{word}` {effect}: the other tests of job `{sharding.job.id}` have no result",
                fix="leave it out of sharded runs",
            )

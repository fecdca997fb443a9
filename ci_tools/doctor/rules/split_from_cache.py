"""Shards that each restore recorded times from a cache, and split by them.

Shards split right only if all of them split by the same times. Jobs of a matrix start minutes apart, and a shard that
is run again starts hours later: a cache that was saved in between gives it other times. A test then runs in two shards,
or in none, and no shard can see that.

Restore the cache once, in a job that all shards need, and hand the file or the plan on: xdist-ci's `command: plan` with
`plan: ${{ needs.plan.outputs.plan-id }}`, or an artifact. Or commit the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project

_CACHES = ("actions/cache", "actions/cache/restore")
_DURATIONS = re.compile(r"duration|timing", re.IGNORECASE)


def check(project: Project) -> Iterator[Finding]:
    """Find caches of recorded times that sharded jobs restore."""
    for job, shardings in project.sharded_jobs:
        if all(sharding.tool is None and not sharding.is_ours for sharding in shardings):
            continue
        if any(sharding.step.input("plan").text for sharding in shardings):
            continue
        for step in job.steps:
            if step.action in _CACHES and _DURATIONS.search(step.input("path").text):
                yield Finding(
                    severity=Severity.WARNING,
                    path=job.workflow.path,
                    line=step.node.get("with").line_of("path"),
                    fact=f"every shard of job `{job.id}` restores its times from a cache: shards that find different"
                    " ones run tests twice or never",
                    fix="restore it once, in a job that the shards need, and hand it on; or commit the file",
                )

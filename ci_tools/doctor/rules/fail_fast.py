"""A matrix of shards that cancels its siblings when one of them fails.

`strategy.fail-fast` is true unless said otherwise: the first failed test of any shard cancels all shards that still
run. Their tests have no result, and a second run is needed to see the second failure.

```yaml
strategy:
  fail-fast: false
  matrix:
    shard: [1, 2, 3, 4]
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project


def check(project: Project) -> Iterator[Finding]:
    """Find sharded jobs whose matrix doesn't say `fail-fast: false`."""
    for job, shardings in project.sharded_jobs:
        strategy = job.node.get("strategy")
        said = strategy.get("fail-fast").text.lower()
        if said not in ("", "true") or job.node.get("continue-on-error").text not in ("", "false"):
            continue
        why = "says `fail-fast: true`" if said else "has GitHub's default, `fail-fast: true`"
        yield Finding(
            severity=Severity.WARNING,
            path=job.workflow.path,
            line=strategy.line_of("fail-fast") if said else job.node.line_of("strategy"),
            fact=f"job `{job.id}` shards tests by {shardings[0].name} and {why}: a failed shard cancels the others",
            fix="set `fail-fast: false` below `strategy:`",
        )

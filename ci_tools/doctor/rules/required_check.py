"""Shards that no job waits for.

Each leg of a matrix is a check of its own. A leg that never started, was cancelled, or is new since the branch
protection was set up reports nothing, and nothing misses it: no single check says that all shards ran. Require one job
that needs them all, runs whatever became of them (`if: ${{ !cancelled() }}`) and fails unless all is well.

Workflows that only others call are left out: their caller may have such a job.

```yaml
  tests-ok:
    needs: test
    if: ${{ !cancelled() }}
    runs-on: ubuntu-latest
    steps:
      - uses: org/xdist-ci@v1
        with:
          command: merge
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project


def check(project: Project) -> Iterator[Finding]:
    """Find sharded jobs that no other job needs."""
    for job, _ in project.sharded_jobs:
        if not job.workflow.needed_by(job) and not job.workflow.is_only_called:
            yield Finding(
                severity=Severity.NOTE,
                path=job.workflow.path,
                line=job.line,
                fact=f"no job needs the shards of `{job.id}`: nothing proves that all of them ran",
                fix="add one that needs it, with `if: ${{ !cancelled() }}`, and require that one",
            )

"""A sharded job without a limit of its own, or one that ends before xdist-ci's.

GitHub ends a job after 360 minutes. A test that hangs holds one shard, and with it the result, for six hours (a note).
xdist-ci's `deadline-minutes` stops the tests and names those that did not run; it must come before the job's
`timeout-minutes`, which ends the job with no time to say anything.

```yaml
timeout-minutes: 30
steps:
  - uses: org/xdist-ci@v1
    with:
      deadline-minutes: 25
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.workflow import Job, Step

DEFAULT_MIN = 360.0


def check(project: Project) -> Iterator[Finding]:
    """Find sharded jobs without `timeout-minutes`, and deadlines that come after it."""
    for job, shardings in project.sharded_jobs:
        if not job.calls and not job.node.get("timeout-minutes") and not all(_is_limited(s.step) for s in shardings):
            yield Finding(
                severity=Severity.NOTE,
                path=job.workflow.path,
                line=job.line,
                fact=f"job `{job.id}` has no `timeout-minutes`: a shard that hangs ends after six hours",
                fix="set `timeout-minutes:` to about three times what a shard takes",
            )
    for step in project.steps():
        yield from _deadline(step)


def _is_limited(step: Step) -> bool:
    inputs = ("deadline-minutes", "timeout_minutes", "timeout_seconds")  # ours, and nick-fields/retry's
    return bool(step.node.get("timeout-minutes")) or any(step.input(name) for name in inputs)


def _deadline(step: Step) -> Iterator[Finding]:
    deadline = _number(step.input("deadline-minutes").text) if step.our_command == "run" else None
    limit = _limit(step.job)
    if deadline is not None and limit is not None and deadline >= limit:
        yield Finding(
            severity=Severity.WARNING,
            path=step.job.workflow.path,
            line=step.node.get("with").line_of("deadline-minutes"),
            fact=f"`deadline-minutes: {deadline:g}` comes no sooner than the end of job `{step.job.id}`, at {limit:g}",
            fix="leave it five minutes: `deadline-minutes` less than `timeout-minutes`",
        )


def _limit(job: Job) -> float | None:
    text = job.node.get("timeout-minutes").text
    return _number(text) if text else DEFAULT_MIN


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

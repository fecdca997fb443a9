"""Shards that don't take xdist-ci's plan by its artifact's id.

The input `plan` wants the plan job's output `plan-id`. It is the same for all shards, also for those that are run
again. An artifact's name is not: after "Re-run all jobs" it may mean another attempt's plan. Without `plan` each shard
plans for itself, which is right only if all of them see the same durations and the same files.

```yaml
- uses: org/xdist-ci@v1
  with:
    plan: ${{ needs.plan.outputs.plan-id }}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.workflow import Job, Step


def check(project: Project) -> Iterator[Finding]:
    """Find shards and merges of xdist-ci that need a plan job but don't use its id."""
    for step in project.steps():
        if step.our_command not in ("run", "merge"):
            continue
        planner = next((name for name in step.job.needs if _plans(step.job, name)), "")
        download = _download_of_plan(step.job)
        if step.input("plan").text and not download:
            continue
        if planner or download:
            yield Finding(
                severity=Severity.WARNING,
                path=step.job.workflow.path,
                line=download.node.get("with").line_of("name") if download else step.line,
                fact=_fact(step, planner, by_name=bool(download)),
                fix=f"set `plan: ${{{{ needs.{planner or 'plan'}.outputs.plan-id }}}}`, an output of that job",
            )


def _plans(job: Job, name: str) -> bool:
    needed = job.workflow.job(name)
    return needed is not None and any(step.our_command == "plan" for step in needed.steps)


def _download_of_plan(job: Job) -> Step | None:
    """Return the step that downloads a plan by name."""
    return next(
        (s for s in job.steps if s.action == "actions/download-artifact" and "plan" in s.input("name").text.lower()),
        None,
    )


def _fact(step: Step, planner: str, *, by_name: bool) -> str:
    if by_name:
        return f"job `{step.job.id}` downloads the plan by name: a re-run may find another attempt's plan"
    return f"job `{step.job.id}` needs the plan of job `{planner}`, but doesn't use it"

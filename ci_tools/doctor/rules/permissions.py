"""A token that may not do what xdist-ci is asked for, or may do anything.

- The comment on a pull request needs `pull-requests: write`. Without it there is only a notice: `merge` comments unless
  `comment: never` is set.
- `comment` in a workflow started by `workflow_run` reads another run's artifacts: `actions: read`.
- A workflow with shards that says nothing of `permissions` (a note) gives every test the repository's default token,
  and that may be one that can write.

```yaml
permissions:
  contents: read
jobs:
  merge:
    permissions:
      contents: read
      pull-requests: write # the comment
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.nodes import Node
from ci_tools.doctor.project import Project
from ci_tools.doctor.workflow import Job, Step


def check(project: Project) -> Iterator[Finding]:
    """Find missing scopes of jobs that comment, and sharded jobs without any `permissions`."""
    for step in project.steps():
        for scope, access, why in _needed(step):
            if step.job.permissions and not _grants(step.job.permissions, scope, access):
                yield Finding(
                    severity=Severity.WARNING,
                    path=step.job.workflow.path,
                    line=_line(step.job),
                    fact=f"job `{step.job.id}` {why}, which needs `{scope}: {access}`",
                    fix=f"add `{scope}: {access}` to its `permissions:`",
                )
    for workflow in (workflow for workflow in project.workflows if not workflow.is_only_called):
        jobs = [job for job, _ in project.sharded_jobs if job.workflow is workflow and not job.permissions]
        if jobs:
            yield Finding(
                severity=Severity.NOTE,
                path=workflow.path,
                line=jobs[0].line,
                fact=f"no `permissions` for job `{jobs[0].id}`: tests get the repository's default token",
                fix="set `permissions: {contents: read}` at the top of the workflow",
            )


def _needed(step: Step) -> Iterator[tuple[str, str, str]]:
    """Iterate over (scope, access, why)."""
    events = step.job.workflow.events
    token = step.input("github-token").text
    if token and "github.token" not in token and "secrets.GITHUB_TOKEN" not in token:
        return
    if step.our_command == "comment" and "workflow_run" in events:
        yield "actions", "read", "reads the artifacts of another run"
    comments = step.our_command == "comment" or (step.our_command == "merge" and "pull_request" in events)
    if comments and step.input("comment").text != "never":
        yield "pull-requests", "write", "comments on the pull request"


def _grants(permissions: Node, scope: str, access: str) -> bool:
    if permissions.is_scalar:
        return permissions.text == "write-all" or (permissions.text == "read-all" and access == "read")
    return permissions.get(scope).text in {"read": ("read", "write"), "write": ("write",)}[access]


def _line(job: Job) -> int:
    own = job.node.get("permissions")
    return job.node.line_of("permissions") if own else job.workflow.root.line_of("permissions")

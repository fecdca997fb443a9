"""Tests that run on `pull_request_target`.

A workflow that is started by `pull_request_target` has the repository's secrets and a token that may write, and by
itself checks out the base branch. Tests without a checkout of the pull request test the wrong code; with one, whoever
opens a pull request runs code of their own with these secrets.

Run tests on `pull_request`. xdist-ci needs no more: where the token may not comment, its report waits for a workflow
that is started by `workflow_run`, runs nothing of the pull request, and comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.sharding import runs_tests
from ci_tools.doctor.workflow import Job, Step

_EVENT = "pull_request_target"
_HEAD = re.compile(r"github\.event\.pull_request\.head|github\.head_ref|refs/pull/|pull_request\.merge_commit_sha")
_OTHER_EVENT = re.compile(rf"github\.event_name\s*!=\s*'{_EVENT}'|github\.event_name\s*==\s*'(?!{_EVENT}')")


def check(project: Project) -> Iterator[Finding]:
    """Find jobs that run tests with the rights of the base repository."""
    for job in project.jobs():
        if _EVENT not in job.workflow.events or _OTHER_EVENT.search(job.condition):
            continue
        head = next((step for step in job.steps if _checks_out_head(step)), None)
        test = next((step for step in job.steps if _tests(step)), None)
        if test:
            yield Finding(
                severity=Severity.ERROR if head else Severity.WARNING,
                path=job.workflow.path,
                line=(head or test).line,
                fact=_fact(job, with_head=head is not None),
                fix="run tests on `pull_request`; comment from a `workflow_run` workflow",
            )


def _checks_out_head(step: Step) -> bool:
    if step.action == "actions/checkout":
        return any(_HEAD.search(step.input(name).text) for name in ("ref", "repository"))
    return any(name in step.node.get("run").text for name in ("gh pr checkout", "refs/pull/"))


def _tests(step: Step) -> bool:
    return step.our_command == "run" or any(runs_tests(command) for command in step.commands)


def _fact(job: Job, *, with_head: bool) -> str:
    if with_head:
        return f"job `{job.id}` runs a pull request's code on {_EVENT}: with secrets and a token that may write"
    return f"job `{job.id}` runs tests on {_EVENT}: of the base branch, not of the pull request"

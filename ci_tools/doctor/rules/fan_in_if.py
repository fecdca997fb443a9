"""A job that merges or judges the shards, and is skipped when one of them fails.

A job that `needs` others is skipped unless all of them succeed. The job that should say what failed then says nothing;
and GitHub counts a skipped job as passed where it is a required check. `if: ${{ !cancelled() }}` lets it run and leaves
cancelled runs alone; `always()` is fine, too.

Looked at are jobs that use xdist-ci's `merge`, that read the results of the jobs they need (`needs.*.result`,
`toJSON(needs)`), or that download test results of shards. A job that only combines coverage may well be skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.workflow import Job, Step

_RESULTS = re.compile(
    r"junit|test[_-]?(?:result|report)s?|(?:result|report)s?[_-]?(?:xml|test)|pytest[_-]?(?:result|report)|blob"
)
_COVERAGE = re.compile(r"cov", re.IGNORECASE)
_VERDICT = re.compile(r"needs(?:\.[\w*-]+|\[[^\]\[]{1,100}\])\.result|toJSON\(\s?needs\s?\)", re.IGNORECASE)


def check(project: Project) -> Iterator[Finding]:
    """Find fan-in jobs without a condition that survives a failed shard."""
    for sharded, _ in project.sharded_jobs:
        for job in sharded.workflow.jobs:
            if sharded.id not in job.needs or job.runs_after_failures:
                continue
            what, severity = _role(job)
            if what:
                yield Finding(
                    severity=severity,
                    path=job.workflow.path,
                    line=job.node.line_of("if") if job.condition else job.line,
                    fact=f"job `{job.id}` {what}, and is skipped when a shard of `{sharded.id}` fails",
                    fix=_fix(job.condition),
                )


def _role(job: Job) -> tuple[str, Severity]:
    """Return what the job does with the shards, empty where skipping it loses nothing."""
    if any(step.our_command == "merge" for step in job.steps):
        return "proves that every test ran", Severity.ERROR
    if any(_judges(step) for step in job.steps):
        return "judges the jobs it needs", Severity.WARNING
    if any(_downloads_results(step) for step in job.steps):
        return "collects test results", Severity.WARNING
    return "", Severity.NOTE


def _judges(step: Step) -> bool:
    return step.action == "re-actors/alls-green" or any(
        _VERDICT.search(node.text) for key in ("run", "env", "with", "if") for node in step.node.get(key).scalars()
    )


def _downloads_results(step: Step) -> bool:
    name = f"{step.input('name').text} {step.input('pattern').text}".lower()
    return "download-artifact" in step.action and bool(_RESULTS.search(name)) and not _COVERAGE.search(name)


def _fix(condition: str) -> str:
    if not condition:
        return "add `if: ${{ !cancelled() }}` to the job"
    inner = condition.strip().removeprefix("${{").removesuffix("}}").strip()
    return f"say `if: ${{{{ !cancelled() && ({inner}) }}}}`" if len(inner) < 80 else "put `!cancelled() &&` before it"

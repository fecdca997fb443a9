"""A download by pattern whose reader expects one folder per artifact.

Without `merge-multiple`, download-artifact puts each artifact in a folder of its name; but since v5 an artifact that is
the only one to match is put right into `path`, without a folder. A matrix with one leg, or a run in which a single
shard got as far as its upload, then has no `results/*/…`, and a reader that finds nothing may call that passed.

Put the folder into the artifact itself (upload `out/` that holds `shard-3/junit.xml`) and download with
`merge-multiple: true`, or read `**` in place of `*/`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.workflow import Step


def check(project: Project) -> Iterator[Finding]:
    """Find downloads that a later step reads as folders."""
    sharded = {id(job.node): job.id for job, _ in project.sharded_jobs}
    for step in project.steps():
        pattern = step.input("pattern").text
        if step.action != "actions/download-artifact" or not pattern:
            continue
        if step.input("merge-multiple").text.lower() == "true" or step.version < 5:
            continue
        shards = [job for name in step.job.needs if (job := step.job.workflow.job(name)) and id(job.node) in sharded]
        reader = _reader(step, pattern) if shards else ""
        if reader:
            yield Finding(
                severity=Severity.NOTE,
                path=step.job.workflow.path,
                line=step.node.get("with").line_of("pattern"),
                fact=f"`{reader}` expects a folder per artifact; if only one matches {pattern!r} there is no folder",
                fix="put the folder into the artifact and set `merge-multiple: true`",
            )


def _reader(step: Step, pattern: str) -> str:
    """Return how a later step of the job names the folders, empty where none does."""
    path = step.input("path").text.strip().removeprefix("./").rstrip("/")
    start = f"{path}/" if path and path != "." else ""
    later = step.job.steps[step.job.steps.index(step) + 1 :]
    scripts = [node.text for other in later for node in other.node.get("run").scalars()]
    folders = [f"{start}{pattern}/", *([f"{start}*/"] if start else [])]
    return next((f"{folder}…" for folder in folders for text in scripts if folder in text), "")

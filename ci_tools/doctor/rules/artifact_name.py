"""Artifacts that legs or attempts take from one another.

Since upload-artifact v4 an artifact is written once:

- Legs of a matrix that upload under one name: the second is refused with 409 and its job fails; with `overwrite: true`
  the last one is left, and what the others uploaded is gone.
- A job that downloads names with `github.run_attempt` in them: after "Re-run failed jobs" the shards that had passed
  are not run again, and what they uploaded has the number of the attempt before. It is not found.
- Shards that upload test results under the same name in every attempt (a note): after a re-run either the upload is
  refused or the first attempt's artifact is hidden, and with it what tells a flaky test. Names with
  `github.run_attempt`, downloaded by a pattern without it, keep both.

Looked at are jobs that run tests; names that hold an output or a variable are taken to be right.

```yaml
- uses: actions/upload-artifact@v4
  with:
    name: results-${{ matrix.python }}-${{ matrix.shard }}-attempt-${{ github.run_attempt }}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_tools.doctor.expressions import EXPRESSION, references, resolve
from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.workflow import Job, Step

_ATTEMPT = re.compile(r"github\.run_attempt")
_CONSTANT = re.compile(r"\s*(?:github|needs|inputs|vars)\.[\w.-]+\s*")
_OF_LEG = re.compile(r"\s*(?:matrix|strategy)\.[\w.-]+\s*")
_RESULTS = re.compile(r"junit|(?:test|pytest)[-_]?(?:result|report)", re.IGNORECASE)


def check(project: Project) -> Iterator[Finding]:
    """Find uploads whose names collide, and downloads that look at one attempt only."""
    sharded = {id(job.node) for job, _ in project.sharded_jobs}
    for step in project.steps():
        if step.action == "actions/upload-artifact" and step.version > 3 and step.job.matrix:
            is_shard = id(step.job.node) in sharded
            if is_shard or any(command.runner for other in step.job.steps for command in other.commands):
                yield from _upload(step, is_shard=is_shard)
        elif step.action == "actions/download-artifact":
            yield from _download(step, sharded)


def _upload(step: Step, *, is_shard: bool) -> Iterator[Finding]:
    name = step.input("name").text or "artifact"
    line = step.node.get("with").line_of("name") if step.input("name") else step.line
    lacks = _lacks(step.job, name)
    overwrites = step.input("overwrite").text == "true"
    if lacks and not references(step.condition) and "strategy." not in step.condition:
        end = "each overwrites the one before" if overwrites else "all but one are refused (409)"
        yield Finding(
            severity=Severity.ERROR,
            path=step.job.workflow.path,
            line=line,
            fact=f"legs of job `{step.job.id}` upload {name!r} under the same name: {end}",
            fix=f"add {lacks} to the name",
        )
    elif is_shard and not overwrites and _RESULTS.search(name) and not _ATTEMPT.search(name + step.condition):
        yield Finding(
            severity=Severity.NOTE,
            path=step.job.workflow.path,
            line=line,
            fact=f"{name!r} is the artifact's name in every attempt: of a shard that is run again only one is found",
            fix="add `-attempt-${{ github.run_attempt }}`, and download by a pattern without it",
        )


def _lacks(job: Job, name: str) -> str:
    """Return what would tell the legs' names apart, empty where they differ or can't be known."""
    matrix = job.matrix
    if not matrix.may_have_legs or _is_opaque(name) or "job-index" in name:
        return ""
    named = references(name)
    if matrix.legs is None:
        return "" if named else _and(matrix.axes) or "an axis of the matrix"
    own = EXPRESSION.sub(lambda match: "" if _CONSTANT.fullmatch(match.group(1)) else match.group(0), name)
    names = [resolve(own, leg, n_legs=len(matrix.legs)) for leg in matrix.legs]
    if None in names or len(set(names)) == len(names):
        return ""
    return _and([axis for axis in matrix.axes if axis not in named and matrix.may_differ(axis)])


def _and(axes: Sequence[str]) -> str:
    return " and ".join(f"`${{{{ matrix.{axis} }}}}`" for axis in axes)


def _is_opaque(name: str) -> bool:
    """Whether the name holds an expression that may differ from leg to leg for all the file says."""
    return any(not (_CONSTANT.fullmatch(inner) or _OF_LEG.fullmatch(inner)) for inner in EXPRESSION.findall(name))


def _download(step: Step, sharded: set[int]) -> Iterator[Finding]:
    needed = [job for name in step.job.needs if (job := step.job.workflow.job(name))]
    key = next((key for key in ("pattern", "name") if _ATTEMPT.search(step.input(key).text)), "")
    if key and any(id(job.node) in sharded for job in needed):
        yield Finding(
            severity=Severity.ERROR,
            path=step.job.workflow.path,
            line=step.node.get("with").line_of(key),
            fact=f"job `{step.job.id}` downloads this attempt's artifacts only: after a re-run of failed jobs"
            " those of the other shards are missing",
            fix="download by `pattern:` with `*` in place of the attempt, and take the newest of each shard",
        )

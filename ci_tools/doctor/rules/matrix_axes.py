"""xdist-ci in a matrix that doesn't say which shard a leg is.

By itself the action knows its place only where `shard` is the matrix's one axis: GitHub counts a leg's place over all
axes. With other axes say `shard: 2/8` from the matrix, or `shard` and `shards`; and give each suite its own `key`, so
that their plans and results stay apart.

```yaml
- uses: org/xdist-ci@v1
  with:
    shard: ${{ matrix.shard }}/4
    key: py${{ matrix.python }}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_tools.doctor.expressions import references
from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.workflow import Step


def check(project: Project) -> Iterator[Finding]:
    """Find shards that the action refuses, or that other legs' results are mixed into."""
    for step in project.steps():
        if step.our_command == "run":
            axes = step.job.matrix.axes
            others = [axis for axis in axes if axis != "shard"]
            for fact, fix in _problems(step, axes, others):
                yield Finding(severity=Severity.ERROR, path=step.job.workflow.path, line=step.line, fact=fact, fix=fix)


def _problems(step: Step, axes: tuple[str, ...], others: list[str]) -> Iterator[tuple[str, str]]:
    """Iterate over (fact, fix)."""
    shard, shards, key = (step.input(name).text for name in ("shard", "shards", "key"))
    if not shard and others:
        found = ", ".join(f"`{axis}`" for axis in axes)
        yield (
            f"job `{step.job.id}` doesn't say which shard it is; an axis `shard` alone would, the matrix has: {found}",
            "set `shard: ${{ matrix.shard }}/4`, with your number of shards",
        )
    elif shard and "/" not in shard and "${{" in shard and not shards and others and _is_number(step, shard):
        yield (
            f"job `{step.job.id}` says which shard it is, but not of how many, and its matrix has other axes",
            "set `shards:`, too",
        )
    apart = [axis for axis in others if axis not in references(shard) | references(shards)]
    if apart and not key:
        names = "-".join(f"${{{{ matrix.{axis} }}}}" for axis in apart)
        yield f"legs of job `{step.job.id}` that differ in {_some(apart)} share one `key`", f"set `key: {names}`"


def _is_number(step: Step, shard: str) -> bool:
    """Whether the axis holds numbers as far as can be seen, rather than `2/8`."""
    legs = step.job.matrix.legs or ()
    return not any("/" in leg[axis].text for leg in legs for axis in references(shard) if axis in leg)


def _some(axes: list[str]) -> str:
    return ", ".join(f"`{axis}`" for axis in axes)

"""A number of shards that the matrix doesn't have.

How many parts there are is written down twice: in the matrix and in the command. With `--splits 5` and a matrix of four
groups the tests of group 5 run nowhere, and everything is green; with `--splits 3` the fourth job fails. The groups of
pytest-split begin at 1, the shards of pytest-shard at 0.

Found where matrix and command are literal, also by way of `env`, `include` and `exclude`. `${{ strategy.job-total }}`
counts all legs: it is right only where the matrix has no other axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_tools.doctor.expressions import references, resolve
from ci_tools.doctor.finding import Finding, Severity
from ci_tools.doctor.project import Project
from ci_tools.doctor.sharding import Sharding, Tool
from ci_tools.model.words import count


def check(project: Project) -> Iterator[Finding]:
    """Find splits of which some part runs nowhere, or that don't exist."""
    for job, shardings in project.sharded_jobs:
        for sharding in shardings:
            fact, severity = _fact(sharding)
            if fact:
                yield Finding(
                    severity=severity,
                    path=job.workflow.path,
                    line=sharding.line,
                    fact=f"job `{job.id}`: {fact}",
                    fix="make the matrix and the number of parts agree",
                )


def _fact(sharding: Sharding) -> tuple[str, Severity]:
    """Return what is wrong with the whole matrix, else with a part of it; empty where that can't be known."""
    tool, condition = sharding.tool, sharding.step.condition
    if tool is None or "matrix" in condition or "strategy" in condition:
        return "", Severity.NOTE
    texts = _texts(sharding)
    for option, column in ((tool.total, 0), (tool.part, 1)):
        n_empty = sum(1 for pair in texts if pair[column] == "")
        if n_empty:
            legs = count(len(texts), "leg")
            return f"`{option}` is empty in {n_empty} of {legs}: the matrix gives them no value", Severity.ERROR
    runs = _runs(texts, sharding)
    whole = [("", total, {part for _, other, part in runs if other == total}) for total in {run[1] for run in runs}]
    places = {(where, total) for where, total, _ in runs}
    some = [(where, total, {run[2] for run in runs if run[:2] == (where, total)}) for where, total in sorted(places)]
    for severity, groups in ((Severity.ERROR, whole), (Severity.WARNING, some)):
        fact = next((text for where, total, found in groups if (text := _missing(tool, where, total, found))), "")
        if fact:
            return fact, severity
    return "", Severity.NOTE


def _missing(tool: Tool, where: str, total: int, found: set[int]) -> str:
    wanted = set(range(tool.first, tool.first + total))
    lost, unknown = sorted(wanted - found), sorted(found - wanted)
    if lost:
        legs = f"no leg with {where} runs" if where else "the matrix runs no"
        return f"`{tool.total} {total}`, and {legs} `{tool.part} {_list(lost)}`: their tests run nowhere"
    return f"`{tool.total} {total}` has no `{tool.part} {_list(unknown)}`, which the matrix asks for" if unknown else ""


def _texts(sharding: Sharding) -> list[tuple[str | None, str | None]]:
    """Return each leg's number of parts and its part; None where the file doesn't say."""
    legs = sharding.job.matrix.legs or ()
    env = {name: node.text for name, node in sharding.step.env.items() if node.is_scalar}
    said = (sharding.total, sharding.part)
    rows = [[resolve(text, leg, n_legs=len(legs), index=i, env=env) for text in said] for i, leg in enumerate(legs)]
    return [(row[0], row[1]) for row in rows]


def _runs(texts: Sequence[tuple[str | None, str | None]], sharding: Sharding) -> list[tuple[str, int, int]]:
    """Return each leg's (other axes, number of parts, part); nothing where a leg's can't be known."""
    matrix = sharding.job.matrix
    own = references(sharding.part) | references(sharding.total)
    own |= {axis for node in sharding.step.env.values() if node.is_scalar for axis in references(node.text)}
    others = [axis for axis in matrix.axes if axis not in own and matrix.may_differ(axis)]
    runs = []
    for leg, pair in zip(matrix.legs or (), texts):
        numbers = [int(text) for text in pair if text and text.isdecimal() and len(text) < 4]
        if len(numbers) < 2:
            return []
        where = ", ".join(f"{axis} {leg[axis].text or '…'}" for axis in others if axis in leg)
        runs.append((where, numbers[0], numbers[1]))
    return runs


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")

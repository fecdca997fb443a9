"""A report as annotations: what GitHub shows beside the code and on top of the run's page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from ci_tools.model.nodeid import file_of
from ci_tools.model.report import CaseResult, Conclusion, Report
from ci_tools.model.run import Attempt
from ci_tools.report.inert import visible, without_ansi
from ci_tools.report.reproduce import is_inside
from ci_tools.report.terminal import first_line
from ci_tools.report.verdict import reasons_to_tell

# GitHub drops what a step says beyond ten errors, without a word.
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
MAX_ANNOTATIONS = 10
_LINE_CHARS = 200
_LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One annotation, not yet escaped. `file` is relative to the repository, "" for none; `line` counts from 1."""

    level: Literal["error", "warning"]
    message: str
    title: str = ""
    file: str = ""
    line: int | None = None


def annotations_of(report: Report, *, root: str = "") -> list[Annotation]:
    """Return at most MAX_ANNOTATIONS, the most telling first: what is incomplete, failures, flaky tests.

    `root` is the absolute path at which the tests' jobs had the repository; without it, paths
    count from pytest's rootdir. The last one says how many more there are.
    """
    bad = _different_first(report.bad)
    every = chain(
        _reasons(report),
        (_failure(case, root) for case in bad),
        (_flaky(case, root) for case in report.flips),
    )
    total = bool(reasons_to_tell(report)) + len(bad) + len(report.flips)
    if total <= MAX_ANNOTATIONS:
        return list(every)
    kept = [annotation for annotation, _ in zip(every, range(MAX_ANNOTATIONS - 1))]
    more = total - len(kept)
    level: Literal["error", "warning"] = "error" if more > len(report.flips) else "warning"
    return [*kept, Annotation(level=level, message=f"and {more:,} more, in the summary and in report.json")]


def _reasons(report: Report) -> Iterator[Annotation]:
    reasons = reasons_to_tell(report)
    if reasons:
        lines = [visible(reason, _LINE_CHARS) for reason in reasons[:_LINES]]
        more = [f"and {len(reasons) - len(lines):,} more"] if len(reasons) > len(lines) else []
        word = "is incomplete" if report.conclusion is Conclusion.INCOMPLETE else "failed"
        yield Annotation(level="error", title=f"the run {word}", message="\n".join([*lines, *more]))


def _different_first(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """Return the first test of each message, then the others: ten times the same says little."""
    first = {first_line(case.final.message): case.nodeid for case in reversed(cases)}
    return sorted(cases, key=lambda case: first[first_line(case.final.message)] != case.nodeid)


def _failure(case: CaseResult, root: str) -> Annotation:
    final = case.final
    file, line = place_of(case.nodeid, final, root)
    return Annotation(
        level="error",
        title=f"{visible(case.nodeid, _LINE_CHARS)} {_WORDS[final.outcome.value]}",
        message=_message(final) or final.outcome.value,
        file=file,
        line=line,
    )


_WORDS = {"failed": "failed", "error": "has an error", "crashed": "crashed its worker"}


def _flaky(case: CaseResult, root: str) -> Annotation:
    before = case.failed_before
    assert before is not None
    file, line = place_of(case.nodeid, before, root)
    return Annotation(
        level="warning",
        title=f"{visible(case.nodeid, _LINE_CHARS)} is flaky",
        message=f"{before.outcome.value}, then passed {visible(case.flip_condition, 80)}: {_message(before)}",
        file=file,
        line=line,
    )


def _message(attempt: Attempt) -> str:
    lines = without_ansi(attempt.message).strip().split("\n")
    return "\n".join(visible(line, _LINE_CHARS) for line in lines[:_LINES])


def place_of(nodeid: str, attempt: Attempt, root: str) -> tuple[str, int | None]:
    """Return file and line to show a failure at; ("", None) where nothing in the repository is known.

    Where it broke, or, when that is in a library, the last line of the test's own file in the traceback.
    """
    own = file_of(nodeid)
    path, _, number = attempt.location.rpartition(":")
    inside = _below(path, own, root)
    if inside and re.fullmatch("[1-9][0-9]{0,6}", number):
        return inside, int(number)
    if not is_inside(own):
        return "", None
    lines = re.findall(rf"^{re.escape(own)}:([1-9][0-9]{{0,6}}):", attempt.text, re.MULTILINE)
    return own, int(lines[-1]) if lines else None


def _below(path: str, own: str, root: str) -> str:
    """Return the path within the repository, "" when it lies outside."""
    if root and path.startswith(f"{root.rstrip('/')}/"):
        path = path[len(root.rstrip("/")) + 1 :]
    elif path.endswith(f"/{own}"):
        path = own
    return path if is_inside(path) and "site-packages" not in path.split("/") else ""

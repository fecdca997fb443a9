"""A report as annotations: what GitHub shows beside the code and on top of the run's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ci_tools.model.nodeid import file_of
from ci_tools.model.report import CaseResult, Conclusion, Report
from ci_tools.model.run import Attempt
from ci_tools.model.verdict import Cause
from ci_tools.report.failures import ORDER, Failures, different_first, failures_of
from ci_tools.report.inert import visible, without_ansi
from ci_tools.report.reproduce import is_inside
from ci_tools.report.verdict import reasons_to_tell

# GitHub drops what a step says beyond ten errors, without a word.
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
MAX_ANNOTATIONS = 10
Level = Literal["error", "warning"]

_LINE_CHARS = 200
_LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One annotation, not yet escaped. `file` is relative to the repository, "" for none; `line` counts from 1."""

    level: Level
    message: str
    title: str = ""
    file: str = ""
    line: int | None = None


def annotations_of(report: Report, *, root: str = "") -> list[Annotation]:
    """Return at most MAX_ANNOTATIONS, the most telling first: what is incomplete, new failures, known ones, flips.

    Quarantined failures come last. `root` is the absolute path at which the tests' jobs had the repository; without
    it, paths count from pytest's rootdir. An error is what reddens the run, all else a warning. The last one says how
    many more there are.
    """
    failures = failures_of(report)
    ordered = _ordered(report, failures)
    reasons = list(_reasons(report))
    total = len(reasons) + len(ordered)
    room = MAX_ANNOTATIONS if total <= MAX_ANNOTATIONS else MAX_ANNOTATIONS - 1
    kept, left = ordered[: room - len(reasons)], ordered[room - len(reasons) :]
    found = reasons + [
        _flaky(case, root) if case.is_flip else _failure(case, failures, level, root) for level, case in kept
    ]
    if left:
        level: Level = "error" if any(level == "error" for level, _ in left) else "warning"
        message = f"and {len(left):,} more, in the summary and in report.json"
        found.append(Annotation(level=level, message=message))
    return found


def _ordered(report: Report, failures: Failures) -> list[tuple[Level, CaseResult]]:
    """Return the tests to tell of, each with its level: of the same cause, different messages first."""
    bad = sorted(different_first(report.bad), key=lambda case: ORDER[failures.cause(case)])
    of_known: Level = "error" if report.fail_on == "any" else "warning"
    of_new: Level = "warning" if report.fail_on == "never" else "error"
    quarantined: list[tuple[Level, CaseResult]] = []
    others: list[tuple[Level, CaseResult]] = []
    for case in bad:
        cause = failures.cause(case)
        if cause is Cause.QUARANTINED:
            quarantined.append(("warning", case))
        else:
            others.append((of_known if cause.is_known else of_new, case))
    return [*others, *(("warning", case) for case in report.flips), *quarantined]


def _reasons(report: Report) -> Iterator[Annotation]:
    reasons = reasons_to_tell(report)
    if reasons:
        lines = [visible(reason, _LINE_CHARS) for reason in reasons[:_LINES]]
        more = [f"and {len(reasons) - len(lines):,} more"] if len(reasons) > len(lines) else []
        word = "is incomplete" if report.conclusion is Conclusion.INCOMPLETE else "failed"
        level: Level = "warning" if report.is_excused else "error"
        yield Annotation(level=level, title=f"the run {word}", message="\n".join([*lines, *more]))


def _failure(case: CaseResult, failures: Failures, level: Level, root: str) -> Annotation:
    final, judgement = case.final, failures.judgements[case.nodeid]
    file, line = place_of(case.nodeid, final, root)
    said = judgement.cause is not Cause.NOT_COMPARED
    why = f": {visible(judgement.why, 80)}" if judgement.why else ""
    cause = f" ({judgement.cause.value}{why})" if said else ""
    return Annotation(
        level=level,
        title=f"{visible(case.nodeid, _LINE_CHARS)} {_WORDS[final.outcome.value]}{cause}",
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

"""Findings as annotations: what GitHub shows beside the code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ci_tools.audit.finding import Finding, Severity
from ci_tools.audit.judged import About, Remark, ranked
from ci_tools.model.words import count
from ci_tools.report.annotations import MAX_ANNOTATIONS
from ci_tools.report.inert import visible

Level = Literal["error", "warning", "notice"]
LEVELS: dict[Severity, Level] = {
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.NOTE: "notice",
}
_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One annotation, not yet escaped; `file` is relative to the repository, "" for none."""

    level: Level
    title: str
    message: str
    file: str = ""
    line: int | None = None


def annotations_of(findings: Sequence[Finding], remarks: Sequence[Remark], *, prefix: str = "") -> list[Annotation]:
    """Return at most MAX_ANNOTATIONS of each level, as many as GitHub shows of a step; worst findings first.

    `prefix` is rootdir's place in the repository. Where some are left out, the last of a level says how many.
    """
    found = [_of_finding(finding, prefix) for finding in ranked(findings)]
    found += [_of_remark(remark, prefix) for remark in remarks]
    kept: list[Annotation] = []
    for level in dict.fromkeys(LEVELS.values()):
        own = [one for one in found if one.level == level]
        if len(own) > MAX_ANNOTATIONS:
            more = count(len(own) - MAX_ANNOTATIONS + 1, "more finding")
            last = Annotation(level=level, title=more, message=f"and {more}: `ci-tools audit` lists them all")
            own = [*own[: MAX_ANNOTATIONS - 1], last]
        kept += own
    return kept


def _of_finding(finding: Finding, prefix: str) -> Annotation:
    reach = f"\nof {len(finding.units):,} tests and fixtures" if len(finding.units) > 1 else ""
    return Annotation(
        level=LEVELS[finding.severity],
        title=f"{finding.rule} {finding.name}",
        message=f"{visible(finding.fact, _CHARS)}\nfix: {visible(finding.fix, _CHARS)}{reach}",
        file=_below(prefix, finding.span.path),
        line=finding.span.line,
    )


def _of_remark(remark: Remark, prefix: str) -> Annotation:
    return Annotation(
        level="warning" if remark.about is About.UNREAD else "notice",
        title=remark.about.value,
        message=f"{visible(remark.fact, _CHARS)}\nfix: {visible(remark.fix, _CHARS)}",
        file=_below(prefix, remark.path),
        line=remark.line or None,
    )


def _below(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix else path

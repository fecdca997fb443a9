"""Findings as a project wants to hear of them: what counts, what was set aside and why, remarks on the audit itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ci_tools.audit.finding import Finding, Severity
from ci_tools.audit.readiness import Readiness
from ci_tools.audit.rules.cit102_fixed_port import Reference

ORDER = {severity: place for place, severity in enumerate(Severity)}  # worst first


class By(str, Enum):
    """What sets a finding aside. One in the baseline is known, not right: its tests aren't ready."""

    COMMENT = "comment"
    CONFIGURATION = "configuration"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A finding that doesn't count; `reason` is the comment's, "" where none is said."""

    finding: Finding
    by: By
    reason: str = ""


class About(str, Enum):
    """What a remark is about."""

    UNREAD = "unread"  # a file that can't be read or parsed
    CUT = "not-followed"  # code that does more than is followed
    UNUSED = "unused-ignore"
    MALFORMED = "malformed-ignore"
    NO_REASON = "ignore-without-reason"
    STALE = "stale-baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A fact about the audit itself, and its fix: no finding, as no test fails of it."""

    about: About
    path: str
    line: int
    fact: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the audit says: findings that count, by path and line; those set aside; remarks; which tests are ready.

    `rules` were looked for, in `n_files` files. `lines` are the source of files with findings, `mentions` are places
    where a port is named and not bound.
    """

    findings: tuple[Finding, ...]
    aside: tuple[SetAside, ...] = ()
    remarks: tuple[Remark, ...] = ()
    readiness: Readiness
    rules: tuple[str, ...] = ()
    n_files: int = 0
    lines: Mapping[str, Sequence[str]]
    mentions: tuple[Reference, ...] = ()

    @property
    def has_housekeeping(self) -> bool:
        """Whether a comment or an entry of the baseline is no good."""
        return any(remark.about not in (About.UNREAD, About.CUT) for remark in self.remarks)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings worst first; among equals those that reach most tests, then by place."""
    return sorted(
        findings, key=lambda one: (ORDER[one.severity], -len(one.units), one.span.path, one.span.line, one.rule)
    )

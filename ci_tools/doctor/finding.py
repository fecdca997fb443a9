"""What the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How bad a finding is: tests are lost or a job fails; may be lost; good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fact about one line, and its fix. `rule` is set by `diagnose`."""

    severity: Severity
    path: str
    line: int
    fact: str
    fix: str
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is so, and needs no fix."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings and facts, by path and line."""

    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    n_workflows: int
    n_ignored: int = 0

    @property
    def is_healthy(self) -> bool:
        return all(finding.severity is Severity.NOTE for finding in self.findings)

"""A diagnosis as text for people, and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ci_tools.doctor.finding import Diagnosis, Finding, Severity
from ci_tools.model.words import count

FORMAT = "xdist-ci/doctor"
VERSION = 1
MAX_TEXT = 400


def as_text(diagnosis: Diagnosis) -> str:
    """Return findings with their fixes, then facts, then how many there are."""
    lines = []
    for finding in diagnosis.findings:
        lines.append(f"{_place(finding.path, finding.line)}: {_one_line(_sentence(finding))}")
        lines.append(f"    fix: {_one_line(finding.fix)}")
    if diagnosis.findings:
        lines.append("")
    if diagnosis.facts:
        lines.extend(f"{_place(fact.path, fact.line)}: {_one_line(fact.text)}" for fact in diagnosis.facts)
        lines.append("")
    return "\n".join([*lines, _summary(diagnosis)]) + "\n"


def as_json(diagnosis: Diagnosis) -> str:
    """Return the diagnosis as one JSON document."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "workflows": diagnosis.n_workflows,
        "ignored": diagnosis.n_ignored,
        "findings": [_document(finding) for finding in diagnosis.findings],
        "facts": [asdict(fact) for fact in diagnosis.facts],
    }
    return json.dumps(document, indent=2) + "\n"


def _document(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.line,
        "fact": finding.fact,
        "fix": finding.fix,
    }


def _sentence(finding: Finding) -> str:
    return f"{finding.severity.value}: {finding.fact} [{finding.rule}]"


def _place(path: str, line: int) -> str:
    return f"{_one_line(path)}:{line}"


def _one_line(text: str) -> str:
    """Return a text that can't write outside of its line: names in it are the repository's, not ours."""
    safe = "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)
    return safe if len(safe) <= MAX_TEXT else f"{safe[: MAX_TEXT - 1]}…"


def _summary(diagnosis: Diagnosis) -> str:
    parts = []
    for severity in Severity:
        number = sum(1 for finding in diagnosis.findings if finding.severity is severity)
        if number:
            parts.append(count(number, severity.value))
    ignored = f", {diagnosis.n_ignored} ignored" if diagnosis.n_ignored else ""
    return f"{count(diagnosis.n_workflows, 'workflow')}: {', '.join(parts) or 'nothing found'}{ignored}"

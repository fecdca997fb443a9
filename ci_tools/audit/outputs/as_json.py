"""All that the audit says, as one JSON document: `xdist-ci/audit`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ci_tools.audit.finding import Finding, Severity, Span
from ci_tools.audit.judged import Judged, Remark, SetAside
from ci_tools.audit.readiness import FileReadiness, Readiness, State

FORMAT = "xdist-ci/audit"
# 1: the first.
VERSION = 1


def as_json(judged: Judged) -> str:
    """Return the document; keys are in the order of its page, docs/formats/audit.md."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "rules": list(judged.rules),
        "files": judged.n_files,
        "findings_by_rule": _counted(finding.rule for finding in judged.findings),
        "findings_by_severity": {level.value: _number(judged, level) for level in Severity},
        "findings": [finding_document(finding) for finding in judged.findings],
        "set_aside": [_set_aside(one) for one in judged.aside],
        "remarks": [_remark(remark) for remark in judged.remarks],
        "mentions": [{"path": one.path, "line": one.line, "port": one.port} for one in judged.mentions],
        "readiness": _readiness(judged.readiness),
    }
    return json.dumps(document, indent=1) + "\n"


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON values."""
    return {
        "rule": finding.rule,
        "name": finding.name,
        "axis": finding.axis.value,
        "severity": finding.severity.value,
        **_span(finding.span),
        "symbol": finding.symbol,
        "statement": finding.statement,
        "fact": finding.fact,
        "fix": finding.fix,
        "units": list(finding.units),
        "calls": [_span(call) for call in finding.calls],
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _set_aside(one: SetAside) -> dict[str, Any]:
    return {"by": one.by.value, "reason": one.reason, **finding_document(one.finding)}


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "about": remark.about.value,
        "path": remark.path,
        "line": remark.line,
        "fact": remark.fact,
        "fix": remark.fix,
    }


def _readiness(readiness: Readiness) -> dict[str, Any]:
    verified = readiness.verified
    return {
        "files": readiness.n_files,
        "ready_files": readiness.ready_files,
        "tests": readiness.n_tests,
        "tests_by_state": {state.value: readiness.number(state) for state in State},
        "verified": {"runs": verified.n_runs, "workers": verified.n_workers} if verified else None,
        "by_file": [_file(file) for file in readiness.files],
    }


def _file(file: FileReadiness) -> dict[str, Any]:
    tests = [
        {"nodeid": case.nodeid, "state": case.state.value, "rules": sorted({found.rule for found in case.findings})}
        for case in file.cases
    ]
    return {"path": file.path, "state": file.state.value, "tests": tests}


def _counted(rules: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(rules).items()))


def _number(judged: Judged, level: Severity) -> int:
    return sum(1 for finding in judged.findings if finding.severity is level)

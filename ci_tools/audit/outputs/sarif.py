"""Findings as SARIF 2.1.0, for GitHub's code scanning and for editors.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, and what GitHub takes of it,
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ci_tools.audit.baseline import known_of
from ci_tools.audit.catalog import HOME, Card
from ci_tools.audit.finding import Finding, Severity, Span
from ci_tools.audit.judged import About, By, Remark, SetAside, ranked
from ci_tools.audit.outputs.fingerprint import line_fingerprints
from ci_tools.report.inert import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub shows no more of a run, and refuses one with more than 25,000.
# https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
MAX_RESULTS = 5_000
_MESSAGE_CHARS = 1_000
_LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note", Severity.NOTE: "note"}
_PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}  # GitHub's words
_KINDS = {By.COMMENT: "inSource", By.CONFIGURATION: "external", By.BASELINE: "external"}
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")
_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def sarif(
    findings: Sequence[Finding],
    cards: Sequence[Card],
    *,
    version: str,
    prefix: str = "",
    texts: Mapping[str, str] | None = None,
    aside: Sequence[SetAside] = (),
    remarks: Sequence[Remark] = (),
) -> str:
    """Return one run with the worst MAX_RESULTS findings; what is left out is said in a notification.

    `prefix` is rootdir's place in the repository ("" where they are the same). `texts` are whole files by path, for
    GitHub's fingerprints. Findings that are set `aside` are results with `suppressions`; GitHub shows these as open.
    """
    hashes = {path: line_fingerprints(text) for path, text in (texts or {}).items()}
    place = {card.rule: index for index, card in enumerate(cards)}
    kept = ranked(findings)[:MAX_RESULTS]
    results = [_result(finding, place, prefix, hashes) for finding in kept]
    for one in aside[: MAX_RESULTS - len(kept)]:
        suppression = {"kind": _KINDS[one.by], "justification": visible(one.reason or one.by.value, _MESSAGE_CHARS)}
        results.append({**_result(one.finding, place, prefix, hashes), "suppressions": [suppression]})
    left_out = len(findings) + len(aside) - len(results)
    driver = {"name": "xdist-ci", "version": version, "informationUri": HOME, "rules": [_rule(card) for card in cards]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the root of the repository"}}},
        "invocations": [_invocation(remarks, left_out, prefix)],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(card: Card) -> dict[str, Any]:
    level = _LEVELS[card.severity]
    return {
        "id": card.rule,
        "name": "".join(word.capitalize() for word in card.name.split("-")),
        "shortDescription": {"text": card.summary},
        "fullDescription": {"text": card.summary},
        "help": {"text": card.documentation, "markdown": card.documentation},
        "helpUri": card.url,
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": ["tests", f"axis/{card.axis.value}", f"severity/{card.severity.value}"],
            "problem.severity": _PROBLEMS[level],
        },
    }


def _result(
    finding: Finding, place: Mapping[str, int], prefix: str, hashes: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _physical(finding.span, prefix)}
    if finding.symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(finding.symbol, _MESSAGE_CHARS)}]
    result = {
        "ruleId": finding.rule,
        "ruleIndex": place[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": _message(f"{finding.fact}\nfix: {finding.fix}"),
        "locations": [location],
        "partialFingerprints": _fingerprints(finding, hashes.get(finding.span.path, ())),
        "properties": {"axis": finding.axis.value, "severity": finding.severity.value, "units": len(finding.units)},
    }
    if finding.calls:
        result["codeFlows"] = [{"threadFlows": [{"locations": _flow(finding, prefix)}]}]
    return result


def _flow(finding: Finding, prefix: str) -> list[dict[str, Any]]:
    steps = [*((span, "called here") for span in finding.calls), (finding.span, finding.fact)]
    return [
        {"location": {"physicalLocation": _physical(span, prefix), "message": _message(text)}} for span, text in steps
    ]


def _physical(span: Span, prefix: str) -> dict[str, Any]:
    region = {"startLine": max(1, span.line), "startColumn": max(1, span.column)}
    if (span.end_line, span.end_column) > (span.line, span.column):
        region |= {"endLine": span.end_line, "endColumn": span.end_column}
    return {"artifactLocation": _artifact(span.path, prefix), "region": region}


def _artifact(path: str, prefix: str) -> dict[str, str]:
    whole = f"{prefix}/{path}" if prefix else path
    return {"uri": quote(whole.encode("utf-8", "surrogateescape")), "uriBaseId": "%SRCROOT%"}


def _message(text: str) -> dict[str, str]:
    """Return a message in which nothing is a link to a location or a placeholder (SARIF, 3.11)."""
    lines = (visible(line, _MESSAGE_CHARS) for line in text.split("\n"))
    return {"text": _PLACEHOLDER.sub(r"{{\1}}", _LINK.sub(r"\\[", "\n".join(lines)))}


def _fingerprints(finding: Finding, hashes: Sequence[str]) -> dict[str, str]:
    known = "\0".join(known_of(finding)).encode("utf-8", "surrogatepass")
    found = {"xdistCiStatement/v1": hashlib.sha256(known).hexdigest()[:32]}
    if 0 < finding.span.line <= len(hashes):
        found["primaryLocationLineHash"] = hashes[finding.span.line - 1]
    return found


def _invocation(remarks: Sequence[Remark], left_out: int, prefix: str) -> dict[str, Any]:
    notifications: list[dict[str, Any]] = []
    if left_out:
        text = f"{left_out:,} findings of less worth were left out: GitHub shows {MAX_RESULTS:,}"
        notifications.append({"level": "warning", "message": {"text": text}})
    for remark in remarks:
        location = {"artifactLocation": _artifact(remark.path, prefix), "region": {"startLine": max(1, remark.line)}}
        notifications.append(
            {
                "level": "error" if remark.about is About.UNREAD else "warning",
                "descriptor": {"id": remark.about.value},
                "message": _message(f"{remark.fact}\nfix: {remark.fix}"),
                "locations": [{"physicalLocation": location}],
            }
        )
    return {"executionSuccessful": True, "toolExecutionNotifications": notifications}

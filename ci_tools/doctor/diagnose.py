"""All rules over a project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ci_tools.doctor.facts import facts_of
from ci_tools.doctor.finding import Diagnosis, Finding
from ci_tools.doctor.project import Project
from ci_tools.doctor.rules import RULES, check_of

_IGNORE = re.compile(r"#\s*ci-tools:\s*ignore\[([\w\s,-]+)\]")


def diagnose(project: Project) -> Diagnosis:
    """Return what all rules find, less what a comment in or right above the line ignores."""
    found = {replace(finding, rule=rule) for rule in RULES for finding in check_of(rule)(project)}
    kept = [finding for finding in found if finding.rule not in _ignored(finding, project.sources)]
    return Diagnosis(
        findings=tuple(sorted(kept, key=lambda one: (one.path, one.line, one.rule, one.fact))),
        facts=facts_of(project),
        n_workflows=len(project.workflows),
        n_ignored=len(found) - len(kept),
    )


def _ignored(finding: Finding, sources: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return the rules that comments ignore there: at the line's end, or alone in the line above."""
    lines = sources.get(finding.path, ())
    own = "".join(lines[finding.line - 1 : finding.line])
    above = "".join(lines[finding.line - 2 : finding.line - 1]) if finding.line > 1 else ""
    texts = [own, above if above.lstrip().startswith("#") else ""]
    return {rule.strip() for text in texts for match in _IGNORE.findall(text) for rule in match.split(",")}

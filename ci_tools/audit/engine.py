"""Runs rules over a suite: what each says, put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ci_tools.audit.finding import Finding, Severity
from ci_tools.audit.rules import RULES, check_of, name_of
from ci_tools.audit.source import Problem, read_sources
from ci_tools.audit.suite import Suite, build_suite
from ci_tools.plan.pytest_config import PytestConfig
from ci_tools.store.collector import collector_paused


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleError:
    """A rule that failed: a bug of ours. The others were run."""

    rule: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audit:
    """What the rules found in a suite, by path, line and rule; `errors` are rules that failed."""

    suite: Suite
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()
    errors: tuple[RuleError, ...] = ()


def audit(config: PytestConfig, *, rules: Sequence[str] = RULES) -> Audit:
    """Read a project's suite and run the rules over it."""
    with collector_paused():
        return audit_suite(build_suite(read_sources(config), config), rules=rules)


def audit_suite(suite: Suite, *, rules: Sequence[str] = RULES) -> Audit:
    """Run the rules over a suite, each on its own: one that fails is named, and the others go on."""
    findings: list[Finding] = []
    errors: list[RuleError] = []
    for rule in rules:
        try:
            findings += [replace(f, rule=rule, name=name_of(rule)) for f in check_of(rule)(suite)]
        except Exception as error:
            errors.append(RuleError(rule=rule, error=f"{type(error).__name__}: {error}"))
    return Audit(suite=suite, findings=merged(findings), problems=suite.problems, errors=tuple(errors))


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, with all the units that reach it: the first with its calls, worst severity."""
    by_place: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        by_place.setdefault((finding.rule, finding.span), []).append(finding)
    return tuple(
        sorted(map(_as_one, by_place.values()), key=lambda f: (f.span.path, f.span.line, f.rule, f.span.column))
    )


def _as_one(findings: Sequence[Finding]) -> Finding:
    order = list(Severity)
    worst = min(findings, key=lambda f: order.index(f.severity))
    return replace(worst, units=tuple(dict.fromkeys(unit for f in findings for unit in f.units)))

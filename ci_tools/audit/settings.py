"""`[tool.ci-tools.audit]`: which rules a project asks for, where, and how bad they are to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase

from ci_tools.audit.finding import Finding, Severity
from ci_tools.audit.judged import ORDER, By, SetAside
from ci_tools.model.errors import UsageError
from ci_tools.store.tables import Table

OFF = "off"
NEVER = "never"
FAIL_ON = (*(severity.value for severity in Severity), NEVER)
SEVERITIES = (*(severity.value for severity in Severity), OFF)
_KEYS = ("select", "ignore", "exclude", "per_file_ignores", "severity", "strict", "baseline", "fail_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is asked for. Rules are whole ids, sorted; globs and `baseline` are relative to rootdir.

    `severity` are those of rules that the project sees differently. `fail_on` is the least severity that fails the
    command, None for none.
    """

    rules: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severity: Mapping[str, Severity] = field(default_factory=dict)
    strict: bool = False
    baseline: str = ""
    fail_on: Severity | None = Severity.MEDIUM


def settings_of(
    table: Table, known: Sequence[str], *, select: Sequence[str] = (), ignore: Sequence[str] = (), fail_on: str = ""
) -> Settings:
    """Return what the table asks for; `select`, `ignore` and `fail_on` of the command line replace the table's.

    A rule is given as its id or as the beginning of several: `CIT1`; of severities that of the longer one counts.
    UsageError for one that there isn't, for a key or a value that can't be meant.
    """
    table.allow(*_KEYS)
    levels = table.texts_by_name("severity")
    for rule, level in levels.items():
        if level not in SEVERITIES:
            table.refuse(f"severity of {rule} is {level!r}, wanted one of {', '.join(SEVERITIES)}")
    by_rule = {rule: levels[given] for given in sorted(levels, key=len) for rule in rules_of([given], known)}
    off = [rule for rule, level in by_rule.items() if level == OFF]
    wanted = rules_of(select or table.texts("select") or known, known)
    ignored = rules_of(ignore or table.texts("ignore"), known)
    globs = table.table("per_file_ignores")
    fail_on = fail_on or ("fail_on" in table.values and table.one_of("fail_on", list(FAIL_ON))) or Severity.MEDIUM.value
    return Settings(
        rules=tuple(rule for rule in wanted if rule not in {*ignored, *off}),
        exclude=table.texts("exclude"),
        per_file_ignores={glob: rules_of(globs.texts(glob), known) for glob in globs.values},
        severity={rule: Severity(level) for rule, level in by_rule.items() if level != OFF},
        strict=table.flag("strict"),
        baseline=table.text("baseline"),
        fail_on=None if fail_on == NEVER else Severity(fail_on),
    )


def rules_of(given: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the rules with these ids or beginnings, sorted; UsageError for one that fits none."""
    found: set[str] = set()
    for text in given:
        fitting = [rule for rule in known if text and rule.startswith(text.upper())]
        if not fitting:
            near = get_close_matches(text.upper(), known, 1, cutoff=0.8)
            hint = f"did you mean {near[0]}?" if near else "`ci-tools audit --list` prints them"
            raise UsageError(f"no rule {text!r}", hint=hint)
        found.update(fitting)
    return tuple(sorted(found))


def is_in(path: str, globs: Iterable[str]) -> bool:
    """Return whether a file, relative to rootdir, or a directory above it fits one of the globs.

    A `*` also stands for slashes; a glob without a slash may fit the name alone.
    """
    parts = path.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return any(fnmatchcase(name, glob.rstrip("/")) for glob in globs for name in (*above, *parts))


def configured(findings: Iterable[Finding], settings: Settings) -> tuple[list[Finding], list[SetAside]]:
    """Return findings with the project's severities, and those that it ignores in some files."""
    counted, aside = [], []
    for found in findings:
        finding = replace(found, severity=settings.severity.get(found.rule, found.severity))
        glob = _glob_ignoring(finding, settings.per_file_ignores)
        if glob:
            aside.append(SetAside(finding=finding, by=By.CONFIGURATION, reason=f"per_file_ignores: {glob}"))
        else:
            counted.append(finding)
    return counted, aside


def _glob_ignoring(finding: Finding, ignores: Mapping[str, Collection[str]]) -> str:
    globs = (glob for glob, rules in ignores.items() if finding.rule in rules and is_in(finding.span.path, [glob]))
    return next(globs, "")


def fails(findings: Iterable[Finding], settings: Settings) -> bool:
    """Return whether one of the findings is as bad as `fail_on`, or worse."""
    least = settings.fail_on
    return least is not None and any(ORDER[finding.severity] <= ORDER[least] for finding in findings)

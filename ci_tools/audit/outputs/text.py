"""Findings as text for people: each with its line of source, those of a file together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from ci_tools.audit.finding import Finding, Severity, Span
from ci_tools.audit.judged import ORDER, Judged, Remark
from ci_tools.audit.outputs.excerpt import excerpt
from ci_tools.audit.readiness import State, sentence
from ci_tools.audit.rules import name_of
from ci_tools.model.words import count
from ci_tools.report.terminal import shown

# A line of text in pieces, each with rich's name of its style.
Piece = tuple[str, str]
Line = Sequence[Piece]

SHOWN = 3  # findings of one rule in one file with their source; of more, their lines alone
LISTED = 20
UNITS = 3
CHARS = 400
STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.NOTE: "dim"}


def as_text(lines: Iterable[Line]) -> str:
    """Return lines without their styles."""
    return "".join("".join(text for text, _ in line) + "\n" for line in lines)


def text_lines(judged: Judged) -> Iterator[Line]:
    """Iterate over findings by path and line, then remarks, then readiness, then counts."""
    for _, of_file in groupby(judged.findings, key=lambda finding: finding.span.path):
        yield from _file(list(of_file), judged.lines)
    yield from _remarks(judged.remarks)
    yield from _readiness(judged)
    yield from _counts(judged)


def _file(findings: Sequence[Finding], lines: Mapping[str, Sequence[str]]) -> Iterator[Line]:
    """Iterate over a file's findings, the first SHOWN of each rule with their source."""
    seen: Counter[str] = Counter()
    rest: dict[str, list[Finding]] = {}
    for finding in findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= SHOWN:
            yield from _finding(finding, lines.get(finding.span.path, ()))
        else:
            rest.setdefault(finding.rule, []).append(finding)
    for rule, more in rest.items():
        lines_too = ", ".join(str(finding.span.line) for finding in more[:LISTED])
        left = f" and {len(more) - LISTED:,} others" if len(more) > LISTED else ""
        again = f"{len(more):,} more of {rule} {name_of(rule)}, line {lines_too}{left}"
        yield [(f"{shown(more[0].span.path, CHARS)}: ", "bold"), (again, "")]
        yield []


def _finding(finding: Finding, lines: Sequence[str]) -> Iterator[Line]:
    span = finding.span
    yield [
        (f"{_place(span)}: ", "bold"),
        (finding.severity.value, STYLES[finding.severity]),
        (f" {finding.rule} ", "bold"),
        (shown(finding.fact, CHARS), ""),
    ]
    margin = " " * len(str(span.line))
    if 0 < span.line <= len(lines):
        piece = excerpt(lines[span.line - 1], span)
        yield [(f"  {margin} |", "dim")]
        yield [(f"  {span.line} | ", "dim"), (piece.text, "")]
        yield [(f"  {margin} | ", "dim"), (" " * piece.before, ""), ("^" * piece.width, STYLES[finding.severity])]
    for label, text in _notes(finding):
        yield [(f"  {margin} = ", "dim"), (f"{label}: ", "bold"), (text, "")]
    yield []


def _notes(finding: Finding) -> Iterator[Piece]:
    if finding.calls:
        yield "called at", ", ".join(f"{shown(call.path, CHARS)}:{call.line}" for call in finding.calls)
    own = f"{finding.span.path}::{finding.symbol.replace('.', '::')}"
    if any(unit != own for unit in finding.units):
        units = ", ".join(shown(unit) for unit in finding.units[:UNITS])
        more = f" and {len(finding.units) - UNITS:,} more" if len(finding.units) > UNITS else ""
        yield "reached from", units + more
    yield "fix", shown(finding.fix, CHARS)


def _place(span: Span) -> str:
    return f"{shown(span.path, CHARS)}:{span.line}:{span.column}"


def _remarks(remarks: Sequence[Remark]) -> Iterator[Line]:
    for remark in remarks:
        place = f"{shown(remark.path, CHARS)}:{remark.line}" if remark.line else shown(remark.path, CHARS)
        yield [(f"{place}: ", "bold"), (shown(remark.fact, CHARS), "")]
        yield [("  = ", "dim"), ("fix: ", "bold"), (shown(remark.fix, CHARS), "")]
    if remarks:
        yield []


def _readiness(judged: Judged) -> Iterator[Line]:
    """Iterate over how many files and tests are ready, and which files aren't."""
    readiness = judged.readiness
    behind = [file for file in readiness.files if file.state is not State.READY]
    for file in sorted(behind, key=lambda file: (list(State).index(file.state), file.path))[:LISTED]:
        ready = f"{file.number(State.READY):,} of {count(len(file.cases), 'test')} ready"
        yield [(f"  {file.state.value:<10}  ", _STATES[file.state]), (f"{shown(file.path, CHARS)}: {ready}", "")]
    if len(behind) > LISTED:
        yield [(f"  and {count(len(behind) - LISTED, 'more file')}: --format json", "")]
    others = [f"{readiness.number(state):,} {state.value}" for state in _STATES if readiness.number(state)]
    more = f"; {', '.join(others)}" if others else ""
    yield [(sentence(readiness), "bold"), (more, "")]
    yield []


_STATES = {State.BLOCKED: "bold red", State.SUSPECT: "yellow", State.ORDER_RISK: "cyan"}


def _counts(judged: Judged) -> Iterator[Line]:
    """Iterate over the number of findings by rule, worst first, and of all."""
    worst: dict[str, Severity] = {}
    for finding in judged.findings:
        worst[finding.rule] = min(finding.severity, worst.get(finding.rule, finding.severity), key=ORDER.__getitem__)
    numbers = Counter(finding.rule for finding in judged.findings)
    width = max((len(name_of(rule)) for rule in numbers), default=0)
    for rule in sorted(numbers, key=lambda rule: (ORDER[worst[rule]], -numbers[rule], rule)):
        row = f"{numbers[rule]:>6,}  {rule} {name_of(rule):<{width}}  "
        yield [(row, ""), (worst[rule].value, STYLES[worst[rule]])]
    yield [(summary(judged), "bold")]


def summary(judged: Judged) -> str:
    """Return how many findings there are of each severity, in how many files, and how many were set aside."""
    numbers = Counter(finding.severity for finding in judged.findings)
    found = ", ".join(f"{numbers[severity]:,} {severity.value}" for severity in Severity if numbers[severity])
    aside = Counter(one.by.value for one in judged.aside)
    ignored = "".join(f"; {number:,} set aside by {by}" for by, number in sorted(aside.items()))
    return f"{count(judged.n_files, 'file')}: {found or 'nothing found'}{ignored}"

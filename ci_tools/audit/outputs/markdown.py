"""What the audit says as one Markdown page: the reports that teams write by hand before they run in parallel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ci_tools.audit.finding import Finding
from ci_tools.audit.judged import Judged, Remark, ranked
from ci_tools.audit.readiness import FileReadiness, State, sentence
from ci_tools.audit.rules import name_of
from ci_tools.audit.rules.cit102_fixed_port import Reference
from ci_tools.report.inert import code, plain, visible
from ci_tools.report.sections import titled

T = TypeVar("T")

HINTS = 5
ROWS = 100
CHARS = 1_000
JSON = "ci-tools audit --format json"
# What the page puts together, by rules; all others come last.
TOPICS = (
    ("Shared files", ("CIT001", "CIT002", "CIT003", "CIT004", "CIT104", "CIT105")),
    ("Ports that are bound", ("CIT102", "CIT404")),
    ("Databases", ("CIT103",)),
    ("Collection and fixtures", ("CIT101", "CIT301", "CIT302", "CIT303")),
    ("Global state", ("CIT201", "CIT202", "CIT203", "CIT204", "CIT205")),
    ("Processes, locks, the network", ("CIT401", "CIT402", "CIT403", "CIT601")),
    ("Time and chance", ("CIT501", "CIT502", "CIT503", "CIT504", "CIT505")),
)
_FINDING = ("place", "severity", "finding", "fix", "tests and fixtures:")


def as_markdown(judged: Judged) -> str:
    """Return the page: what to mend first, readiness by file, findings by topic, remarks, counts by rule."""
    return "\n\n".join(["### What keeps tests from running in parallel", *_sections(judged)]) + "\n"


def _sections(judged: Judged) -> Iterator[str]:
    yield f"{plain(sentence(judged.readiness))}."
    yield from _table("Mend first", ranked(judged.findings), _FINDING, _finding, limit=HINTS)
    behind = [file for file in judged.readiness.files if file.state is not State.READY]
    behind.sort(key=lambda file: (list(State).index(file.state), file.path))
    yield from _table("Files that aren't ready", behind, ("file", "state", "tests:", "ready:"), _file)
    ready = [file for file in judged.readiness.files if file.state is State.READY]
    yield from _table("Files that are ready, as far as their source tells", ready, ("file", "tests:"), _ready_file)
    for title, rules in TOPICS:
        found = [finding for finding in judged.findings if finding.rule in rules]
        yield from _table(title, found, _FINDING, _finding)
        if "CIT102" in rules:
            yield from _table("Ports that are only mentioned", judged.mentions, ("place", "port:"), _mention)
    yield from _table("Remarks", judged.remarks, ("place", "remark", "fix"), _remark)
    numbers = Counter(finding.rule for finding in judged.findings).most_common()
    yield from _table("Findings by rule", numbers, ("rule", "findings:"), _number)


def _table(
    title: str, items: Sequence[T], header: Sequence[str], row: Callable[[T], Sequence[str]], limit: int = ROWS
) -> Iterator[str]:
    if items:
        yield titled(title, items, header, row, limit, file=JSON)


def _finding(finding: Finding) -> list[str]:
    what = f"{_prose(finding.fact)} ({finding.rule})"
    return [_place(finding), finding.severity.value, what, _prose(finding.fix), f"{len(finding.units):,}"]


def _prose(text: str) -> str:
    """Return prose in which what stands between backticks is code; every piece of it is inert."""
    pieces = visible(text, CHARS).split("`")
    if len(pieces) % 2 == 0:
        return plain(text)
    return "".join(code(piece) if number % 2 else _spaced(piece) for number, piece in enumerate(pieces))


def _spaced(piece: str) -> str:
    """Return prose with the spaces around it that it had."""
    before, after = (" " if piece[:1].isspace() else ""), (" " if piece[-1:].isspace() else "")
    return f"{before}{plain(piece)}{after}" if piece.strip() else piece


def _place(finding: Finding) -> str:
    symbol = f" in {code(finding.symbol)}" if finding.symbol else ""
    return f"{code(f'{finding.span.path}:{finding.span.line}')}{symbol}"


def _file(file: FileReadiness) -> list[str]:
    return [code(file.path), file.state.value, f"{len(file.cases):,}", f"{file.number(State.READY):,}"]


def _ready_file(file: FileReadiness) -> list[str]:
    return [code(file.path), f"{len(file.cases):,}"]


def _mention(mention: Reference) -> list[str]:
    return [code(f"{mention.path}:{mention.line}"), str(mention.port)]


def _remark(remark: Remark) -> list[str]:
    return [code(f"{remark.path}:{remark.line}"), _prose(remark.fact), _prose(remark.fix)]


def _number(row: tuple[str, int]) -> list[str]:
    rule, number = row
    return [f"{rule} {name_of(rule)}", f"{number:,}"]

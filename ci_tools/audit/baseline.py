"""Findings that a project knows already: they don't fail it, and each that is mended must leave the file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from ci_tools.audit.finding import Finding
from ci_tools.audit.judged import About, By, Remark, SetAside
from ci_tools.formats.audit_baseline_json import Known
from ci_tools.model.words import count

STATEMENT_CHARS = 200


def baseline_of(findings: Iterable[Finding]) -> Counter[Known]:
    """Return what to write down of findings."""
    return Counter(known_of(finding) for finding in findings)


def known_of(finding: Finding) -> Known:
    """Return what a finding is known by; a long statement is cut, and told from others by its digest."""
    statement = finding.statement
    if len(statement) > STATEMENT_CHARS:
        digest = hashlib.sha256(statement.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        statement = f"{statement[:STATEMENT_CHARS]}… sha256:{digest}"
    return Known(finding.span.path, finding.rule, finding.symbol, statement)


def without_known(findings: Iterable[Finding], known: Counter[Known]) -> tuple[list[Finding], list[SetAside]]:
    """Split findings into new and known ones; of equal ones as many are known as were written down."""
    left = Counter(known)
    counted, aside = [], []
    for finding in findings:
        entry = known_of(finding)
        if left[entry] > 0:
            left[entry] -= 1
            aside.append(SetAside(finding=finding, by=By.BASELINE))
        else:
            counted.append(finding)
    return counted, aside


def stale(
    aside: Iterable[SetAside], known: Counter[Known], *, file: str, covers: Callable[[Known], bool]
) -> Iterator[Remark]:
    """Iterate over what of `file` isn't found any more; `covers` says whether anybody has looked."""
    found = Counter(known_of(one.finding) for one in aside if one.by is By.BASELINE)
    for entry, number in sorted((known - found).items()):
        if covers(entry):
            symbol = f" in {entry.symbol}" if entry.symbol else ""
            gone = f"{count(number, 'finding')} of {entry.rule}{symbol} {'is' if number == 1 else 'are'} gone"
            fact = f"{entry.path}: {gone}: {entry.statement}"
            yield Remark(about=About.STALE, path=file, line=1, fact=fact, fix=_WRITE)


_WRITE = "write the baseline anew: `ci-tools audit --write-baseline`"

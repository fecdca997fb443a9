"""Findings made by hand, for what shows or sorts them."""

from __future__ import annotations

from dataclasses import replace

from ci_tools.audit.finding import Axis, Finding, Severity, Span
from ci_tools.audit.judged import Judged
from ci_tools.audit.readiness import Readiness

LINES = ("def test_report(save):", '    save("out/report.json")', "")
FINDING = Finding(
    rule="CIT001",
    name="write-constant-path",
    axis=Axis.WORKERS,
    severity=Severity.HIGH,
    span=Span(path="tests/test_report.py", line=2, column=5, end_line=2, end_column=28),
    symbol="test_report",
    statement="save('out/report.json')",
    fact="writes to 'out/report.json', a path that every worker has",
    fix="write below tmp_path",
    units=("tests/test_report.py::test_report",),
)


def finding(rule: str = "CIT001", *, path: str = "tests/test_report.py", line: int = 2, **changes: object) -> Finding:
    """Return a finding in one line, with changes."""
    span = replace(FINDING.span, path=path, line=line, end_line=line)
    return replace(FINDING, **{"rule": rule, "span": span, **changes})  # type: ignore[arg-type]


def judged(*findings: Finding, **changes: object) -> Judged:
    """Return what is to be said of findings in `tests/test_report.py`."""
    said = Judged(
        findings=findings,
        readiness=Readiness(files=()),
        rules=("CIT001", "CIT002"),
        n_files=1,
        lines={FINDING.span.path: LINES},
    )
    return replace(said, **changes)  # type: ignore[arg-type]

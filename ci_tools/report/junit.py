"""A merged run as JUnit XML."""

from __future__ import annotations

from ci_tools.formats import junit_xml as _format
from ci_tools.model.report import Report


def junit_xml(report: Report) -> str:
    """Return the run as JUnit XML text."""
    return _format.dumps(report.cases, report.not_run)

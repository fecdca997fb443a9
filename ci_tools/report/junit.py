"""`junit.xml`: one case per test, counts from the cases, reruns as Maven Surefire writes them.

For people and third parties; never read back as the truth. What did not run is an error here,
so that no reader of JUnit takes an incomplete run for a green one.
Source: Surefire's surefire-test-report.xsd for flakyFailure and rerunFailure.
"""

from __future__ import annotations

import re

from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import (
    FlakyError,
    FlakyFailure,
    InterimResult,
    JUnitXml,
    RerunError,
    RerunFailure,
    TestCase,
    TestSuite,
)

from ci_tools.model.nodeid import file_of
from ci_tools.model.report import CaseResult, NotRun, Report
from ci_tools.model.run import Attempt, Outcome

# What XML 1.0 can't hold, https://www.w3.org/TR/xml/#charsets; pytest writes it as #x1B, so do we.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(report: Report) -> str:
    """Return the run as JUnit XML text."""
    suite = TestSuite("pytest")
    for case in report.cases:
        suite.append(_case(case))
    for missing in report.not_run:
        suite.append(_missing(missing))
    xml = JUnitXml("pytest tests")
    xml.append(suite)
    xml.update_statistics()
    text: str = xml.tostring().decode("utf-8")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text.partition("?>")[2].lstrip() or text}\n'


def _case(case: CaseResult) -> TestCase:
    element = _element(case.nodeid)
    final = case.final
    element.time = round(final.total_s, 3)
    if final.outcome.is_bad:
        kind = Failure if final.outcome is Outcome.FAILED else Error
        result = kind(legal(final.message) or final.outcome.value, final.outcome.value)
        result.text = legal(final.text)
        element.append(result)
    elif final.outcome in (Outcome.SKIPPED, Outcome.XFAILED):
        element.append(
            Skipped(legal(final.message), f"pytest.{'skip' if final.outcome is Outcome.SKIPPED else 'xfail'}")
        )
    for _, attempt in case.attempts:
        if attempt is not final and attempt.outcome.is_bad:
            element.append(_interim(attempt, flaky=case.is_flip))
    return element


def _interim(attempt: Attempt, *, flaky: bool) -> InterimResult:
    failed = attempt.outcome is Outcome.FAILED
    kind = (FlakyFailure if failed else FlakyError) if flaky else (RerunFailure if failed else RerunError)
    result = kind(legal(attempt.message), attempt.outcome.value)
    result.stack_trace = legal(attempt.text)
    return result


def _missing(missing: NotRun) -> TestCase:
    element = _element(missing.name)
    element.time = 0.0
    element.append(Error(legal(f"did not run: {missing.why}"), "not-run"))
    return element


def _element(nodeid: str) -> TestCase:
    """Return a case named as pytest names it: classname from path and classes, file apart."""
    file = file_of(nodeid)
    scope, bracket, parameters = nodeid[len(file) :].removeprefix("::").partition("[")
    classes, _, name = scope.rpartition("::")
    path = file.removesuffix(".py").replace("/", ".")
    classname = ".".join(part for part in (path, classes.replace("::", ".")) if part)
    element = TestCase(legal(name + bracket + parameters) or legal(file), legal(classname))
    element._elem.set("file", legal(file))
    return element


def legal(text: str) -> str:
    """Return the text with what XML can't hold written out: ESC becomes `#x1B`."""
    return _ILLEGAL.sub(lambda match: f"#x{ord(match[0]):02X}", text)

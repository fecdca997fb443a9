"""`junit.xml`: one case per test, counts from the cases, reruns as Maven Surefire writes them.

For people and third parties; never read back as the truth. What did not run is an error here,
so that no reader of JUnit takes an incomplete run for a green one.
Source: Surefire's surefire-test-report.xsd for flakyFailure and rerunFailure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from ci_tools.model.nodeid import file_of
from ci_tools.model.report import CaseResult, NotRun
from ci_tools.model.run import Attempt, Outcome

# What XML 1.0 can't hold, https://www.w3.org/TR/xml/#charsets; pytest writes it as #x1B, so do we.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN = re.compile("[ !#-%'-;=?-~]*")  # what an attribute holds as it is
_COUNTED = {"errors": "error", "failures": "failure", "skipped": "skipped"}


def dumps(cases: Iterable[CaseResult], not_run: Iterable[NotRun]) -> str:
    """Return the tests as JUnit XML, in the order given."""
    rows = [_case(case) for case in cases]
    rows += [_missing(missing) for missing in not_run]
    kinds = Counter(row.kind for row in rows)
    counts = {name: kinds[kind] for name, kind in _COUNTED.items()}
    time_s = round(sum(row.time_s for row in rows), 3)
    suite = _attributes({"name": "pytest", "tests": len(rows), **counts, "time": time_s})
    del counts["skipped"]  # which JUnit knows of a suite alone
    run = _attributes({"name": "pytest tests", "tests": len(rows), **counts, "time": time_s})
    body = "".join(f"{row.text}\n" for row in rows)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return f"{head}<testsuites{run}>\n<testsuite{suite}>\n{body}</testsuite>\n</testsuites>\n"


class _Row(NamedTuple):
    """A case as text; `kind` is the element that says how it ended, "" when it passed."""

    kind: str
    time_s: float
    text: str


def _case(case: CaseResult) -> _Row:
    final = case.final
    kind, parts = "", []
    if final.outcome.is_bad:
        kind = "failure" if final.outcome is Outcome.FAILED else "error"
        message = final.message or final.outcome.value
        parts.append(_element(kind, {"message": message, "type": final.outcome.value}, _text(final.text)))
    elif final.outcome in (Outcome.SKIPPED, Outcome.XFAILED):
        kind, reason = "skipped", "skip" if final.outcome is Outcome.SKIPPED else "xfail"
        parts.append(_element(kind, {"message": final.message, "type": f"pytest.{reason}"}))
    if len(case.attempts) > 1:
        parts += [_interim(a, flaky=case.is_flip) for _, a in case.attempts if a is not final and a.outcome.is_bad]
    return _row(case.nodeid, kind, round(final.total_s, 3), "".join(parts))


def _interim(attempt: Attempt, *, flaky: bool) -> str:
    kind = ("flaky" if flaky else "rerun") + ("Failure" if attempt.outcome is Outcome.FAILED else "Error")
    inner = _element("stackTrace", {}, _text(attempt.text))
    return _element(kind, {"message": attempt.message, "type": attempt.outcome.value}, inner)


def _missing(missing: NotRun) -> _Row:
    inner = _element("error", {"message": f"did not run: {missing.why}", "type": "not-run"})
    return _row(missing.name, "error", 0.0, inner)


def _row(nodeid: str, kind: str, time_s: float, inner: str) -> _Row:
    """Return a case named as pytest names it: classname from path and classes, file apart."""
    file = file_of(nodeid)
    scope, bracket, parameters = nodeid[len(file) :].removeprefix("::").partition("[")
    classes, _, name = scope.rpartition("::")
    path = file.removesuffix(".py").replace("/", ".")
    classname = ".".join(part for part in (path, classes.replace("::", ".")) if part)
    named = {"name": name + bracket + parameters or file, "classname": classname, "file": file, "time": time_s}
    return _Row(kind, time_s, _element("testcase", named, inner))


def _element(tag: str, attributes: Mapping[str, object], inner: str = "") -> str:
    start = f"<{tag}{_attributes(attributes)}"
    return f"{start}>{inner}</{tag}>" if inner else f"{start}/>"


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f" {name}={_quoted(str(value))}" for name, value in values.items())


def _quoted(value: str) -> str:
    return f'"{value}"' if _PLAIN.fullmatch(value) else quoteattr(legal(value))


def _text(text: str) -> str:
    return escape(legal(text), {"\r": "&#13;"})  # or a reader would take it for a newline


def legal(text: str) -> str:
    """Return the text with what XML can't hold written out: ESC becomes `#x1B`."""
    return _ILLEGAL.sub(lambda match: f"#x{ord(match[0]):02X}", text)

"""junit.xml: one case per test, right counts, Surefire's reruns, any text."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from bundles import attempt, bundle, plan_of_files, seen
from hypothesis import example, given
from hypothesis import strategies as st
from junitparser import JUnitXml

from ci_tools.formats.junit_xml import legal
from ci_tools.merge.judge import merge
from ci_tools.model.report import Report
from ci_tools.report.junit import junit_xml

PLAN = plan_of_files(["a.py"])
OUTCOMES = ["passed", "failed", "error", "crashed", "skipped", "xfailed", "xpassed"]


def report() -> Report:
    attempts = [attempt(f"a.py::TestX::test_{o}[p::q]", o, message=f"why {o}", text=f"{o}\ntext") for o in OUTCOMES]
    attempts += [
        attempt("a.py::test_flaky", "failed", message="first", text="trace"),
        attempt("a.py::test_flaky", "passed", rerun=1),
        attempt("a.py::test_red", "error", message="first"),
        attempt("a.py::test_red", "failed", rerun=1, message="second"),
    ]
    ids = dict.fromkeys(a.nodeid for a in attempts)
    return merge([bundle(PLAN, 1, attempts, seen(*ids, "a.py::test_missing"))], PLAN)


def element(xml: str, name: str) -> ElementTree.Element:
    found = ElementTree.fromstring(xml).find(f".//testcase[@name='{name}']")
    assert found is not None
    return found


def test_counts_are_those_of_the_cases() -> None:
    suite = ElementTree.fromstring(junit_xml(report())).find("testsuite")
    assert suite is not None
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "10", "failures": "2", "errors": "3", "skipped": "2"}
    assert len(suite.findall("testcase")) == 10


def test_a_case_is_named_as_pytest_names_it() -> None:
    case = element(junit_xml(report()), "test_failed[p::q]")
    assert {key: case.get(key) for key in ("classname", "file", "time")} == {
        "classname": "a.TestX",
        "file": "a.py",
        "time": "1.0",
    }
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("why failed", "failed\ntext")


def test_reruns_are_written_as_surefire_does() -> None:
    xml = junit_xml(report())
    flaky, red = element(xml, "test_flaky"), element(xml, "test_red")
    assert [(e.tag, e.get("message"), e.findtext("stackTrace")) for e in flaky] == [("flakyFailure", "first", "trace")]
    assert [(e.tag, e.get("message")) for e in red] == [("failure", "second"), ("rerunError", "first")]


def test_an_earlier_pass_is_no_failure() -> None:
    first, again = (bundle(PLAN, 1, [attempt("a.py::t", o)], run_attempt=n) for n, o in ((1, "passed"), (2, "failed")))
    assert [e.tag for e in element(junit_xml(merge([first, again], PLAN)), "t")] == ["failure"]


def test_what_did_not_run_is_an_error() -> None:
    error = element(junit_xml(report()), "test_missing").find("error")
    assert error is not None
    assert error.get("message") == "did not run: shard 1 ended without running it"


def test_junitparser_reads_it_back() -> None:
    xml = JUnitXml.fromstring(junit_xml(report()).encode())
    assert sum(1 for suite in xml for _ in suite) == 10


@given(st.text())
@example("a\rb\r\nc\td]]>&amp;")
def test_any_text_makes_well_formed_xml(text: str) -> None:
    attempts = [attempt(f"a.py::t[{text}]", "failed", message=text, text=text)]
    root = ElementTree.fromstring(junit_xml(merge([bundle(PLAN, 1, attempts)], PLAN)))
    failure = root.find(".//failure")
    assert failure is not None
    assert (failure.get("message"), failure.text or "") == (legal(text) or "failed", legal(text))


@pytest.mark.parametrize(
    ("text", "written"), [("a\x1b[0m", "a#x1B[0m"), ("\x00", "#x00"), ("\ud800é\U0001f600", "#xD800é\U0001f600")]
)
def test_what_xml_cannot_hold_is_written_out(text: str, written: str) -> None:
    assert legal(text) == written

"""Annotations: at most ten, the most telling first, never at a place outside of the repository."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bundles import attempt, bundle, plan_of_files
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import hostile
from report.runs import FAILURES, red
from samples import REPORT

from ci_tools.merge.judge import merge
from ci_tools.model.report import CaseResult, Conclusion, Report
from ci_tools.model.verdict import Cause, Judgement
from ci_tools.report.annotations import Annotation, annotations_of, place_of

PLAN = plan_of_files(["a.py"], ["b.py"])
ROOT = "/home/runner/work/repo/repo"


def failed(nodeid: str, **fields: object) -> CaseResult:
    return CaseResult(nodeid=nodeid, shard=1, attempts=((1, attempt(nodeid, **{"outcome": "failed"} | fields)),))


def flaky(nodeid: str) -> CaseResult:
    before = attempt(nodeid, "failed", message="no\nwhy", location=f"{ROOT}/{nodeid.partition(':')[0]}:7")
    return CaseResult(nodeid=nodeid, shard=1, attempts=((1, before), (1, attempt(nodeid, fresh=1))))


def report(*cases: CaseResult) -> Report:
    return replace(REPORT, conclusion=Conclusion.FAILED, reasons=("tests failed",), cases=cases)


def test_a_green_run_has_none() -> None:
    assert (
        annotations_of(merge([bundle(PLAN, i, [attempt(f"{f}.py::t")]) for i, f in ((1, "a"), (2, "b"))], PLAN)) == []
    )


def test_what_is_incomplete_comes_first_then_failures_then_flaky_tests() -> None:
    attempts = [
        attempt("a.py::t", "failed", message="assert 1 == 2\n +  where", location=f"{ROOT}/a.py:12"),
        attempt("a.py::u", "crashed", message="worker 'gw0' crashed"),
        attempt("a.py::v", "failed", message="assert 0", location=f"{ROOT}/a.py:3"),
        attempt("a.py::v", fresh=1),
    ]
    assert annotations_of(merge([bundle(PLAN, 1, attempts)], PLAN), root=ROOT) == [
        Annotation(
            level="error",
            title="the run is incomplete",
            message="shard 2 is missing: no bundle of it was found; 1 test or file did not run\n"
            "2 tests failed: 'a.py::t', 'a.py::u'",
        ),
        Annotation(level="error", title="a.py::t failed", message="assert 1 == 2\n +  where", file="a.py", line=12),
        Annotation(level="error", title="a.py::u crashed its worker", message="worker 'gw0' crashed", file="a.py"),
        Annotation(
            level="warning",
            title="a.py::v is flaky",
            message="failed, then passed in a fresh process: assert 0",
            file="a.py",
            line=3,
        ),
    ]


def test_failed_tests_alone_need_no_further_reason() -> None:
    found = annotations_of(report(failed("a.py::t"), failed("a.py::u", outcome="error")))
    assert [annotation.title for annotation in found] == ["a.py::t failed", "a.py::u has an error"]


def test_the_tenth_counts_the_others() -> None:
    ten = annotations_of(report(*(failed(f"a.py::t{i}") for i in range(10))))
    assert [annotation.title for annotation in ten] == [f"a.py::t{i} failed" for i in range(10)]
    many = annotations_of(report(*(failed(f"a.py::t{i:04}") for i in range(1_008)), flaky("a.py::u"), flaky("a.py::v")))
    assert [annotation.title for annotation in many[:9]] == [f"a.py::t{i:04} failed" for i in range(9)]
    assert many[9:] == [Annotation(level="error", message="and 1,001 more, in the summary and in report.json")]


def test_when_only_flaky_tests_remain_the_last_one_is_no_error() -> None:
    found = annotations_of(report(*(failed(f"a.py::t{i}") for i in range(9)), flaky("a.py::u"), flaky("a.py::v")))
    assert found[9] == Annotation(level="warning", message="and 2 more, in the summary and in report.json")


def test_ten_times_the_same_message_says_less_than_another_one() -> None:
    cases = [failed(f"a.py::t{i}", message="refused") for i in range(10)]
    found = annotations_of(report(*cases, failed("z.py::t", message="assert 0")))
    assert [annotation.title for annotation in found[:3]] == ["a.py::t0 failed", "z.py::t failed", "a.py::t1 failed"]


def levels(report: Report) -> list[tuple[str, str]]:
    return [(annotation.level, annotation.title.partition(" ")[0]) for annotation in annotations_of(report)]


CAUSES = (Cause.QUARANTINED, Cause.BASE, Cause.FLAKY, Cause.NEW)


@pytest.mark.parametrize(
    ("fail_on", "expected"),
    [
        ("any", ["error", "error", "error", "warning", "warning"]),
        ("new", ["error", "warning", "warning", "warning", "warning"]),
        ("never", ["warning"] * 5),
    ],
)
def test_new_failures_come_first_quarantined_ones_last_and_an_error_is_what_reddens(
    fail_on: str, expected: list[str]
) -> None:
    ran = red(*CAUSES, fail_on=fail_on)
    found = levels(replace(ran, cases=(*ran.bad, flaky("z.py::flip"))))
    tests = [FAILURES[cause][0] for cause in (Cause.NEW, Cause.FLAKY, Cause.BASE)]
    assert found == list(zip(expected, [*tests, "z.py::flip", FAILURES[Cause.QUARANTINED][0]]))


def test_a_reason_that_the_policy_excuses_is_no_error() -> None:
    ran = red(Cause.NEW, reasons=("1 test failed", "shard 1: coverage is too low"))
    assert [levels(replace(ran, fail_on=fail_on))[0] for fail_on in ("any", "new", "never")] == [
        ("error", "the"),
        ("error", "the"),
        ("warning", "the"),
    ]


def test_a_cause_is_in_the_title() -> None:
    titles = [annotation.title for annotation in annotations_of(red(Cause.FLAKY, Cause.NEW_TEST))]
    assert titles == [
        "tests/test_cart.py::test_coupon_twice failed (new test)",
        "tests/test_search.py::test_index failed (known flaky: 3 of 41 runs)",
    ]


def test_of_too_many_those_that_are_known_go_first() -> None:
    ran = red(Cause.FLAKY, Cause.QUARANTINED, fail_on="new")
    cases = tuple(failed(f"a.py::t{i}") for i in range(9))
    judgements = tuple(Judgement(nodeid=case.nodeid, cause=Cause.NEW) for case in cases)
    found = annotations_of(replace(ran, cases=cases + ran.bad, judgements=judgements + ran.judgements))
    assert [annotation.title for annotation in found[:9]] == [f"a.py::t{i} failed (new)" for i in range(9)]
    assert found[9:] == [Annotation(level="warning", message="and 2 more, in the summary and in report.json")]


TEXT = "tests/test_a.py:3: in test\n    helper()\ntests/test_a.py:9: in helper\n/usr/lib/x.py:1: Error"


@pytest.mark.parametrize(
    ("location", "root", "place"),
    [
        (f"{ROOT}/tests/test_a.py:12", ROOT, ("tests/test_a.py", 12)),
        (f"{ROOT}/tests/test_a.py:12", f"{ROOT}/", ("tests/test_a.py", 12)),
        (f"{ROOT}/tests/test_a.py:12", "", ("tests/test_a.py", 12)),
        (f"{ROOT}/src/module.py:5", ROOT, ("src/module.py", 5)),
        ("src/module.py:5", "", ("src/module.py", 5)),
        (f"{ROOT}/services/api/tests/test_a.py:12", ROOT, ("services/api/tests/test_a.py", 12)),
        # Not in the repository: the last line of the test's own file in the traceback.
        ("/usr/lib/python3.12/json/decoder.py:355", ROOT, ("tests/test_a.py", 9)),
        (f"{ROOT}/.venv/lib/python3.12/site-packages/x.py:1", ROOT, ("tests/test_a.py", 9)),
        (f"{ROOT}-other/x.py:1", ROOT, ("tests/test_a.py", 9)),
        (f"{ROOT}/../x.py:1", ROOT, ("tests/test_a.py", 9)),
        ("../x.py:1", "", ("tests/test_a.py", 9)),
        ("https://example.com/x.py:1", "", ("tests/test_a.py", 9)),
        ("", ROOT, ("tests/test_a.py", 9)),
        (f"{ROOT}/tests/test_a.py:0", ROOT, ("tests/test_a.py", 9)),
        (f"{ROOT}/tests/test_a.py:x", ROOT, ("tests/test_a.py", 9)),
        (f"{ROOT}/tests/test_a.py:99999999999", ROOT, ("tests/test_a.py", 9)),
    ],
)
def test_a_failure_is_shown_where_it_broke_in_the_repository(
    location: str, root: str, place: tuple[str, int | None]
) -> None:
    assert place_of("tests/test_a.py::test", attempt("", location=location, text=TEXT), root) == place


@pytest.mark.parametrize("nodeid", ["/etc/passwd", "../x.py::t", "https://x.y/z.py::t", "", "a\n.py::t", "a\u202e.py"])
def test_a_file_outside_of_the_repository_is_none(nodeid: str) -> None:
    assert place_of(nodeid, attempt("", location="/etc/passwd:1", text=TEXT), ROOT) == ("", None)


def test_without_a_known_line_the_test_s_file_is_shown() -> None:
    assert place_of("a.py::t", attempt(""), ROOT) == ("a.py", None)


@settings(deadline=None)
@given(
    nodeid=hostile, message=hostile, location=hostile, text=hostile, reason=hostile, root=st.sampled_from(["", ROOT])
)
def test_whatever_a_job_says_lines_are_short_and_places_inside(
    nodeid: str, message: str, location: str, text: str, reason: str, root: str
) -> None:
    bad = attempt(nodeid, "failed", message=message, text=text, location=location)
    case = CaseResult(nodeid=nodeid, shard=1, attempts=((1, bad),))
    judgement = Judgement(nodeid=nodeid, cause=Cause.NEW, why=reason)
    found = annotations_of(replace(REPORT, reasons=(reason,), cases=(case,), judgements=(judgement,)), root=root)
    assert [annotation.level for annotation in found] == ["error", "error"]
    for annotation in found:
        lines = [*annotation.message.split("\n"), annotation.title, annotation.file]
        assert all(line.isprintable() and len(line) <= 300 for line in lines)
        assert not annotation.file.startswith("/") and ".." not in annotation.file.split("/")
        assert ":" not in annotation.file

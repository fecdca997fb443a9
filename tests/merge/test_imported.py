"""The verdict on JUnit files: with a plan what didn't run is named, without one nothing is proved."""

from __future__ import annotations

import io
import random

import pytest
from bundles import plan_of_files
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.formats import junit_xml, report_json
from ci_tools.merge.imported import merge_junit
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.merge.junit.reader import JUnitFile, read_stream
from ci_tools.merge.junit.shards import MAX_ATTEMPTS, place_of
from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.model.report import CaseResult, NotRun, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.report.terminal import verdict_text
from ci_tools.report.verdict import headline

PLAN = plan_of_files(["a.py"], ["b.py"])
A, B = "a.py::test_a", "b.py::test_b"
IDS = NodeIds(["a.py", "b.py", "c.py"])
KINDS = {"passed": "", "failed": "<failure message='no'>E   x</failure>", "skipped": "<skipped/>"}


def junit(name: str, *cases: tuple[str, str], cut: bool = False) -> JUnitFile:
    """Return a read file of (node id, outcome)."""
    body = ""
    for nodeid, outcome in cases:
        file, _, test = nodeid.partition("::")
        body += f"<testcase classname='{file.removesuffix('.py')}' name='{test}'>{KINDS[outcome]}</testcase>\n"
    text = f"<testsuite name='pytest'>\n{body}</testsuite>"
    return read_stream(io.BytesIO(text[: -len("</testsuite>")].encode() if cut else text.encode()), IDS, name=name)


def in_shard(shard: int, *cases: tuple[str, str], attempt: int = 1, cut: bool = False) -> JUnitFile:
    return junit(f"all/shard-{shard}-of-2-attempt-{attempt}/junit.xml", *cases, cut=cut)


def verdict(report: Report) -> tuple[str, tuple[str, ...]]:
    return report.conclusion.value, report.reasons


def outcomes(report: Report) -> dict[str, str]:
    return {case.nodeid: case.outcome.value for case in report.cases}


def test_without_a_plan_the_cases_decide() -> None:
    report = merge_junit([junit("x.xml", (A, "passed"), (B, "skipped"))])
    assert (verdict(report), report.notes, report.plan_digest) == (("passed", ()), (), "")
    assert [(case.nodeid, case.shard) for case in report.cases] == [(A, 0), (B, 0)]
    red = merge_junit([junit("x.xml", (A, "passed")), junit("y.xml", (B, "failed"))])
    assert verdict(red) == ("failed", (f"1 test failed: '{B}'",))


@pytest.mark.parametrize("files", [[], [junit("x.xml")]], ids=["no file", "an empty one"])
def test_no_case_at_all_is_no_green(files: list[JUnitFile]) -> None:
    assert verdict(merge_junit(files)) == ("incomplete", ("no test case in any file",))


def test_a_broken_file_is_named_with_line_and_reason_and_loses_no_other() -> None:
    gone = JUnitFile(name="z.xml", problems=("can't be read: Permission denied",))
    report = merge_junit([gone, junit("x.xml", (A, "passed"), cut=True), junit("y.xml", (B, "passed"))])
    assert verdict(report) == (
        "incomplete",
        ("x.xml, line 3: cut off (no element found); 1 complete case kept", "z.xml: can't be read: Permission denied"),
    )
    assert outcomes(report) == {A: "passed", B: "passed"}


def test_a_report_of_another_kind_is_left_out_and_said() -> None:
    coverage = read_stream(io.BytesIO(b"<coverage/>"), IDS, name="coverage.xml")
    report = merge_junit([coverage, junit("x.xml", (A, "passed"))])
    assert (verdict(report), report.notes) == (
        ("passed", ()),
        ("coverage.xml was left out: <coverage> isn't JUnit",),
    )


def test_names_that_fit_no_file_are_said() -> None:
    report = merge_junit([junit("x.xml", (A, "passed"))], unresolved={"x.Y"})
    assert report.notes == ("the files of 1 class name aren't known for sure, their tests go by it: 'x.Y'",)


def test_of_one_test_in_two_files_the_worst_decides() -> None:
    report = merge_junit([junit("x.xml", (A, "failed")), junit("y.xml", (A, "passed"))])
    assert (outcomes(report), report.flips) == ({A: "failed"}, ())


def test_what_the_plan_names_and_no_file_reports_did_not_run() -> None:
    report = merge_junit([junit("x.xml", (A, "passed"))], plan=PLAN)
    assert verdict(report) == ("incomplete", ("1 test or file did not run: 'b.py'",))
    assert report.not_run == (NotRun(name="b.py", shard=2, why="no file reports it"),)
    assert (report.plan_digest, report.shards) == (PLAN.digest, ())


def test_a_file_that_the_plan_does_not_know_is_new_and_no_error() -> None:
    files = [junit("x.xml", (A, "passed"), (B, "passed"), ("c.py::t", "passed"), ("Odd.py::t", "passed"))]
    report = merge_junit(files, plan=PLAN, unresolved={"Odd"})
    assert (verdict(report), report.unplanned) == (("passed", ()), ("c.py",))
    assert "1 file new since the plan: 'c.py'" in report.notes


def test_a_plan_of_tests_knows_functions_by_their_parameters() -> None:
    ids = ("a.py::test_a", "a.py::test_p", "a.py::test_q[1]", "a.py::test_r")
    plan = Plan(
        workers=1, shards=(Shard(index=1, expected_ms=1, atoms=(Atom(file="a.py", expected_ms=1, nodeids=ids),)),)
    )
    report = merge_junit([junit("x.xml", (A, "passed"), ("a.py::test_p[x]", "passed"))], plan=plan)
    assert [missing.name for missing in report.not_run] == ["a.py::test_q[1]", "a.py::test_r"]


def test_a_module_that_failed_or_skipped_itself_accounts_for_its_tests() -> None:
    inner = {"error": "<error message='collection failure'/>", "skipped": "<skipped message='collection skipped'/>"}
    text = "".join(
        f"<testcase classname='' name='{n}'>{inner[k]}</testcase>" for n, k in (("a", "error"), ("b", "skipped"))
    )
    file = read_stream(io.BytesIO(f"<testsuite>{text}</testsuite>".encode()), IDS, name="x.xml")
    report = merge_junit([file], plan=PLAN)
    assert (outcomes(report), report.not_run, report.skipped_modules) == ({"a.py": "error"}, (), ("b.py",))
    assert verdict(report) == ("failed", ("1 test failed: 'a.py'",))


def test_a_case_without_a_name_accounts_for_no_other_test_of_its_file() -> None:
    plan = Plan(
        workers=1, shards=(Shard(index=1, expected_ms=1, atoms=(Atom(file="a.py", expected_ms=1, nodeids=(A,)),)),)
    )
    report = merge_junit([junit("x.xml", ("a.py", "passed"))], plan=plan)
    assert (outcomes(report), [missing.name for missing in report.not_run]) == ({"a.py": "passed"}, [A])


def test_a_plan_alone_does_not_make_each_exactly_once() -> None:
    """Of a file that the plan holds whole, one test proves no other; and of two files nobody says which counts."""
    report = merge_junit([junit("x.xml", (A, "passed"), (B, "passed")), junit("y.xml", (A, "passed"))], plan=PLAN)
    assert (report.conclusion.value, report.proves_each) == ("passed", False)
    assert verdict_text(report) == "PASSED: 2 tests (2 passed)\n"
    assert headline(report, report_json.counts(report)) == "✅ 2 tests passed"


def test_shards_that_paths_name_have_states() -> None:
    plan = plan_of_files(["a.py"], ["b.py"], ["c.py"], [])
    files = [
        junit("shard-1-of-4-attempt-1/junit.xml", (A, "failed")),
        junit("shard-2-of-4-attempt-1/junit.xml", (B, "passed"), cut=True),
        junit("shard-4-of-4-attempt-1/junit.xml"),
    ]
    report = merge_junit(files, plan=plan)
    cut = "shard-2-of-4-attempt-1/junit.xml, line 3: cut off (no element found); 1 complete case kept"
    assert [(s.index, s.state.value, s.tests, s.bad, s.reason) for s in report.shards] == [
        (1, "red", 1, 1, ""),
        (2, "truncated", 1, 0, cut),
        (3, "missing", 0, 0, "no file of it was found"),
        (4, "empty", 0, 0, ""),
    ]
    assert verdict(report) == (
        "incomplete",
        (
            f"shard 2 is truncated: {cut}",
            "shard 3 is missing: no file of it was found; 1 test or file did not run",
            f"1 test failed: '{A}'",
        ),
    )
    assert report.not_run == (NotRun(name="c.py", shard=3, why="shard 3 is missing"),)


def test_a_missing_shard_is_missed_without_a_plan_too() -> None:
    report = merge_junit([in_shard(1, (A, "passed"))])
    assert verdict(report) == ("incomplete", ("shard 2 is missing: no file of it was found",))


def test_a_file_of_another_number_of_shards_is_no_part_of_the_run() -> None:
    files = [
        in_shard(1, (A, "passed")),
        in_shard(2, (B, "passed")),
        junit("shard-3-of-9-attempt-1/j.xml", ("c.py::t", "failed")),
    ]
    report = merge_junit(files, plan=PLAN)
    assert verdict(report) == ("incomplete", ("shard-3-of-9-attempt-1/j.xml is of shard 3 of 9, not of 2",))
    assert outcomes(report) == {A: "passed", B: "passed"}


def test_the_newest_attempt_of_a_shard_decides_and_older_ones_tell_flips() -> None:
    files = [in_shard(1, (A, "passed")), in_shard(2, (B, "failed")), in_shard(2, (B, "passed"), attempt=2)]
    report = merge_junit(files, plan=PLAN)
    assert (verdict(report), [case.nodeid for case in report.flips]) == (("passed", ()), [B])
    assert report.notes == (f"1 test failed, then passed on the same code: '{B}'",)
    broken = merge_junit([files[0], junit(files[1].name, (B, "failed"), cut=True), files[2]], plan=PLAN)
    assert verdict(broken) == ("passed", ())


def test_a_test_that_only_an_older_attempt_of_its_shard_reports_did_not_run() -> None:
    files = [
        in_shard(1, (A, "passed")),
        in_shard(2, (B, "passed"), ("b.py::t", "passed")),
        in_shard(2, (B, "passed"), attempt=2),
    ]
    report = merge_junit(files)
    why = "an older attempt of shard 2 reported it, attempt 2 doesn't"
    assert report.not_run == (NotRun(name="b.py::t", shard=2, why=why),)
    assert verdict(report) == ("incomplete", ("shard 2 ended, but 1 test or file did not run",))


def test_where_no_shard_is_named_an_attempt_may_have_run_the_failed_tests_alone() -> None:
    first = junit("attempt-1/x.xml", (A, "passed"), (B, "failed"))
    report = merge_junit([junit("attempt-2/x.xml", (B, "passed")), first])
    assert (outcomes(report), [case.nodeid for case in report.flips]) == ({A: "passed", B: "passed"}, [B])


def test_a_test_in_two_shards_is_duplicated_and_its_failure_stays() -> None:
    report = merge_junit([in_shard(1, (A, "passed")), in_shard(2, (A, "failed"), (B, "passed"))], plan=PLAN)
    assert report.duplicated == (f"{A}: ran in shards 1, 2",)
    assert verdict(report) == (
        "incomplete",
        (f"1 test ran more than once: {A}: ran in shards 1, 2", f"1 test failed: '{A}'"),
    )


def test_a_file_that_fails_to_be_collected_in_two_shards_is_no_duplicate() -> None:
    case = "<testsuite><testcase classname='' name='a'><error message='collection failure'/></testcase></testsuite>"
    names = [f"shard-{shard}-of-2-attempt-1/j.xml" for shard in (1, 2)]
    report = merge_junit([read_stream(io.BytesIO(case.encode()), IDS, name=name) for name in names])
    assert (report.duplicated, verdict(report)) == ((), ("failed", ("1 test failed: 'a.py'",)))


def test_jobs_that_died_count_where_no_file_shows_it() -> None:
    report = merge_junit([junit("x.xml", (A, "passed"))], needs={"tests": "failure"}, is_partial=True)
    assert verdict(report) == (
        "incomplete",
        (
            "not all results could be downloaded: run this job again",
            "job 'tests' ended with 'failure', and no shard shows why: see its log",
        ),
    )


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("x.xml", (0, 0, 1)),
        ("a/shard-2-of-8-attempt-3/junit.xml", (2, 8, 3)),
        ("shard-2-of-8-attempt-3.xml", (2, 8, 3)),
        ("shard-9-of-8-attempt-3/x.xml", (0, 0, 3)),
        ("reports-attempt-2/x.xml", (0, 0, 2)),
        ("reports/attempt_12/x.xml", (0, 0, 12)),
        ("attempt-0/x.xml", (0, 0, 1)),
        ("attempt-99999/x.xml", (0, 0, 1)),
    ],
)
def test_a_path_names_shard_and_attempt(name: str, place: tuple[int, int, int]) -> None:
    assert place_of(name) == place


def test_very_many_results_of_one_test_end_soon_and_red() -> None:
    cases = [(A, "failed" if number == 300 else "passed") for number in range(600)]
    [case] = merge_junit([junit("x.xml", *cases), junit("y.xml", *cases)]).cases
    assert (len(case.attempts) <= MAX_ATTEMPTS, case.outcome) == (True, Outcome.FAILED)


NAMES = ["x.xml", "y.xml", "attempt-2/x.xml", *(f"shard-{s}-of-2-attempt-{a}/j.xml" for s in (1, 2) for a in (1, 2))]
FILES = st.lists(
    st.builds(
        lambda place, cases, cut: junit(place, *cases, cut=cut),
        st.sampled_from(
            [
                "x.xml",
                "y.xml",
                "attempt-2/x.xml",
                *(f"shard-{s}-of-2-attempt-{a}/j.xml" for s in (1, 2) for a in (1, 2)),
            ]
        ),
        st.lists(st.tuples(st.sampled_from([A, B, "b.py::t[1]"]), st.sampled_from(list(KINDS))), max_size=5),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda file: file.name,
)


@given(FILES, st.booleans(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_the_order_of_files_does_not_change_a_byte(
    files: list[JUnitFile], is_planned: bool, chance: random.Random
) -> None:
    shuffled = list(files)
    chance.shuffle(shuffled)
    plan = PLAN if is_planned else None
    report = merge_junit(files, plan=plan)
    assert report_json.dumps(merge_junit(shuffled, plan=plan)) == report_json.dumps(report)
    if report.conclusion.value == "passed":
        assert not report.bad and not report.not_run
        assert report.cases and not any(file.problems for file in files if file.name.startswith(("x", "y")))


ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        nodeid=st.just(""),
        outcome=st.sampled_from(
            [Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED, Outcome.XFAILED, Outcome.CRASHED]
        ),
        message=st.sampled_from(["no", "x < y & z"]),
    ),
    min_size=1,
    max_size=3,
)


@given(st.dictionaries(st.sampled_from([A, B, "a.py::T::t[x::y]", "c.py", "c.py::é"]), ATTEMPTS), st.booleans())
@settings(deadline=None, max_examples=100)
def test_our_own_junit_xml_read_back_has_the_same_outcomes(tests: dict[str, list[Attempt]], some_missing: bool) -> None:
    cases = [
        CaseResult(
            nodeid=nodeid,
            shard=1,
            attempts=tuple(
                (1, Attempt(nodeid=nodeid, outcome=a.outcome, message=a.message, text="x")) for a in attempts
            ),
        )
        for nodeid, attempts in sorted(tests.items())
    ]
    missing = [NotRun(name="b.py", shard=0, why="shard 2 is missing")] if some_missing else []
    text = junit_xml.dumps(cases, missing)
    report = merge_junit([read_stream(io.BytesIO(text.encode()), NodeIds(), name="junit.xml")])
    assert outcomes(report) == {case.nodeid: case.outcome.value for case in cases}
    assert [case.nodeid for case in report.flips] == [case.nodeid for case in cases if case.is_flip]
    assert report.not_run == tuple(missing)

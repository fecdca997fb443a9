"""What people read in a terminal, word for word."""

from __future__ import annotations

from dataclasses import replace

from bundles import attempt, bundle, plan_of_files, seen
from report.runs import BASE, CHANGES, GREEN, KNOWN, NEEDING, RUNS, UNCHANGED, red

from ci_tools.merge.judge import merge
from ci_tools.model.report import Conclusion
from ci_tools.plan.discover import SourceFile
from ci_tools.plan.make import make_plan
from ci_tools.plan.predict import predict
from ci_tools.report.terminal import certificate_text, shard_table, shown, verdict_text

PLAN = plan_of_files(["a.py"], ["b.py"])


def test_the_certificate_says_what_the_plan_promises() -> None:
    durations_s = {f"tests/test_{c}.py::test_{i}": 1.0 + i for c in "abc" for i in range(4)}
    sources = [SourceFile(file=f"tests/test_{c}.py") for c in "abc"]
    sources.append(SourceFile(file="tests/test_new.py", functions=("tests/test_new.py::test_new",)))
    plan = make_plan(predict(sources, durations_s), shards=2, workers=2)
    assert certificate_text(plan) == (
        f"plan {plan.digest[:12]}: 2 shards of 2 workers\n"
        "  13 tests in 4 files, 32.0 s of work\n"
        "  predicted wall 8.0 s, lower bound 8.0 s, ratio 1.000\n"
        "  longest on the slowest shard: tests/test_c.py::test_3\n"
        "  useful up to 4 shards\n"
        "  3 files cut across shards\n"
        "  1 test without a recorded time, 2.0 s assumed (median)\n"
        "  pytest-split duration_based_chunks: 10.0 s\n"
        "  pytest-split least_duration: 10.0 s\n"
    )


def test_a_test_that_alone_sets_the_wall_is_named() -> None:
    durations_s = {"a.py::test_long": 60.0, "a.py::test_b": 1.0, "c.py::test_c": 1.0}
    plan = make_plan(predict([SourceFile(file="a.py"), SourceFile(file="c.py")], durations_s), shards=4, workers=2)
    text = certificate_text(plan)
    assert "  predicted wall 1m 00s, lower bound 1m 00s, ratio 1.000\n  bound by one test: a.py::test_long\n" in text
    assert "  more than 1 shard is waste: the longest test alone sets the wall\n" in text


def test_a_green_run() -> None:
    report = merge([bundle(PLAN, 1, [attempt("a.py::t")]), bundle(PLAN, 2, [attempt("b.py::t", "skipped")])], PLAN)
    assert verdict_text(report) == "PASSED: 2 tests, each exactly once, on 2 shards (1 passed, 1 skipped)\n"
    assert shard_table(report.shards) == (
        "shard  state  tests  failed  planned  actual   total  workers\n"
        "1/2    ok         1       0    1.0 s   1.0 s  1m 39s        2\n"
        "2/2    ok         1       0    1.0 s   1.0 s  1m 39s        2\n"
    )


def test_an_incomplete_run_says_so_first_and_names_everything() -> None:
    attempts = [attempt("a.py::t", "failed", message="assert 1 == 2\nmore")]
    report = merge([bundle(PLAN, 1, attempts, seen("a.py::t", "a.py::u"))], PLAN)
    assert verdict_text(report) == (
        "INCOMPLETE: shard 1 ended, but 1 test or file did not run\n"
        "  shard 2 is missing: no bundle of it was found; 1 test or file did not run\n"
        "  1 test failed: 'a.py::t'\n"
        "  1 test on 2 shards (1 failed)\n"
        "FAILED (1)\n"
        "  a.py::t  assert 1 == 2\n"
        "NOT RUN (2)\n"
        "  a.py::u  shard 1 ended without running it\n"
        "  b.py  shard 2 is missing\n"
    )


def test_causes_are_said_and_the_quarantined_are_apart() -> None:
    report = red(*NEEDING, *KNOWN, changes=CHANGES)
    assert verdict_text(replace(report, cases=report.bad)) == (
        "FAILED: 8 tests failed: 'tests/test_cart.py::TestTotal::test_tax[eur]', "
        "'tests/test_cart.py::test_coupon_twice', 'tests/test_api.py::test_encoding'\n"
        "  8 tests on 3 shards (8 failed)\n"
        "FAILED (7)\n"
        "  tests/test_cart.py::TestTotal::test_tax[eur]  new "
        "(failed 3 times in a row, flaky in only 1 of 41 runs): assert 118 == 119\n"
        "  tests/test_cart.py::test_coupon_twice  new test: assert 90 == 81\n"
        "  tests/test_api.py::test_encoding  environment-specific (passed under py3.13): "
        "UnicodeDecodeError: 'ascii' codec\n"
        "  tests/test_api.py::test_export  infrastructure (no space left on the device): "
        "OSError: [Errno 28] No space left on device: 'out.csv'\n"
        "  tests/test_cart.py::test_coupon  KeyError: 'coupon'\n"
        "  tests/test_search.py::test_index  known flaky (3 of 41 runs): assert 0.51 < 0.5\n"
        "  tests/test_api.py::test_rates  also red on the base (since 4d6e3b0, 4 runs): HTTPError: 410 Gone\n"
        "QUARANTINED (1)\n"
        "  tests/test_api.py::test_upload  quarantined "
        "(the stub server is slow, owner ana, until 2026-09-30, #812): TimeoutError\n"
        "CHANGED against main at 9f3c1ab: +3 tests, −1, 2 newly failing, 1 fixed, 1 newly skipped, 1 slower\n"
        "  fixed  tests/test_api.py::test_login\n"
        "  new  tests/test_cart.py::test_coupon_expired\n"
        "  new  tests/test_cart.py::test_coupon_twice\n"
        "  new  tests/test_cart.py::test_coupon_unknown\n"
        "  removed  tests/test_api.py::test_v1\n"
        "  newly skipped  tests/test_search.py::test_fuzzy\n"
        "  slower  tests/test_search.py::test_index  2.1 s → 6.4 s\n"
    )


def test_a_run_that_its_policy_excuses_says_so() -> None:
    lines = verdict_text(RUNS["excused"]).splitlines()
    assert lines[0].startswith("FAILED, excused by --fail-on new: 2 tests failed: ")


def test_files_without_a_plan_prove_nothing() -> None:
    green = replace(GREEN, plan_digest="", shards=(), changes=None, cases=GREEN.cases[:3])
    assert verdict_text(green) == ("PASSED: 3 tests (3 passed)\n  no plan, so nothing proves that all tests ran\n")
    assert verdict_text(RUNS["junit-without-plan"]).splitlines()[1:3] == [
        "  63 tests (58 passed, 2 failed, 2 skipped, 1 unknown)",
        "  no plan, so nothing proves that all tests ran",
    ]
    assert shard_table(()) == ""


def test_a_base_that_a_job_named_stays_on_its_line() -> None:
    report = replace(GREEN, changes=replace(UNCHANGED, base=replace(BASE, branch="a\n::error::\x1b[31m")))
    said = r"CHANGED against a\n::error::\x1b[31m at 9f3c1ab: no difference"
    assert verdict_text(report).splitlines()[-1] == said


def test_a_base_without_a_name_is_the_run_before() -> None:
    report = replace(GREEN, changes=replace(UNCHANGED, base=replace(BASE, branch="", sha="")))
    assert verdict_text(report).splitlines()[-1] == "CHANGED against the run before: no difference"


def test_reasons_and_notes_stay_on_their_line_whatever_a_file_is_called() -> None:
    name = "\x1b[31m\n::error::x.xml"
    report = replace(GREEN, conclusion=Conclusion.INCOMPLETE, reasons=(name, name), notes=(name,))
    told = r"\x1b[31m\n::error::x.xml"
    assert verdict_text(report).splitlines()[:2] == [f"INCOMPLETE: {told}", f"  {told}"]
    assert verdict_text(report).splitlines()[-1] == f"note: {told}"


def test_hostile_names_stay_on_their_line() -> None:
    assert shown("a\n\x1b[31mb\u202ec\ud800") == r"a\n\x1b[31mb\u202ec\ud800"
    assert shown("x" * 200) == "x" * 159 + "…"

"""What people read in a terminal, word for word."""

from __future__ import annotations

from bundles import attempt, bundle, plan_of_files, seen

from ci_tools.merge.judge import merge
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


def test_hostile_names_stay_on_their_line() -> None:
    assert shown("a\n\x1b[31mb\u202ec\ud800") == r"a\n\x1b[31mb\u202ec\ud800"
    assert shown("x" * 200) == "x" * 159 + "…"

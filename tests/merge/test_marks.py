"""Tests that are marked to run apart from others: they ran somewhere, and not in two places at once."""

from __future__ import annotations

from dataclasses import replace

from bundles import attempt, bundle, plan_of_files, seen

from ci_tools.merge.judge import merge
from ci_tools.merge.reconcile import HELD_BACK
from ci_tools.model.report import Conclusion, NotRun

PLAN = plan_of_files(["a.py"], ["b.py"])
A, SERIAL, B = "a.py::test_a", "a.py::test_serial", "b.py::test_b"


def held_back(*nodeids: str) -> list:
    return [replace(file, held_back=nodeids) for file in seen(A, deselected=nodeids)]


def test_a_serial_test_that_an_expression_left_out_everywhere_did_not_run() -> None:
    report = merge([bundle(PLAN, 1, [attempt(A)], held_back(SERIAL)), bundle(PLAN, 2, [attempt(B)])], PLAN)
    assert report.conclusion is Conclusion.INCOMPLETE
    assert report.not_run == (NotRun(name=SERIAL, shard=1, why=HELD_BACK),)
    assert report.reasons == ("shard 1 ended, but 1 test or file did not run",)


def test_a_second_pytest_of_the_same_command_may_run_it() -> None:
    files = [file.joined(second) for file, second in zip(held_back(SERIAL), seen(SERIAL))]
    assert files[0].held_back == ()
    report = merge([bundle(PLAN, 1, [attempt(A), attempt(SERIAL)], files), bundle(PLAN, 2, [attempt(B)])], PLAN)
    assert (report.conclusion, report.not_run) == (Conclusion.PASSED, ())


def test_a_serial_test_that_was_only_skipped_is_a_note() -> None:
    files = [replace(file, serial=(SERIAL,)) for file in seen(A, SERIAL)]
    ran = [attempt(A, "skipped"), attempt(SERIAL, "skipped")]
    report = merge([bundle(PLAN, 1, ran, files), bundle(PLAN, 2, [attempt(B)])], PLAN)
    assert (report.conclusion, report.notes) == (
        Conclusion.PASSED,
        (f"1 serial test ran nowhere, skipped: {SERIAL!r}",),
    )


def test_a_global_resource_that_two_shards_used_is_a_note() -> None:
    files = [[replace(file, global_resources=("db", "gpu")[:n]) for file in seen(test)] for test, n in ((A, 2), (B, 1))]
    report = merge([bundle(PLAN, i, [attempt(t)], f) for i, t, f in ((1, A, files[0]), (2, B, files[1]))], PLAN)
    assert report.notes == (
        "shared_resource('db', scope='global') was used by shards 1, 2, maybe at once: see keep_together",
    )

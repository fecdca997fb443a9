"""What is different from the base run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bundles import attempt, bundle, plan_of_files
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.merge.changes import changes_from
from ci_tools.merge.judge import merge
from ci_tools.model.report import Conclusion, Report
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import BaseRun, Changes, PastTest, Slower

PLAN = plan_of_files(["a.py"])
BASE = BaseRun(branch="main", sha="9f3c1ab", run_id=7, at_s=1.0, tests=2)


def run(*attempts: Attempt) -> Report:
    return merge([bundle(PLAN, 1, attempts)], PLAN)


def was(outcome: str | None, p50_s: float | None = None) -> PastTest:
    return PastTest(outcome=Outcome(outcome) if outcome else None, p50_s=p50_s, runs=3)


def lists_of(changes: Changes) -> set[str]:
    names = ("newly_failing", "fixed", "new", "removed", "newly_skipped", "slower")
    return {name for name in names if getattr(changes, name)}


BAD, GREEN = ("failed", "error", "crashed"), ("passed", "xpassed")
OUTCOMES = [*(outcome.value for outcome in Outcome), None]


def expected(before: str | None, now: str | None) -> set[str]:
    """Say the same in other words: the table of docs/verdicts.md."""
    if before is None:
        return {"new"} if now not in (None, "unknown") else set()
    if now is None:
        return {"removed"}
    if now in BAD:
        return set() if before in BAD else {"newly_failing"}
    if now in GREEN:
        return {"fixed"} if before in BAD else set()
    if now == "skipped":
        return set() if before in ("skipped", "unknown") else {"newly_skipped"}
    return set()


@pytest.mark.parametrize("before", OUTCOMES)
@pytest.mark.parametrize("now", OUTCOMES)
def test_a_test_is_in_the_one_list_that_its_two_outcomes_make(before: str | None, now: str | None) -> None:
    report = run(attempt("a.py::ok"), *([attempt("a.py::t", now)] if now else []))
    past = {"a.py::ok": was("passed"), "a.py::t": was(before)}
    changes = changes_from(BASE, past, report)
    assert lists_of(changes) == expected(before, now)
    assert all(getattr(changes, name) == ("a.py::t",) for name in lists_of(changes))


def test_all_lists_are_sorted_and_slower_by_what_it_costs() -> None:
    def took(name: str, seconds: float, outcome: str = "passed") -> Attempt:
        return attempt(f"a.py::{name}", outcome, seconds=(0.0, seconds, 0.0))

    report = run(
        took("r", 1.0, "failed"), took("q", 1.0, "failed"), took("n2", 1.0), took("n1", 1.0), took("s", 1.0, "skipped"),
        took("ratio", 1.99), took("half", 0.59), took("more", 0.61), took("twice", 2.0), took("much", 9.0),
        took("same", 2.0), took("red", 9.0, "failed"), took("never", 9.0),
    )  # fmt: skip
    past = {f"a.py::{name}": was("passed", 1.0) for name in ("r", "q", "s", "ratio", "twice", "much", "same")}
    past |= {
        "a.py::half": was("passed", 0.1),
        "a.py::more": was("passed", 0.1),
        "a.py::red": was("failed", 1.0),
        "a.py::never": was("passed"),
    }
    past |= {"a.py::gone2": was("passed"), "a.py::gone1": was("failed")}
    assert changes_from(BASE, past, report) == Changes(
        base=BASE,
        newly_failing=("a.py::q", "a.py::r"),
        new=("a.py::n1", "a.py::n2"),
        removed=("a.py::gone1", "a.py::gone2"),
        newly_skipped=("a.py::s",),
        slower=(
            Slower(nodeid="a.py::much", before_s=1.0, now_s=9.0),
            Slower(nodeid="a.py::same", before_s=1.0, now_s=2.0),
            Slower(nodeid="a.py::twice", before_s=1.0, now_s=2.0),
            Slower(nodeid="a.py::more", before_s=0.1, now_s=0.61),
        ),
    )


@given(st.floats(0, 10), st.floats(0, 10))
def test_slower_is_twice_and_half_a_second(before_s: float, now_s: float) -> None:
    report = run(attempt("a.py::t", seconds=(0.0, now_s, 0.0)))
    slower = changes_from(BASE, {"a.py::t": was("passed", before_s)}, report).slower
    assert bool(slower) == (now_s >= 2 * before_s and now_s - before_s >= 0.5)


def test_what_an_incomplete_run_did_not_report_is_not_removed() -> None:
    report = replace(run(attempt("a.py::t", "failed")), conclusion=Conclusion.INCOMPLETE)
    changes = changes_from(BASE, {"a.py::t": was("passed"), "a.py::u": was("passed")}, report)
    assert changes == Changes(base=BASE, newly_failing=("a.py::t",))


def test_what_is_there_and_was_left_out_is_skipped_not_removed() -> None:
    report = replace(
        run(attempt("a.py::t")), deselected=("a.py::slow", "a.py::other"), ignored=("b.py",), skipped_modules=("c.py",)
    )
    names = ("a.py::t", "a.py::slow", "b.py::t", "c.py::t", "d.py::t")
    changes = changes_from(BASE, {name: was("passed") for name in names} | {"c.py::u": was("skipped")}, report)
    assert changes == Changes(base=BASE, removed=("d.py::t",), newly_skipped=("a.py::slow", "b.py::t", "c.py::t"))


def test_a_file_that_cannot_be_collected_is_no_new_test_and_its_tests_are_not_removed() -> None:
    report = run(replace(attempt("a.py", "error"), phase="collect"))
    assert changes_from(BASE, {"a.py::t": was("passed")}, report) == Changes(base=BASE)

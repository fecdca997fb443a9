"""The judge sees each defect, so none of the torture can be green because nobody looked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .judge import Attempted, Reported, Verdict, judge
from .made import WHOLE, A, B, C, ran, suite, truth
from .runs import attempts_of
from .truth import Truth, read_truth


def reported(conclusion: str = "passed", not_run: tuple[str, ...] = (), **outcomes: str) -> Reported:
    """`a="passed"`; several attempts with spaces between them; "" is not reported."""
    ids = {"a": A, "b": B, "c": C}
    attempts = [
        Attempted(nodeid=ids[name], outcome=outcome) for name in ids for outcome in outcomes.get(name, "passed").split()
    ]
    return Reported(attempts=tuple(attempts), not_run=frozenset(not_run), conclusion=conclusion)


def defects(verdict: Verdict) -> set[str]:
    return set(verdict.defects)


CRASHED = truth(*ran(A), f"begin 7 {B}", "die 7 exit", *ran(C, pid=8))
UNBEGUN = truth(*ran(A, B))


def test_a_run_that_is_as_it_should_be_is_right() -> None:
    assert judge(suite(), WHOLE, reported()).right
    assert judge(suite(b="exit"), CRASHED, reported("failed", b="crashed")).right


def test_a_run_that_never_ends_is_a_hang_and_nothing_else() -> None:
    found = judge(suite(b="hang"), CRASHED, replace(reported(), hang=True))
    assert found.hang == (f"never ended; begun and not ended: {B}",) and defects(found) == {"hang"}


@pytest.mark.parametrize("events", [WHOLE, UNBEGUN])
def test_a_test_that_nobody_names_is_lost(events: Truth) -> None:
    assert defects(judge(suite(), events, reported("incomplete", c=""))) == {"lost"}


def test_a_test_that_ran_is_lost_even_when_it_is_named_under_not_run() -> None:
    assert defects(judge(suite(maxfail=1, a="fail"), WHOLE, reported("incomplete", (C,), a="failed", c=""))) == {"lost"}


def test_a_test_may_be_left_out_only_when_the_user_wanted_to_stop() -> None:
    left_out = reported("incomplete", (C,), a="failed", c="")
    assert defects(judge(suite(a="fail"), UNBEGUN, left_out)) == {"lost"}
    assert judge(suite(a="fail", maxfail=1), UNBEGUN, left_out).right


def test_a_test_may_be_left_out_when_no_worker_may_be_replaced_any_more() -> None:
    events = truth(f"begin 7 {A}", "die 7 exit", f"begin 8 {B}", "die 8 exit")
    left_out = reported("incomplete", (C,), a="crashed", b="crashed", c="")
    assert judge(suite(a="exit", b="exit"), events, left_out).right
    assert defects(judge(replace(suite(a="exit", b="exit"), max_worker_restart=2), events, left_out)) == {"lost"}


def test_a_test_may_be_left_out_when_pytest_xdist_says_that_it_replaces_no_more_workers() -> None:
    left_out = reported("incomplete", (C,), a="crashed", b="crashed", c="")
    events = truth(f"begin 7 {A}", "die 7 exit", f"begin 8 {B}", "die 8 exit")
    many = replace(suite(a="exit", b="exit"), max_worker_restart=9)
    assert defects(judge(many, events, left_out)) == {"lost"}
    assert judge(many, events, replace(left_out, is_worn_out=True)).right


def test_a_rerun_plugin_may_count_anew_after_a_crash() -> None:
    events = truth(f"begin 7 {A}", "die 7 exit", *ran(A, A, B, C))
    again = reported("failed", a="crashed failed failed")
    assert "duplicated" not in defects(judge(suite(a="fail", reruns=1), events, again))
    assert "duplicated" in defects(judge(suite(a="fail"), events, again))


def test_plain_xdist_need_not_name_what_maxfail_left_out_but_what_it_lost() -> None:
    unnamed = replace(reported("incomplete", a="failed", c=""), names_not_run=False)
    assert judge(suite(a="fail", maxfail=1), UNBEGUN, unnamed).right
    assert defects(judge(suite(a="fail"), UNBEGUN, unnamed)) == {"lost"}


def test_an_attempt_of_a_rerun_that_is_not_reported_is_lost() -> None:
    events = truth(*ran(A, A, B, C))
    assert judge(suite(a="fail", reruns=1), events, reported("failed", a="failed failed")).right
    assert defects(judge(suite(a="fail", reruns=1), events, reported("failed", a="failed"))) == {"lost"}


def test_a_test_that_ran_twice_is_duplicated_also_when_it_is_reported_once() -> None:
    assert "duplicated" in defects(judge(suite(), truth(*ran(A, A, B, C)), reported()))


def test_a_test_that_is_reported_twice_is_duplicated() -> None:
    assert defects(judge(suite(), WHOLE, reported(a="passed passed"))) == {"duplicated"}
    assert defects(judge(suite(), WHOLE, reported("incomplete", (A,)))) >= {"duplicated"}
    assert defects(judge(suite(a="fail", reruns=2), WHOLE, reported("failed", a="failed failed"))) == {"duplicated"}


def test_reruns_allow_more_attempts_of_a_bad_test_and_of_no_other() -> None:
    twice = reported("failed", a="failed failed", b="passed passed")
    assert defects(judge(suite(a="fail", reruns=1), truth(*ran(A, A, B, B, C)), twice)) == {"duplicated"}


def test_a_crashed_test_runs_once_unless_reruns_are_asked_for() -> None:
    events = truth(f"begin 7 {A}", "die 7 exit", f"begin 8 {A}", "die 8 exit", *ran(B, C, pid=9))
    twice = reported("failed", a="crashed crashed")
    assert defects(judge(replace(suite(a="exit"), max_worker_restart=9), events, twice)) == {"duplicated"}
    assert judge(replace(suite(a="exit", reruns=1), max_worker_restart=9), events, twice).right


def test_a_serial_test_that_shares_an_instant_with_another_overlaps() -> None:
    beside = truth(f"begin 7 {A}", f"begin 8 {B}", f"end 8 {B}", f"end 7 {A}", *ran(C))
    assert defects(judge(suite(serial=A), beside, reported())) == {"overlap"}
    assert defects(judge(suite(serial=B), beside, reported())) == {"overlap"}
    assert judge(suite(serial=C), beside, reported()).right
    dying = truth(f"begin 7 {A}", f"begin 8 {B}", f"end 8 {B}", "die 7 exit", *ran(C, pid=9))
    assert defects(judge(suite(a="exit", serial=B), dying, reported("failed", a="crashed"))) == {"overlap"}
    # Of a process that was killed without a word only its beginning is sure.
    silent = truth(f"begin 7 {A}", *ran(B, C, pid=9))
    assert "overlap" not in defects(judge(suite(serial=A), silent, reported()))


def test_a_hanging_serial_test_overlaps_with_what_runs_while_it_hangs() -> None:
    events = truth(f"begin 7 {A}", *ran(B, C, pid=8))
    message = Attempted(nodeid=A, outcome="crashed", message="stuck for 5.0 s")
    found = replace(reported("failed", a=""), attempts=(message, *reported(a="").attempts))
    assert defects(judge(suite(a="hang", serial=A), events, found)) == {"overlap"}
    assert judge(suite(a="hang"), events, found).right
    unsaid = replace(found, attempts=(replace(message, message="worker crashed"), *found.attempts[1:]))
    assert defects(judge(suite(a="hang"), events, unsaid)) == {"wrong"}


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("pass", "failed"), ("pass", "crashed"), ("fail", "passed"), ("skip", "passed"), ("setup_error", "failed")],
)
def test_an_outcome_that_is_not_the_tests_own_is_wrong(kind: str, outcome: str) -> None:
    bad = "failed" if outcome in ("failed", "crashed") else "passed"
    assert "wrong" in defects(judge(suite(b=kind), WHOLE, reported(bad, b=outcome)))


@pytest.mark.parametrize("outcome", ["passed", "failed", "error"])
def test_a_test_whose_process_died_in_it_is_crashed_and_nothing_else(outcome: str) -> None:
    assert "wrong" in defects(judge(suite(b="exit"), CRASHED, reported("failed", b=outcome)))


def test_a_rerun_is_judged_by_its_last_attempt() -> None:
    events = truth(*ran(A), f"begin 7 {A}", "die 7 session", *ran(B, C, pid=8))
    assert judge(suite(a="fail", reruns=1), events, reported("failed", a="failed crashed")).right
    assert "wrong" in defects(judge(suite(a="fail", reruns=1), events, reported("failed", a="crashed failed")))


def test_what_is_no_test_of_the_suite_is_wrong() -> None:
    more = replace(reported("failed"), attempts=(*reported().attempts, Attempted(nodeid="conftest", outcome="error")))
    assert "conftest is reported error, and is no test of the suite: " in judge(suite(), WHOLE, more).wrong


def test_an_innocent_test_that_is_blamed_for_a_crash_is_wrong() -> None:
    assert defects(judge(suite(b="exit"), CRASHED, reported("failed", b="crashed", c="crashed"))) == {"wrong"}


def test_a_test_that_is_reported_and_never_began_is_wrong() -> None:
    assert defects(judge(suite(), UNBEGUN, reported())) == {"wrong"}


def test_a_session_fixture_that_dies_crashes_the_last_test_of_its_worker() -> None:
    events = truth(*ran(A, B), f"begin 7 {C}", "die 7 session")
    assert judge(suite(a="session_end"), events, reported("failed", c="crashed")).right
    assert "wrong" in defects(judge(suite(a="session_end"), events, reported("failed")))


def test_a_broken_module_teardown_is_an_error_of_the_test_it_ran_in_only() -> None:
    events = truth(*ran(A), f"begin 7 {B}", "raise 7 module", f"end 7 {B}", *ran(C))
    assert judge(suite(), events, reported("failed", b="error")).right
    assert "wrong" in defects(judge(suite(), events, reported()))
    assert defects(judge(suite(), events, reported("failed", a="error", b="error"))) == {"wrong"}
    assert judge(suite(b="xfail"), events, reported(b="xfailed")).right


def test_a_conclusion_that_does_not_follow_is_wrong() -> None:
    assert defects(judge(suite(), WHOLE, reported("incomplete"))) == {"wrong"}
    assert defects(judge(suite(), WHOLE, reported("failed"))) == {"wrong"}
    assert defects(judge(suite(), WHOLE, Reported())) == {"wrong", "lost"}
    assert "wrong" in defects(judge(suite(a="fail"), WHOLE, reported(a="failed")))


def test_a_run_and_its_merge_that_say_different_things_are_wrong() -> None:
    assert judge(suite(), WHOLE, replace(reported(), run_code=0)).right
    assert defects(judge(suite(), WHOLE, replace(reported(), run_code=1))) == {"wrong"}


def test_green_while_something_is_missing_or_went_wrong_is_seen() -> None:
    assert "green" in defects(judge(suite(), WHOLE, reported(c="")))
    assert "green" in defects(judge(suite(b="exit"), CRASHED, reported()))


def test_an_error_inside_pytest_is_seen() -> None:
    assert defects(judge(suite(), WHOLE, replace(reported(), internal_error="boom"))) == {"internal"}


def test_a_torn_last_line_of_the_log_is_no_event() -> None:
    assert read_truth([f"begin 1 7 {A}\n", f"end 2 7 {A}"]).executions[0].end_ns is None


def test_what_a_forked_child_does_is_not_its_parents() -> None:
    events = truth(f"begin 7 {A}", f"end 8 {A}", f"end 7 {B}", f"begin 8 {B}", f"end 7 {A}")
    assert [(e.pid, e.end_ns is not None) for e in events.executions] == [(7, True), (8, False)]


def test_what_happens_outside_of_a_test_is_no_tests() -> None:
    events = truth(*ran(A), "raise 7 module", "die 7 session", "end 7 nothing", "die 9 collection")
    assert [(e.raised, e.dying_ns, e.end_ns) for e in events.executions] == [(False, None, 10**9)]
    assert events.deaths == {7, 9}


def row(nodeid: str, when: str, outcome: str) -> dict[str, object]:
    return {"nodeid": nodeid, "worker": "gw0", "when": when, "outcome": outcome, "wasxfail": False, "message": ""}


def test_plain_xdists_reports_make_attempts() -> None:
    rows = [
        *(row(A, when, "passed") for when in ("setup", "call", "teardown")),
        *(row(B, when, outcome) for when, outcome in (("setup", "passed"), ("call", "rerun"))),
        *(row(B, when, "passed") for when in ("setup", "call", "teardown")),
        *(row(C, when, outcome) for when, outcome in (("setup", "passed"), ("???", "failed"))),
        row("cut", "setup", "passed"),
    ]
    found = [(attempt.nodeid, attempt.outcome) for attempt in attempts_of(rows)]
    assert found == [(A, "passed"), (B, "failed"), (B, "passed"), (C, "crashed")]

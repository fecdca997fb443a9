"""The model of a killed run sees whatever is told wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from .kill_model import Left, Victim, check
from .made import WHOLE, A, B, C, ran, suite, truth

RUNNING = truth(*ran(A), f"begin 7 {B}")
KILLED = Left(
    outcomes={A: ["passed"]}, not_run=frozenset({B, C}), state="killed", reason=f"killed while running {B!r}",
    verdict="INCOMPLETE: shard 1 is killed", run_code=3, merge_code=3,
)  # fmt: skip
WORKER_DIED = truth(*ran(A), f"begin 7 {B}", *ran(C, pid=8))
REPLACED = Left(
    outcomes={A: ["passed"], B: ["crashed"], C: ["passed"]}, state="red", verdict="FAILED", run_code=1, merge_code=1,
    killed_pid=7,
)  # fmt: skip


def test_a_killed_run_as_it_should_be_is_right() -> None:
    assert check(suite(), RUNNING, KILLED, Victim.RUN) == []
    assert check(suite(), WORKER_DIED, REPLACED, Victim.WORKER) == []


def test_what_a_test_did_before_the_kill_may_be_reported_when_it_is_right() -> None:
    told = replace(KILLED, outcomes={A: ["passed"], B: ["passed"]}, not_run=frozenset({C}), reason="killed")
    assert check(suite(), RUNNING, told, Victim.RUN) == []
    assert check(suite(), truth(*ran(A, B)), told, Victim.RUN) == []
    crashed = replace(told, outcomes={A: ["passed"], B: ["crashed"]})
    assert check(suite(), RUNNING, crashed, Victim.RUN) == []
    assert check(suite(), truth(*ran(A, B)), crashed, Victim.RUN) == [f"{B} had ended and is crashed"]
    assert check(suite(b="teardown_error"), RUNNING, told, Victim.RUN) == [f"{B} was running and is passed"]


def test_a_file_stands_for_its_tests_under_not_run() -> None:
    assert check(suite(), RUNNING, replace(KILLED, not_run=frozenset({B, "test_f1.py"})), Victim.RUN) == []


def test_a_kill_that_came_too_late_leaves_a_whole_run() -> None:
    whole = Left(outcomes={nodeid: ["passed"] for nodeid in (A, B, C)}, state="ok", verdict="PASSED", merge_code=0)
    assert check(suite(), WHOLE, whole, Victim.CANCEL) == []
    assert check(suite(b="fail"), WHOLE, whole, Victim.CANCEL) == [
        f"{B} had finished and is passed",
        f"{B} is passed",
    ]
    assert check(suite(), RUNNING, replace(KILLED, state="ok"), Victim.RUN) == [
        f"the shard's state is ok, not killed: {KILLED.reason}"
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcomes": {}}, f"{A} had finished and is not reported"),
        ({"outcomes": {A: ["failed"]}}, f"{A} had finished and is failed"),
        ({"outcomes": {A: ["passed", "passed"]}}, f"{A} reported 2 times"),
        ({"outcomes": {A: ["passed"], B: ["failed"]}}, f"{B} was running and is failed"),
        ({"outcomes": {A: ["passed"], C: ["passed"]}}, f"{C} never began and is passed"),
        ({"not_run": frozenset({B})}, f"{C} did not run and is not named under not_run"),
        ({"reason": "killed"}, f"{B} was running and is neither reported nor named as running: killed"),
        ({"state": "broken"}, f"the shard's state is broken, not killed: {KILLED.reason}"),
        ({"verdict": "INCOMPLETE"}, "the verdict doesn't name the shard: 'INCOMPLETE'"),
        ({"merge_code": 1}, "the merge's exit code is 1, not 3"),
        ({"run_code": 0}, "the run's exit code is 0, not 3"),
    ],
)
def test_a_killed_run_that_is_told_wrongly_is_seen(change: dict[str, Any], said: str) -> None:
    assert check(suite(), RUNNING, replace(KILLED, **change), Victim.CONTROLLER) == [said]
    assert check(suite(), RUNNING, replace(KILLED, run_code=None), Victim.RUN) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcomes": {A: ["passed"], B: ["crashed"]}}, [f"{C} is not reported"]),
        (
            {"outcomes": {A: ["passed"], B: ["crashed"], C: ["crashed"]}},
            [f"2 tests are crashed: {B}, {C}", f"{C} was not running in the killed worker and is crashed"],
        ),
        (
            {"outcomes": {A: ["crashed"], B: ["crashed"], C: ["passed"]}},
            [
                f"{A} had finished and is crashed",
                f"2 tests are crashed: {A}, {B}",
                f"{A} was not running in the killed worker and is crashed",
            ],
        ),
        (
            {"outcomes": {A: ["passed"], B: ["passed"], C: ["passed"]}, "run_code": 0, "merge_code": 0},
            [f"{B} never ended in process 7 and is passed"],
        ),
        ({"outcomes": {A: ["passed"], B: ["crashed"], C: ["failed"]}}, [f"{C} is failed"]),
        ({"merge_code": 0}, ["the merge's exit code is 0, not 1: FAILED"]),
        ({"run_code": 3}, ["the run's exit code is 3, not 1"]),
        ({"killed_pid": 9}, [f"{B} never ended in process 7 and is crashed"]),
    ],
)
def test_a_killed_worker_that_is_told_wrongly_is_seen(change: dict[str, Any], said: list[str]) -> None:
    assert check(suite(), WORKER_DIED, replace(REPLACED, **change), Victim.WORKER) == said


def test_a_worker_killed_before_its_next_tests_first_hook_may_crash_that_test_and_no_more() -> None:
    unbegun = truth(*ran(A), *ran(C, pid=8))
    assert check(suite(), unbegun, REPLACED, Victim.WORKER) == []
    made_up = replace(REPLACED, outcomes={**REPLACED.outcomes, B: ["passed"]}, run_code=0, merge_code=0)
    assert check(suite(), unbegun, made_up, Victim.WORKER) == [f"{B} never began and is passed"]


def test_a_worker_killed_while_it_is_set_up_ends_pytest_and_that_is_said() -> None:
    nothing = replace(KILLED, outcomes={}, not_run=frozenset({"test_f0.py", "test_f1.py"}), killed_pid=7, in_setup=True)
    assert check(suite(), truth(), nothing, Victim.WORKER) == []
    assert check(suite(), truth(), replace(nothing, state="ok"), Victim.WORKER) != []
    assert check(suite(), truth(), replace(nothing, in_setup=False), Victim.WORKER) != []


def test_a_test_that_ran_twice_around_a_kill_is_seen() -> None:
    assert check(suite(), truth(*ran(A, A), f"begin 7 {B}"), KILLED, Victim.RUN)[0] == f"{A} ran 2 times"


def test_a_run_without_a_bundle_is_right_only_when_nothing_had_begun() -> None:
    nothing = Left(outcomes={}, merge_code=3, has_bundle=False)
    assert check(suite(), truth(), nothing, Victim.RUN) == []
    assert check(suite(), RUNNING, nothing, Victim.RUN) != []

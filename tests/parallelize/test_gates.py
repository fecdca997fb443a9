"""The gates: what a project sets, what is measured, and the answer."""

from __future__ import annotations

from typing import Any

import pytest
from parallelize.arms import run

from ci_tools.model.errors import UsageError
from ci_tools.parallelize.gates import Limits, State, gates_of, limits_of
from ci_tools.parallelize.go import Answer, Page, page_of
from ci_tools.parallelize.words import headline
from ci_tools.store.tables import Table
from ci_tools.trial.result import Result


def limits(**values: Any) -> Limits:
    return limits_of(Table(values, "pyproject.toml", "tool.ci-tools.gates"))


def test_what_a_project_does_not_set_has_its_default() -> None:
    assert limits() == Limits()
    assert limits(min_speedup=1.5, max_flaky=3, min_ready=80) == Limits(min_speedup=1.5, max_flaky=3.0, min_ready=80.0)


@pytest.mark.parametrize(
    ("values", "fact", "hint"),
    [
        ({"min_speedups": 1}, "has no key 'min_speedups'", "did you mean min_speedup?"),
        ({"max_lost": "0"}, "max_lost is '0', wanted a number from 0 to 1e+09", ""),
        ({"max_lost": True}, "max_lost is True, wanted a number from 0 to 1e+09", ""),
        ({"min_ready": 101}, "min_ready is 101, wanted a number from 0 to 100", ""),
    ],
)
def test_anything_else_is_refused(values: dict[str, Any], fact: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        limits(**values)
    assert (caught.value.fact, caught.value.hint) == (f"pyproject.toml: [tool.ci-tools.gates] {fact}", hint)


def page(serial: list[Result], parallel: list[Result], ready: float | None = None, **values: Any) -> Page:
    return page_of(
        serial,
        parallel,
        command=("pytest",),
        out="out",
        cpus=(2, "CPUs"),
        limits=limits(**values),
        marks={},
        ready=ready,
    )


GOOD = {"a.py::test": "p", "b.py::test": "p"}
BAD = {**GOOD, "a.py::test": "F"}


@pytest.mark.parametrize(
    ("parallel", "values", "failed"),
    [
        (GOOD, {}, []),
        (GOOD, {"min_speedup": 1.2}, ["min_speedup"]),
        (BAD, {}, ["max_new_failures"]),
        (BAD, {"max_new_failures": 1}, []),
        ({**GOOD, "a.py::test": "s"}, {}, ["max_new_skips"]),
        ({**GOOD, "a.py::test": "-"}, {}, ["max_lost"]),
        ({**GOOD, "a.py::test": " "}, {}, ["max_lost"]),
        ({"a.py": "E", "b.py::test": "p"}, {}, ["max_lost"]),
    ],
)
def test_each_gate_can_close(parallel: dict[str, str], values: dict[str, Any], failed: list[str]) -> None:
    found = page([run(GOOD)], [run(parallel)], **values)
    assert [gate.key for gate in found.gates if gate.state is State.FAILED] == failed
    assert found.answer is (Answer.NO_GO if failed else Answer.GO)
    assert found.answer.exit_code == (1 if failed else 0)


def test_flaky_tests_and_readiness_are_gates_only_where_they_are_asked_for() -> None:
    flaky = [run(GOOD), run(BAD)], [run(GOOD)]
    assert page(*flaky, max_new_failures=9).answer is Answer.GO
    assert [g.key for g in page(*flaky, max_flaky=0).gates if g.state is State.FAILED] == ["max_flaky"]
    assert page([run(GOOD)], [run(GOOD)], ready=79.9, min_ready=80).reasons == (
        "tests ready by the static audit: 79.9 %, at least 80.0 %",
    )


def test_a_gate_that_is_asked_for_and_not_measured_is_no_pass() -> None:
    found = page([run(GOOD)], [run(GOOD)], min_ready=80)
    assert found.answer is Answer.UNJUDGED
    assert headline(found) == "not judged: tests ready by the static audit: not measured, at least 80.0 %"


def test_a_parallel_run_that_did_not_end_is_a_no_go_and_a_serial_one_no_answer() -> None:
    hung = run({"a.py::test": "-"}, problem="killed: stalled for 60.0 s\nlast words")
    found = page([run(GOOD)], [hung])
    assert (found.answer, {g.key for g in found.gates if g.state is State.FAILED}) == (
        Answer.NO_GO,
        {"max_lost", "max_hangs"},
    )
    found = page([hung, run(GOOD)], [run(GOOD)])
    assert (found.answer, found.reasons) == (Answer.UNJUDGED, ("serial run 1: killed: stalled for 60.0 s",))
    assert {gate.key: gate.value for gate in found.gates}["max_hangs"] == 0
    assert page([run({})], [run({})]).reasons == ("no test was selected",)
    found = page([run(GOOD), run({**GOOD, "a.py::test": "-"})], [run(GOOD)])
    assert (found.answer, found.reasons) == (Answer.UNJUDGED, ("serial run 2: 1 test without a result",))


def test_where_one_worker_ran_all_tests_nothing_was_in_parallel() -> None:
    alone = {"a.py::test": "p"}
    found = page([run(alone)], [run(alone)])
    assert (found.answer, found.reasons) == (
        Answer.UNJUDGED,
        ("one worker ran all tests: nothing was in parallel",),
    )


def test_every_limit_has_a_gate_with_words() -> None:
    everything = dict.fromkeys(Limits.__dataclass_fields__, 1)
    found = page([run(GOOD)], [run(GOOD)], **everything)
    gates = gates_of(limits(**everything), found.comparison, found.speed, 50.0)
    assert [(gate.what, gate.value_text, gate.limit_text) for gate in gates] == [
        ("speed-up", "1.00× (1.00× to 1.00×)", "at least 1.00×"),
        ("tests that fail in parallel only", "0", "at most 1"),
        ("tests lost or not collected in parallel", "0", "at most 1"),
        ("tests skipped in parallel only", "0", "at most 1"),
        ("stuck tests and unfinished runs in parallel", "0", "at most 1"),
        ("flaky tests", "0", "at most 1"),
        ("tests ready by the static audit", "50.0 %", "at least 1.0 %"),
    ]

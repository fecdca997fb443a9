"""When a study ends, and what becomes of runs that break."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torture.simulated import Suite, always, flaky, good, victim_of

from ci_tools.model.errors import CiToolsError
from ci_tools.model.trial import Conditions, Steering
from ci_tools.stability.conduct import Conduct, Wanted
from ci_tools.stability.design import Factors
from ci_tools.stability.judge import Verdict, judged
from ci_tools.trial.result import Result

GOOD = Suite({"a.py::t": good})
WANTED = Wanted(command=("pytest",), factors=Factors(seed=1), runs=10)


class Clock:
    """Each look takes a quarter of a minute: a run is two looks."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 15.0
        return self.now_s


def made(wanted: Wanted, suite: Suite) -> Conduct:
    conduct = Conduct(wanted, suite.perform, Clock())
    for _ in conduct:
        pass
    return conduct


def test_runs_are_named_by_number_level_and_order() -> None:
    suite = Suite({"a.py::t": good})
    made(replace(WANTED, runs=3), suite)
    assert suite.calls == ["run-001-n0-same", "run-002-nauto-random", "run-003-n2-reverse"]


def test_no_run_begins_that_would_end_when_the_time_is_up() -> None:
    """The first is always made; each takes 15 s, and the look at the clock before it as long."""
    conduct = made(replace(WANTED, limit_s=120), GOOD)
    assert len(conduct.study.runs) == 3
    assert conduct.stopped == "2m 00s are up, after 3 of 10 runs"
    assert len(made(replace(WANTED, limit_s=0), GOOD).study.runs) == 1


def test_questions_stop_with_the_time_too() -> None:
    suite = Suite({"p.py::t": good, "v.py::t": victim_of("p.py::t")})
    wanted = replace(WANTED, questions=50)
    assert len(made(wanted, suite).study.runs) == 18
    late = made(replace(wanted, limit_s=600), suite)
    assert (len(late.study.design), len(late.study.runs)) == (10, 15)


def test_a_sequential_study_ends_when_enough_is_known() -> None:
    wanted = replace(WANTED, runs=50, sequential=True)
    assert len(made(wanted, GOOD).study.runs) == 31
    red = made(wanted, Suite({"a.py::t": always}))
    assert red.stopped == "it is red in 10 % of runs rather than in 1 %: after 2 runs that is known well enough"
    assert made(replace(wanted, sequential=False), Suite({"a.py::t": always})).stopped == ""


def test_no_more_questions_are_asked_than_are_allowed() -> None:
    suite = Suite({f"{n}.py::t": flaky(0.3) for n in range(20)})
    assert len(made(replace(WANTED, questions=7), suite).study.runs) == 17


def broken(at: int, *, error: str = "", problem: str = "") -> Suite:
    """Return a suite whose nth run breaks."""

    class Breaking(Suite):
        def perform(self, name: str, conditions: Conditions, steering: Steering) -> Result:
            result = super().perform(name, conditions, steering)
            if len(self.calls) == at and error:
                raise CiToolsError(error)
            return replace(result, problem=problem) if len(self.calls) == at else result

    return Breaking({"a.py::t": good})


def test_a_command_that_does_not_even_start_is_an_error_at_once() -> None:
    with pytest.raises(CiToolsError, match="can't be started"):
        made(WANTED, broken(1, error="'pytset' can't be started"))


@pytest.mark.parametrize("how", [{"error": "ran without the plugin"}, {"problem": "killed: by signal 9"}])
def test_a_run_that_breaks_is_named_and_not_counted(how: dict[str, str]) -> None:
    study = made(WANTED, broken(4, **how)).study
    report = judged(study)
    assert (len(study.runs), report.red.n, report.fewest) == (10, 9, 9)
    assert [(run.number, run.problem) for run in report.broken] == [(4, *how.values())]
    assert (report.verdict, report.verdict.exit_code) == (Verdict.UNJUDGED, 3)

"""The verdict, and what it is made of."""

from __future__ import annotations

import pytest
from torture.simulated import Suite, always, by_zone, crowded, flaky, good, studied

from ci_tools.model.run import Outcome
from ci_tools.model.statistics import Share
from ci_tools.model.trial import Conditions
from ci_tools.stability.classify import Kind
from ci_tools.stability.design import Factors
from ci_tools.stability.heat import heat
from ci_tools.stability.judge import Difference, Report, Verdict, judged
from ci_tools.stability.record import Ask, Run, Study
from ci_tools.stability.tell import facts, headline

PASSED, SKIPPED = Outcome.PASSED, Outcome.SKIPPED


def run(number: int, level: str = "0", problem: str = "", **outcomes: Outcome) -> Run:
    """Return a run; `a__t` is a.py::t."""
    named = {name.replace("__", ".py::"): outcome for name, outcome in outcomes.items()}
    ask = Ask(number=number, conditions=Conditions(workers=level, hash_seed=1))
    return Run(ask=ask, outcomes=named, workers=dict.fromkeys(named, "main"), problem=problem)


def report(*runs: Run, stopped: str = "") -> Report:
    return judged(Study(factors=Factors(levels=("0", "2")), command=("pytest",), planned=9, runs=runs, stopped=stopped))


@pytest.mark.parametrize(
    ("tests", "verdict", "code", "line"),
    [
        ({"a.py::t": good}, Verdict.STABLE, 0, "STABLE as far as seen: 2 tests, no failure in 12 runs"),
        (
            {"a.py::t": always},
            Verdict.FAILING,
            1,
            "FAILING: 1 of 2 tests failed always in 12 runs, no other one ever did",
        ),
        ({"a.py::t": by_zone}, Verdict.UNSTABLE, 1, "UNSTABLE: 1 of 2 tests failed now and then in 12 runs"),
        (
            {"a.py::t": by_zone, "b.py::t": always},
            Verdict.UNSTABLE,
            1,
            "UNSTABLE: 1 of 3 tests failed now and then in 12 runs, 1 more always",
        ),
    ],
    ids=["stable", "failing", "unstable", "both"],
)
def test_the_verdict(tests: dict[str, object], verdict: Verdict, code: int, line: str) -> None:
    judgement = studied(Suite({"g.py::t": good, **tests}), runs=12, questions=40)  # type: ignore[dict-item]
    assert (judgement.verdict, judgement.verdict.exit_code, headline(judgement)) == (verdict, code, line)


def test_ten_green_runs_prove_little_and_that_is_said() -> None:
    stable = studied(Suite({"a.py::t": good}), runs=10, seed=3)
    assert list(facts(stable)) == [
        "suite: red in 0 of 10 runs (at most 25.9 %)",
        "each test: bad in 0 of 10 runs (at most 25.9 %)",
        "chance that so many runs miss a test that fails in 5 % of them: 59.9 %",
        "still without a failure after 49 more: under 5 %; after 289 more: under 1 %",
        "covered: 10 of 12 levels × orders, 67 of 76 pairs of level, order, hash seed, time zone, load",
        "seed 3: with it the same runs are made again",
    ]


def test_a_suite_without_a_single_run_that_counts_is_not_judged() -> None:
    assert headline(report()) == "NOT JUDGED: the suite was never run"
    nothing = report(run(1, problem="broken: pytest was called wrongly"))
    assert headline(nothing) == "NOT JUDGED: no run of the suite proves anything"
    assert nothing.verdict.exit_code == 3


def test_a_test_that_never_ran_is_promised_nothing() -> None:
    """Skipped in each run, it was bad in none: that says nothing of it, and of a suite of such tests nothing at all."""
    some = report(run(1, a__t=PASSED, b__t=SKIPPED, c__t=SKIPPED), run(2, a__t=PASSED, b__t=SKIPPED, c__t=SKIPPED))
    assert headline(some) == "STABLE as far as seen: 1 test, no failure in 2 runs"
    assert (some.n_tests, some.n_never, some.fewest, heat(some).others) == (1, 2, 2, (1, 1))
    assert "2 more tests skipped in every run, of which nothing is known" in facts(some)
    none = report(run(1, b__t=SKIPPED), run(2, b__t=SKIPPED))
    assert (headline(none), none.verdict.exit_code) == ("NOT JUDGED: 1 test skipped in every run, and no other", 3)


def test_what_crashes_in_every_run_does_not_do_so_now_and_then() -> None:
    crashed = report(run(1, a__t=Outcome.CRASHED, b__t=PASSED), run(2, a__t=Outcome.CRASHED, b__t=PASSED))
    assert crashed.bad[0].cause.kind is Kind.CRASH
    assert headline(crashed) == "FAILING: 1 of 2 tests failed always in 2 runs, no other one ever did"


def test_tests_that_not_every_run_has_run_are_named_by_file_and_runs() -> None:
    """42 tests at one level and 33 at another are two suites."""
    judgement = report(
        run(1, a__t=PASSED, a__u=PASSED, b__t=PASSED, c__t=SKIPPED),
        run(2, "2", b__t=SKIPPED, c__t=SKIPPED),
        run(3, a__t=PASSED, a__u=PASSED, b__t=PASSED, c__t=SKIPPED),
    )
    assert judgement.differences == (
        Difference(tests=("a.py::t", "a.py::u"), numbers=(2,), was_skipped=False),
        Difference(tests=("b.py::t",), numbers=(2,), was_skipped=True),
    )
    assert headline(judgement) == "NOT JUDGED: not every run ran the same tests"
    assert judgement.verdict.exit_code == 3


def test_a_test_that_was_seen_to_be_unstable_is_whatever_else_is_missing() -> None:
    judgement = report(run(1, a__t=PASSED, b__t=PASSED), run(2, a__t=Outcome.FAILED), run(3, problem="killed: 9"))
    assert (judgement.verdict, judgement.red) == (Verdict.UNSTABLE, Share(bad=1, n=2))


def test_what_is_always_red_does_not_hide_what_is_red_now_and_then() -> None:
    judgement = studied(Suite({"a.py::t": always, "z.py::t": by_zone}), runs=12)
    assert (judgement.red, judgement.red_else) == (Share(bad=12, n=12), Share(bad=4, n=12))
    assert [test.nodeid for test in judgement.bad] == ["z.py::t", "a.py::t"]
    line = "; but for what fails always, in 4 of 12 runs (33.3 %, 95 % interval 9.9 to 65.1 %)"
    assert next(facts(judgement)).endswith(line)


def test_serial_and_parallel_are_compared_for_all_tests_together() -> None:
    suite = Suite({"a.py::t": crowded, "b.py::t": flaky(0.5), "g.py::t": good})
    judgement = studied(suite, runs=24, seed=2, levels=("0", "4"))
    crowd = next(test for test in judgement.bad if test.nodeid == "a.py::t")
    assert (crowd.serial, crowd.beside) == (Share(bad=0, n=12), Share(bad=12, n=12))
    assert crowd.adjusted == pytest.approx(2 * crowd.chance)
    assert crowd.cause.kind is Kind.CONCURRENT


def test_runs_that_answer_questions_are_not_counted() -> None:
    judgement = studied(Suite({"z.py::t": by_zone}), runs=12, questions=30)
    assert judgement.n_asked == 8
    assert judgement.bad[0].share.n == judgement.red.n == 12

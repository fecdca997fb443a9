"""What a test's results depend on, told from simulated suites whose truth is known."""

from __future__ import annotations

import pytest
from torture.simulated import (
    Behaviour,
    Suite,
    always,
    by_hash,
    by_zone,
    crowded,
    flaky,
    good,
    in_need_of,
    in_worker,
    studied,
    under_load,
    victim_of,
)

from ci_tools.model.statistics import Share, fisher
from ci_tools.model.trial import Order
from ci_tools.stability.classify import Cause, Kind, contrasts
from ci_tools.stability.judge import BadTest, Report
from ci_tools.stability.story import stories

OTHERS = {f"{name}.py::t": good for name in ("p", "d", "g1", "g2", "g3")}
TEST = "v.py::t"
EIGHT = "8 of 8 runs (100 %, 95 % interval 63.1 to 100 %)"


def told(behaviour: Behaviour, *, questions: int = 60, runs: int = 20, **factors: object) -> BadTest:
    report = studied(Suite({**OTHERS, TEST: behaviour}, seed=1), runs=runs, questions=questions, seed=4, **factors)
    (test,) = report.bad
    return test


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (always, Kind.ALWAYS),
        (victim_of("p.py::t"), Kind.ORDER),
        (in_need_of("p.py::t"), Kind.NEEDS),
        (crowded, Kind.CONCURRENT),
        (in_worker, Kind.XDIST),
        (lambda world: not in_worker(world), Kind.XDIST),
        (by_hash, Kind.HASH),
        (by_zone, Kind.TIME),
        (under_load, Kind.LOAD),
        (flaky(0.5), Kind.RANDOM),
    ],
)
def test_the_class_is_the_one_that_the_test_was_made_for(behaviour: Behaviour, kind: Kind) -> None:
    cause = told(behaviour, stress=(0, 2)).cause
    assert (cause.kind, cause.is_sure) == (kind, True)


def test_good_alone_is_a_victim_and_not_stable() -> None:
    """https://github.com/nForma-AI/nForma/issues/16 filed `0/10 alone` as flaky, and excluded the test."""
    assert told(victim_of("p.py::t")).cause == Cause(
        kind=Kind.ORDER,
        evidence=(
            "alone: 0 of 5 runs (at most 45.1 %)",
            "after what ran before it in run 1, one at a time: 3 of 3 runs (100 %, 95 % interval 29.2 to 100 %)",
        ),
        unknown="which of the tests before it",
    )


def test_two_results_under_the_same_conditions_are_chance() -> None:
    cause = told(flaky(0.5)).cause
    assert cause.evidence[0] == "alone, under the same conditions, it ended both ways"
    assert cause.unknown.startswith("what it depends on: neither order nor neighbours")


def test_what_fails_beside_others_alone_is_their_victim_also_where_it_always_does() -> None:
    """Nothing but parallel runs in the design: it looks as if it failed always."""
    test = told(crowded, levels=("4",), runs=6)
    assert (test.share.bad, test.share.n) == (6, 6)
    assert test.cause.kind is Kind.CONCURRENT
    assert test.cause.evidence == (
        f"in all runs beside others {EIGHT}, one at a time 0 of 8 runs (at most 31.2 %) (p = 7.8e-05)",
        "alone: 0 of 5 runs (at most 45.1 %)",
        "after what ran before it in run 1, one at a time: 0 of 3 runs (at most 63.2 %)",
        "run 1 again: 2 of 2 runs (100 %, 95 % interval 15.8 to 100 %)",
    )


@pytest.mark.parametrize("level", ["1", "2"])
def test_on_one_worker_nothing_is_beside_a_test_whatever_the_level(level: str) -> None:
    """A suite of one file: with `--dist loadfile` all of it is on one worker, and no neighbour is to blame."""
    suite = Suite({"v.py::one": in_worker, "v.py::two": good})
    (test,) = studied(suite, runs=8, questions=30, levels=("0", level)).bad
    assert (test.cause.kind, test.cause.is_sure, test.beside) == (Kind.XDIST, True, Share(bad=0, n=0))
    (evidence,) = test.cause.evidence
    assert evidence.startswith("alone in a worker of pytest-xdist 5 of 5 runs (100 %")
    assert evidence.endswith("without pytest-xdist 0 of 3 runs (at most 63.2 %)")


def test_bad_in_the_only_run_and_good_alone_is_no_proof_of_anything() -> None:
    results = iter([True])
    suite = Suite({**OTHERS, TEST: lambda world: next(results, False)})
    (test,) = studied(suite, runs=1, questions=30).bad
    assert (test.cause.kind, test.cause.is_sure) == (Kind.ORDER, False)


def test_what_ran_first_was_not_spoilt_by_what_ran_before() -> None:
    results = iter([False, True])
    suite = Suite({TEST: lambda world: next(results, False), **OTHERS})
    (test,) = studied(suite, runs=6, questions=30, levels=("0",), orders=(Order.SAME,)).bad
    assert test.cause.kind is Kind.UNCLEAR
    assert test.cause.unknown.startswith("nothing ran before it: it is chance")


def test_one_failure_that_nobody_asked_about_tells_nothing() -> None:
    report = studied(Suite({"a.py::t": good, "b.py::t": good, "c.py::t": good, TEST: flaky(0.05)}, seed=1), runs=20)
    (test,) = report.bad
    assert test.share.bad == 1
    assert (test.cause.kind, test.cause.is_sure) == (Kind.UNCLEAR, False)
    assert test.cause.unknown == "1 failure is too few to tell, and it was not run alone"


def test_without_questions_the_design_itself_may_tell() -> None:
    cause = told(by_zone, questions=0).cause
    assert cause.kind is Kind.TIME
    assert cause.evidence[0].startswith("TZ=Pacific/Kiritimati 7 of 7 runs (100 %")
    assert cause.unknown == "it was not run alone"


def test_a_test_that_is_bad_in_its_only_run_is_not_called_always() -> None:
    assert told(always, runs=1, questions=0).cause.kind is Kind.UNCLEAR


def test_questions_about_what_is_always_bad_come_last_and_are_few() -> None:
    suite = Suite({"a.py::t": always, **OTHERS, "v.py::t": victim_of("p.py::t")})
    studied(suite, runs=12, questions=60)
    assert [name.split("-")[2] for name in suite.calls[12:]] == ["alone"] * 5 + ["before"] * 3 + ["alone"] * 4


def test_a_question_without_an_answer_is_not_asked_again() -> None:
    """Alone the test isn't found: its parameters come from a file that another test writes."""

    class Shy(Suite):
        def perform(self, name, conditions, steering):  # type: ignore[no-untyped-def]
            if len(steering.tests) == 1:
                self.calls.append(name)
                return type(self)({}).perform(name, conditions, steering.__class__())
            return super().perform(name, conditions, steering)

    suite = Shy({**OTHERS, TEST: victim_of("p.py::t")})
    report: Report = studied(suite, runs=12, questions=60)
    assert len(suite.calls) == 13
    assert report.bad[0].cause.unknown.endswith("and it was not run alone")


def test_what_is_bad_once_and_never_again_is_asked_no_more_than_it_takes() -> None:
    results = iter([True])
    suite = Suite({**OTHERS, TEST: lambda world: next(results, False)})
    report = studied(suite, runs=12, questions=60)
    assert [name.split("-")[2] for name in suite.calls[12:]] == ["alone"] * 5 + ["before"] * 3
    assert (report.bad[0].cause.kind, report.bad[0].cause.is_sure) == (Kind.RANDOM, False)


def test_a_run_that_asks_about_one_test_answers_nothing_about_another_in_it() -> None:
    """Backwards the polluter and the second victim run before the first one."""
    polluted = victim_of("p.py::t")
    suite = Suite({"v.py::one": polluted, "v.py::two": polluted, "p.py::t": good})
    report = studied(suite, runs=6, questions=60, levels=("0",), orders=(Order.SAME, Order.REVERSE))
    assert [name.split("-")[2] for name in suite.calls[6:]] == (["alone"] * 5 + ["before"] * 3) * 2
    assert [test.cause.kind for test in report.bad] == [Kind.ORDER, Kind.ORDER]


def test_what_is_looked_for_in_many_places_must_be_found_more_clearly() -> None:
    """Five things differ; of order, hash seed and time zone each of three values is tried, both ways."""
    report = studied(Suite({**OTHERS, TEST: by_zone}), runs=20, seed=4)
    (story,) = stories(report.study.runs)
    best, *others = contrasts(story)
    assert (best.kind, best.looks) == (Kind.TIME, 5 * 6)
    assert best.chance == pytest.approx(30 * fisher(best.more, best.less))
    assert {one.kind: one.looks for one in others} == {
        Kind.CONCURRENT: 5,
        Kind.XDIST: 5,
        Kind.ORDER: 30,
        Kind.HASH: 30,
    }

"""What a study says, in sentences that text, Markdown and HTML share.

Those of `differences` and broken runs have names and messages in them as they came; all others are ours alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ci_tools.model.rates import percent, rate_text
from ci_tools.model.statistics import Share, chance_to_miss, runs_for
from ci_tools.model.words import count, duration, some
from ci_tools.report.reproduce import is_pasteable
from ci_tools.stability.classify import Kind
from ci_tools.stability.judge import BadTest, Difference, Report, Verdict
from ci_tools.stability.record import Run, Study, conditions_words, name_of

PROMISES = (0.05, 0.01)


def headline(report: Report) -> str:
    """Return the verdict in one line."""
    n_always = sum(test.is_steady for test in report.bad)
    n_unstable, seen = len(report.bad) - n_always, f"in {count(report.red.n, 'run')}"
    tests = count(report.n_tests, "test")
    if report.verdict is Verdict.UNSTABLE:
        also = f", {n_always:,} more always" if n_always else ""
        return f"UNSTABLE: {n_unstable:,} of {tests} failed now and then {seen}{also}"
    if report.verdict is Verdict.FAILING:
        return f"FAILING: {n_always:,} of {tests} failed always {seen}, no other one ever did"
    if report.verdict is Verdict.UNJUDGED:
        return f"NOT JUDGED: {_why_not(report)}"
    return f"STABLE as far as seen: {tests}, no failure {seen}"


def _why_not(report: Report) -> str:
    if not report.n_tests:
        if report.n_never:
            return f"{count(report.n_never, 'test')} skipped in every run, and no other"
        return "no run of the suite proves anything" if report.study.runs else "the suite was never run"
    if report.differences:
        return "not every run ran the same tests"
    return f"{count(len(report.study.design) - report.red.n, 'run')} broke"


def facts(report: Report) -> Iterator[str]:
    """Yield what there is to know beside the single tests."""
    study = report.study
    if study.stopped:
        yield f"stopped early: {study.stopped}"
    if report.n_tests:
        yield f"suite: red in {_rate(report.red)}" + _without_always(report)
        yield from _promise(report)
    if report.n_tests and report.n_never:
        yield f"{count(report.n_never, 'more test')} skipped in every run, of which nothing is known"
    yield _covered(report)
    yield f"seed {study.factors.seed}: with it the same runs are made again"
    if report.n_asked:
        yield f"{count(report.n_asked, 'more run')} made to find causes, counted nowhere else"
    if study.sequential:
        yield "what is seen may end the runs (--sequential): the bounds are somewhat too narrow"


def _without_always(report: Report) -> str:
    return "" if report.red == report.red_else else f"; but for what fails always, in {_rate(report.red_else)}"


def _promise(report: Report) -> Iterator[str]:
    n, n_good = report.fewest, report.n_tests - len(report.bad)
    if not n:
        return
    others = f"each of the other {n_good:,} tests" if report.bad and n_good > 1 else "each test"
    others = "the other test" if report.bad and n_good == 1 else others
    yield f"{others}: bad in {rate_text(0, n)}"
    yield f"chance that so many runs miss a test that fails in 5 % of them: {percent(chance_to_miss(0.05, n))}"
    missing = [(share, runs_for(share) - n) for share in PROMISES if runs_for(share) > n]
    if missing:
        after = "; ".join(f"after {more:,} more: under {share * 100:.0f} %" for share, more in missing)
        yield f"still without a failure {after}"


def _covered(report: Report) -> str:
    seen = report.coverage
    return (
        f"covered: {seen.level_orders} of {seen.of_level_orders} levels × orders, "
        f"{seen.pairs} of {seen.of_pairs} pairs of level, order, hash seed, time zone, load"
    )


def kind_words(test: BadTest) -> str:
    """Return the class of a test, with a doubt where there is one."""
    kind = test.cause.kind
    return kind.value if test.cause.is_sure or kind is Kind.UNCLEAR else f"probably {kind.value}"


def test_lines(test: BadTest) -> Iterator[str]:
    """Yield what is known of a test: its rates, the evidence for its class, what isn't known."""
    if test.serial.n and test.beside.n and test.cause.kind is not Kind.ALWAYS:
        yield f"one at a time {_counts(test.serial)}, beside others {_counts(test.beside)}{_significance(test)}"
    yield from test.cause.evidence
    if test.cause.unknown:
        yield f"not known: {test.cause.unknown}"


def _significance(test: BadTest) -> str:
    """Return Fisher's verdict where there is one to give."""
    if test.beside.bad * test.serial.n <= test.serial.bad * test.beside.n:
        return ""
    adjusted = "too few runs to tell" if test.adjusted is None else f"{_chance(test.adjusted)} for all tests together"
    return f" (p {'= ' if test.chance >= 0.0001 else ''}{_chance(test.chance)}, {adjusted})"


def _chance(chance: float) -> str:
    return f"{chance:.2g}" if chance >= 0.0001 else "< 0.0001"


def _counts(share: Share) -> str:
    return f"{share.bad:,} of {share.n:,}"


def rate_words(test: BadTest) -> str:
    """Return how often a test was bad in the runs of the design."""
    return f"bad in {_rate(test.share)}"


def difference_words(difference: Difference) -> str:
    """Return which tests didn't run in which runs."""
    verb = "skipped" if difference.was_skipped else "not run"
    numbers = ", ".join(map(str, difference.numbers[:10])) + (", …" if len(difference.numbers) > 10 else "")
    plural = "runs" if len(difference.numbers) > 1 else "run"
    return f"{count(len(difference.tests), 'test')} {verb} in {plural} {numbers}: {some(list(difference.tests))}"


def broken_words(run: Run) -> str:
    """Return what broke, and why it isn't counted."""
    what = f"run {run.number}" if run.ask.purpose.value == "design" else f"run {run.number} ({run.ask.purpose.value})"
    lines = run.problem.strip().splitlines() or [""]
    said = f"; {lines[-1].strip()}" if len(lines) > 1 else ""
    return f"{what}, {conditions_words(run.conditions)}: {lines[0]}{said}"


def run_words(run: Run) -> tuple[str, str, str]:
    """Return a run of the design as (number, conditions, what came of it)."""
    bad = f"{len(run.bad):,} of {count(len(run.outcomes), 'test')} bad" if run.bad else count(len(run.outcomes), "test")
    return (
        str(run.number),
        conditions_words(run.conditions),
        "broke" if run.problem else f"{bad}, {duration(run.wall_s)}",
    )


def replay_command(study: Study, number: int) -> str:
    """Return the command that makes a run of the design once more, under the same conditions."""
    factors = study.factors
    words = ["ci-tools", "stability", "--seed", str(factors.seed), "--levels", ",".join(factors.levels)]
    words += ["--order", ",".join(order.value for order in factors.orders)]
    words += ["--dist", factors.dist] if factors.dist != "loadfile" else []
    words += ["--stress"] if len(factors.stress) > 1 else []
    return shlex.join([*words, "--replay", str(number), "--", *study.command])


def bisect_command(study: Study, test: BadTest) -> str:
    """Return the command that finds the tests which make it fail, "" where there is none to find or to paste."""
    told = next((run for run in study.counted if run.number == test.replay), None)
    if test.cause.kind not in (Kind.ORDER, Kind.CONCURRENT) or not (study.place and told and is_pasteable(test.nodeid)):
        return ""
    source = f"{study.place}/{name_of(told.number, told.conditions)}"
    return shlex.join(["ci-tools", "bisect", test.nodeid, "--from", source, "--", *study.command])


def _rate(share: Share) -> str:
    return rate_text(share.bad, share.n)

"""Reports as a real run leaves them, of any size: for the browser, the benchmark and the screenshots."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from ci_tools.model.plan import Certificate
from ci_tools.model.report import CaseResult, Conclusion, NotRun, Report, ShardResult, ShardState
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.spending import Amounts, Spending, Spent
from ci_tools.model.verdict import BaseRun, Cause, Changes, Judgement, Slower

START_S = 1_760_000_000.0
AREAS = ("api", "billing", "catalog", "checkout", "accounts", "search", "shipping", "webhooks", "jobs", "reports")
THINGS = ("invoice", "refund", "cart", "address", "session", "coupon", "order", "stock", "export", "webhook", "token")
WHAT = (
    "is_created",
    "is_rejected",
    "keeps_its_order",
    "expires",
    "rounds_half_even",
    "survives_a_restart",
    "is_cached",
)
PARAMS = ("", "", "", "[EUR]", "[USD]", "[utf-8]", "[retry=3]", "[empty]", "[2024-02-29]")

TEXT = """\
    def test_{name}(client, clock):
        order = client.post("/orders", json={{"sku": "A-1", "quantity": 3}})
        clock.advance(hours=24)
>       assert order.json()["total"] == "29.97"
E       AssertionError: assert '30.00' == '29.97'
E
E         - 29.97
E         + 30.00

tests/{area}/test_{name}.py:48: AssertionError
---------------------------- Captured log call ----------------------------
WARNING  shop.pricing:pricing.py:112 currency table is 26 h old, rounding to whole units"""

CAUSES = (
    (Cause.NEW, "green on main at 9f3c1ab"),
    (Cause.NEW, "green on main at 9f3c1ab"),
    (Cause.NEW_TEST, ""),
    (Cause.ENVIRONMENT, "green with py3.11, py3.13"),
    (Cause.INFRASTRUCTURE, "its worker died"),
    (Cause.FLAKY, "3 of 41 runs"),
    (Cause.FLAKY, "11 of 41 runs"),
    (Cause.BASE, "since 4d6e3b0, 4 runs"),
    (Cause.QUARANTINED, "payments sandbox is down, until 2026-12-01"),
)


def green(n_tests: int = 400, *, shards: int = 4, workers: int = 2, seed: int = 1) -> Report:
    """Return a run where all passed or were skipped. Seconds are lognormal, files stay on one worker."""
    rng = random.Random(seed)
    files = list(_files(rng, n_tests))
    clocks = {(s, w): START_S + 3 * s + rng.random() for s in range(1, shards + 1) for w in range(workers)}
    cases = []
    for number, (_, nodeids) in enumerate(files):
        home = number % shards + 1
        place = min(((home, worker) for worker in range(workers)), key=lambda place: clocks[place])
        for nodeid in nodeids:
            outcome = rng.choices((Outcome.PASSED, Outcome.SKIPPED, Outcome.XFAILED), (96, 3, 1))[0]
            cases.append(_case(rng, nodeid, place, clocks, outcome))
    cases.sort(key=lambda case: case.nodeid)
    return Report(
        conclusion=Conclusion.PASSED,
        plan_digest="ab12" * 16,
        workers=workers,
        certificate=_certificate(cases, len(files), shards * workers),
        shards=tuple(_shard(index, cases, workers, rng) for index in range(1, shards + 1)),
        cases=tuple(cases),
    )


def red(n_tests: int = 400, *, shards: int = 4, workers: int = 2, failures: int = 9, seed: int = 1) -> Report:
    """Return a run with failures of every cause, flips, a killed shard, tests that did not run, and changes."""
    report = green(n_tests, shards=shards, workers=workers, seed=seed)
    cases, step = list(report.cases), max(1, len(report.cases) // (failures + 4))
    judgements = []
    for number in range(failures):
        case = cases[(number + 1) * step]
        cause, why = CAUSES[number % len(CAUSES)]
        judgements.append(Judgement(nodeid=case.nodeid, cause=cause, why=why))
        cases[(number + 1) * step] = _failing(case, cause)
    for number in range(3):
        cases[(failures + 1) * step + number] = _flaky(cases[(failures + 1) * step + number])
    killed = report.shards[-1].index
    missing = [case for case in cases if case.shard == killed and not case.outcome.is_bad and not case.is_flip][-12:]
    gone = {case.nodeid for case in missing}
    cases = [case for case in cases if case.nodeid not in gone]
    shard_list = [_counted(shard, cases) for shard in report.shards]
    shard_list[-1] = replace(
        shard_list[-1], state=ShardState.KILLED, exit_code=-9, reason="ended by signal 9 (out of memory?)"
    )
    return replace(
        report,
        conclusion=Conclusion.INCOMPLETE,
        reasons=(
            f"shard {killed} was killed while running '{missing[0].nodeid}'; {len(missing)} tests did not run",
            f"{failures} tests failed",
        ),
        notes=("planned for 2 workers, shard 1 had 4",),
        cases=tuple(cases),
        shards=tuple(shard_list),
        not_run=tuple(NotRun(name=c.nodeid, shard=killed, why=f"shard {killed} was killed") for c in missing),
        judgements=tuple(sorted(judgements, key=lambda judgement: judgement.nodeid)),
        changes=_changes(cases, judgements),
        unplanned=("tests/api/test_brand_new.py::test_it",),
        deselected=("tests/jobs/test_slow.py::test_nightly",),
        fail_on="new",
    )


def spending(report: Report, names: Sequence[str]) -> Spending:
    """Return what a report's first tests spent, each on a kind and a model of these names, in two workers."""
    rows = (
        Spent(
            shard=1,
            attempt=1 + number % 2,
            nodeid=case.nodeid,
            kind=name,
            model=name,
            worker=f"gw{number % 2}",
            amounts=Amounts(records=1 + number, tokens=900 * number, usd=Decimal(number) / 1_000),
        )
        for number, (case, name) in enumerate(zip(report.cases, names))
    )
    return Spending(rows=tuple(rows), budget_usd=Decimal(5))


def _files(rng: random.Random, n_tests: int) -> Iterator[tuple[str, list[str]]]:
    number = made = 0
    while made < n_tests:
        area, thing = AREAS[number % len(AREAS)], THINGS[(number // len(AREAS)) % len(THINGS)]
        generation = number // (len(AREAS) * len(THINGS))
        file = f"tests/{area}/test_{thing}{generation or ''}.py"
        size = min(n_tests - made, max(1, round(rng.lognormvariate(2.5, 0.8))))
        yield file, [f"{file}::{_test(rng, thing, index)}" for index in range(size)]
        number, made = number + 1, made + size


def _test(rng: random.Random, thing: str, index: int) -> str:
    scope = f"Test{thing.title()}::" if rng.random() < 0.3 else ""
    return f"{scope}test_{thing}_{WHAT[index % len(WHAT)]}_{index}{rng.choice(PARAMS)}"


def _case(
    rng: random.Random, nodeid: str, place: tuple[int, int], clocks: dict[tuple[int, int], float], outcome: Outcome
) -> CaseResult:
    seconds = (0.002, 0.0, 0.0) if outcome is Outcome.SKIPPED else (0.004, rng.lognormvariate(-2.6, 1.4), 0.001)
    attempt = Attempt(
        nodeid=nodeid,
        outcome=outcome,
        worker=f"gw{place[1]}",
        start_s=round(clocks[place], 6),
        seconds=(seconds[0], round(seconds[1], 6), seconds[2]),
        message="needs a card reader" if outcome is Outcome.SKIPPED else "",
    )
    clocks[place] += attempt.total_s + 0.002
    return CaseResult(nodeid=nodeid, shard=place[0], attempts=((1, attempt),))


def _failing(case: CaseResult, cause: Cause) -> CaseResult:
    name = case.nodeid.partition("::test_")[2].partition("[")[0] or "order"
    attempt = replace(
        case.attempts[0][1],
        outcome=Outcome.CRASHED if cause is Cause.INFRASTRUCTURE else Outcome.FAILED,
        message="worker 'gw1' crashed"
        if cause is Cause.INFRASTRUCTURE
        else "AssertionError: assert '30.00' == '29.97'",
        text="" if cause is Cause.INFRASTRUCTURE else TEXT.format(name=name, area="checkout"),
        location="tests/checkout/test_order.py:48",
    )
    again = replace(attempt, rerun=1, fresh=1, start_s=attempt.start_s + attempt.total_s + 1)
    return replace(case, attempts=((1, attempt), (1, again)))


def _flaky(case: CaseResult) -> CaseResult:
    passed = replace(case.attempts[0][1], outcome=Outcome.PASSED, message="")
    failed = replace(
        passed,
        outcome=Outcome.FAILED,
        message="TimeoutError: no answer from 127.0.0.1:5432 within 2.0 s",
        text=TEXT.format(name="refund", area="billing"),
    )
    again = replace(passed, rerun=1, fresh=1, start_s=passed.start_s + passed.total_s + 1)
    return replace(case, attempts=((1, failed), (1, again)))


def _shard(index: int, cases: list[CaseResult], workers: int, rng: random.Random) -> ShardResult:
    attempts = [case.final for case in cases if case.shard == index]
    start_s = min((a.start_s for a in attempts), default=START_S)
    tests_s = max((a.start_s + a.total_s for a in attempts), default=START_S) - start_s
    return ShardResult(
        index=index,
        attempt=1,
        state=ShardState.OK,
        reason="",
        exit_code=0,
        tests=len(attempts),
        bad=0,
        workers=workers,
        planned_s=round(tests_s * rng.uniform(0.9, 1.1), 3),
        tests_s=round(tests_s, 3),
        wall_s=round(tests_s + 4.2, 3),
    )


def _counted(shard: ShardResult, cases: list[CaseResult]) -> ShardResult:
    bad = sum(1 for case in cases if case.shard == shard.index and case.outcome.is_bad)
    if not bad:
        return shard
    return replace(shard, bad=bad, exit_code=1, state=ShardState.RED)


def _certificate(cases: list[CaseResult], n_files: int, n_workers: int) -> Certificate:
    total_ms = round(1000 * sum(case.final.total_s for case in cases))
    return Certificate(
        tests=len(cases),
        files=n_files,
        total_ms=total_ms,
        predicted_wall_ms=round(1.02 * total_ms / n_workers),
        lower_bound_ms=round(total_ms / n_workers),
        bound_by="work",
        binding=cases[0].nodeid,
        useful_shards=12,
        torn_files=3,
        unknown_tests=4,
        assumed_ms=2_000,
        rivals_ms={"least_duration": round(1.3 * total_ms / n_workers), "duration_based_chunks": None},
    )


def _changes(cases: list[CaseResult], judgements: list[Judgement]) -> Changes:
    new = tuple(sorted(j.nodeid for j in judgements if j.cause is Cause.NEW))
    slow = sorted(cases, key=lambda case: -case.final.total_s)[:2]
    return Changes(
        base=BaseRun(branch="main", sha="9f3c1ab0" * 5, run_id=8_412, at_s=START_S - 7200, tests=len(cases) - 2),
        newly_failing=new,
        fixed=("tests/search/test_token.py::test_token_expires_2",),
        new=tuple(sorted(j.nodeid for j in judgements if j.cause is Cause.NEW_TEST)),
        removed=("tests/api/test_legacy.py::test_soap", "tests/api/test_legacy.py::test_wsdl"),
        newly_skipped=(),
        slower=tuple(
            Slower(nodeid=c.nodeid, before_s=round(c.final.total_s / 2.4, 3), now_s=round(c.final.total_s, 3))
            for c in slow
        ),
    )

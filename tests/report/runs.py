"""Runs as people meet them, one per golden page: a shop's suite on three shards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bundles import attempt, plan_of_files
from samples import REPORT

from ci_tools.model.plan import Certificate
from ci_tools.model.report import CaseResult, Conclusion, NotRun, Report, ShardResult, ShardState
from ci_tools.model.run import Attempt
from ci_tools.model.verdict import BaseRun, Cause, Changes, Judgement, Slower

PLAN = plan_of_files(["tests/test_cart.py"], ["tests/test_api.py"], ["tests/test_search.py"])
CERTIFICATE = Certificate(
    tests=1_230,
    files=3,
    total_ms=540_000,
    predicted_wall_ms=94_000,
    lower_bound_ms=90_000,
    bound_by="work",
    binding="tests/test_search.py",
    useful_shards=6,
    torn_files=0,
    unknown_tests=0,
    assumed_ms=0,
    rivals_ms={},
)
BASE = BaseRun(branch="main", sha="9f3c1ab" + "0" * 33, run_id=7, at_s=1_700_000_000.0, tests=1_228)
CHANGES = Changes(
    base=BASE,
    newly_failing=("tests/test_cart.py::TestTotal::test_tax[eur]", "tests/test_cart.py::test_coupon"),
    fixed=("tests/test_api.py::test_login",),
    new=tuple(f"tests/test_cart.py::test_coupon_{word}" for word in ("expired", "twice", "unknown")),
    removed=("tests/test_api.py::test_v1",),
    newly_skipped=("tests/test_search.py::test_fuzzy",),
    slower=(Slower(nodeid="tests/test_search.py::test_index", before_s=2.1, now_s=6.4),),
)
UNCHANGED = Changes(base=BASE)


def case(nodeid: str, *attempts: Attempt, shard: int = 1) -> CaseResult:
    return CaseResult(nodeid=nodeid, shard=shard, attempts=tuple((1, attempt) for attempt in attempts))


def traceback(nodeid: str, message: str) -> str:
    file, _, name = nodeid.partition("::")
    return (
        f"    def {name.rpartition('::')[2].partition('[')[0]}():\n"
        f"        cart = Cart(items=[Item(price=100, tax=19)])\n"
        f">       assert cart.total == 119\nE       {message}\n\n{file}:42: AssertionError"
    )


def failed(nodeid: str, message: str, *, shard: int = 1, outcome: str = "failed") -> CaseResult:
    said = attempt(nodeid, outcome, message=message, text=traceback(nodeid, message))
    return case(nodeid, said, shard=shard)


def flip(nodeid: str, message: str, *, shard: int = 1) -> CaseResult:
    before = attempt(nodeid, "failed", message=message, text=traceback(nodeid, message))
    return case(nodeid, before, attempt(nodeid, fresh=1), shard=shard)


def passing(number: int) -> tuple[CaseResult, ...]:
    return tuple(
        case(f"tests/test_search.py::test_query[{i:04}]", attempt("", "skipped" if i % 50 == 7 else "passed"), shard=3)
        for i in range(number)
    )


def shard(index: int, *, state: ShardState = ShardState.OK, bad: int = 0, tests_s: float = 90.0) -> ShardResult:
    return ShardResult(
        index=index,
        attempt=0 if state is ShardState.MISSING else 1,
        state=state,
        reason="",
        exit_code=1 if bad else 0,
        tests=0 if state is ShardState.MISSING else 410,
        bad=bad,
        workers=0 if state is ShardState.MISSING else 4,
        planned_s=94.0,
        tests_s=0.0 if state is ShardState.MISSING else tests_s,
        wall_s=0.0 if state is ShardState.MISSING else tests_s + 8.5,
    )


GREEN = Report(
    conclusion=Conclusion.PASSED,
    reasons=(),
    notes=(),
    plan_digest=PLAN.digest,
    workers=4,
    certificate=CERTIFICATE,
    shards=(shard(1), shard(2, tests_s=88.2), shard(3, tests_s=95.75)),
    cases=passing(1_230),
    **dict.fromkeys(
        ("not_run", "lost", "duplicated", "unplanned", "gone", "ignored", "skipped_modules", "deselected"), ()
    ),
    changes=UNCHANGED,
)
RED_SHARDS = (shard(1, state=ShardState.RED, bad=3), *GREEN.shards[1:])

FAILURES = {
    Cause.NEW: (
        "tests/test_cart.py::TestTotal::test_tax[eur]",
        "assert 118 == 119",
        "failed 3 times in a row, flaky in only 1 of 41 runs",
    ),
    Cause.NEW_TEST: ("tests/test_cart.py::test_coupon_twice", "assert 90 == 81", ""),
    Cause.ENVIRONMENT: ("tests/test_api.py::test_encoding", "UnicodeDecodeError: 'ascii' codec", "passed under py3.13"),
    Cause.INFRASTRUCTURE: (
        "tests/test_api.py::test_export",
        "OSError: [Errno 28] No space left on device: 'out.csv'",
        "no space left on the device",
    ),
    Cause.NOT_COMPARED: ("tests/test_cart.py::test_coupon", "KeyError: 'coupon'", ""),
    Cause.FLAKY: ("tests/test_search.py::test_index", "assert 0.51 < 0.5", "3 of 41 runs"),
    Cause.BASE: ("tests/test_api.py::test_rates", "HTTPError: 410 Gone", "since 4d6e3b0, 4 runs"),
    Cause.QUARANTINED: (
        "tests/test_api.py::test_upload",
        "TimeoutError",
        "the stub server is slow, owner ana, until 2026-09-30, #812",
    ),
}


def judged(report: Report, *causes: Cause, **changes: object) -> Report:
    """Return the run with one failure of each cause."""
    bad = [failed(*FAILURES[cause][:2], shard=1 + place % 3) for place, cause in enumerate(causes)]
    judgements = [Judgement(nodeid=FAILURES[cause][0], cause=cause, why=FAILURES[cause][2]) for cause in causes]
    return replace(
        report,
        cases=tuple(sorted([*bad, *report.cases], key=lambda case: case.nodeid)),
        judgements=tuple(sorted(judgements, key=lambda judgement: judgement.nodeid)),
        **changes,  # type: ignore[arg-type]
    )


def red(*causes: Cause, **changes: object) -> Report:
    reason = f"{len(causes)} tests failed: {', '.join(repr(FAILURES[cause][0]) for cause in causes[:3])}"
    said = {"conclusion": Conclusion.FAILED, "reasons": (reason,), "shards": RED_SHARDS} | changes
    return judged(GREEN, *causes, **said)


def many(number: int) -> Report:
    bad = tuple(
        failed(f"tests/test_{i // 100:02}.py::test_page[{i:04}]", f"assert {i} == {i + 1}", shard=1 + i % 3)
        for i in range(number)
    )
    judgements = tuple(Judgement(nodeid=case.nodeid, cause=Cause.NEW, why="") for case in bad)
    said = (f"{number:,} tests failed: {bad[0].nodeid!r}, {bad[1].nodeid!r} and {number - 2:,} more",)
    return replace(
        GREEN,
        conclusion=Conclusion.FAILED,
        reasons=said,
        cases=bad + GREEN.cases,
        judgements=judgements,
        changes=CHANGES,
        shards=RED_SHARDS,
    )


HOSTILE_IDS = (
    "tests/test_a.py::test[</details>|@octocat|#1]",
    "tests/test_b.py::test[<!-- xdist-ci:v1 key=tests -->]",
    "tests/test_c.py::test[```\u202e`https://example.com`]",
    "@org/team::`whoami`$(id)\n::error::x",
)


def hostile() -> Report:
    """A fork wrote all of it."""
    text = "![x](https://example.com/x.png) @octocat fixes #1\n```\n</details>\n<script>alert(1)</script>"
    bad = tuple(case(nodeid, attempt(nodeid, "failed", message=text, text=text)) for nodeid in HOSTILE_IDS)
    return replace(
        REPORT,
        reasons=("shard 2 said @octocat, see #1 and https://example.com | <b>",),
        notes=("[x](https://example.com)",),
        cases=bad,
        not_run=tuple(NotRun(name=nodeid, shard=2, why=text) for nodeid in HOSTILE_IDS[:2]),
        lost=HOSTILE_IDS[2:3],
        duplicated=HOSTILE_IDS[3:],
        judgements=tuple(
            Judgement(nodeid=nodeid, cause=cause, why="until @octocat closes #1 | </td>")
            for nodeid, cause in zip(HOSTILE_IDS, (Cause.NEW, Cause.FLAKY, Cause.BASE, Cause.QUARANTINED))
        ),
        changes=replace(
            CHANGES,
            base=replace(BASE, branch="@octocat/#1`", sha="deadbeef" * 5),
            fixed=HOSTILE_IDS,
            slower=(Slower(nodeid=HOSTILE_IDS[0], before_s=0.5, now_s=2.0),),
        ),
    )


def lost_shard() -> Report:
    missing = "shard 3 is missing: no bundle of it was found; 2 tests or files did not run"
    return replace(
        judged(GREEN, Cause.NEW),
        conclusion=Conclusion.INCOMPLETE,
        reasons=(missing, f"1 test failed: {FAILURES[Cause.NEW][0]!r}"),
        shards=(shard(1, state=ShardState.RED, bad=1), shard(2), shard(3, state=ShardState.MISSING)),
        not_run=tuple(
            NotRun(name=f"tests/test_search.py{test}", shard=3, why="shard 3 is missing")
            for test in ("::test_index", "::test_suggest")
        ),
    )


def junit() -> Report:
    """Files from anywhere, without a plan: no shard is known of any test."""
    unknown = case("tests/test_api.py::test_retried", attempt("", "unknown"), shard=0)
    cases = [failed(*FAILURES[cause][:2], shard=0) for cause in (Cause.NEW, Cause.NOT_COMPARED)]
    return replace(
        GREEN,
        conclusion=Conclusion.FAILED,
        reasons=("2 tests failed: 'tests/test_cart.py::TestTotal::test_tax[eur]', 'tests/test_cart.py::test_coupon'",),
        notes=("junit-3.xml, line 812: cut off; 250 complete cases were read",),
        plan_digest="",
        certificate=None,
        shards=(),
        cases=(*cases, *(replace(one, shard=0) for one in passing(60)), unknown),
        changes=None,
    )


NEEDING = (Cause.NEW, Cause.NEW_TEST, Cause.ENVIRONMENT, Cause.INFRASTRUCTURE, Cause.NOT_COMPARED)
KNOWN = (Cause.FLAKY, Cause.BASE, Cause.QUARANTINED)

RUNS: Mapping[str, Report] = {
    "all-green": GREEN,
    "failures": red(*NEEDING, *KNOWN, changes=CHANGES),
    "flaky-only": replace(
        GREEN,
        cases=(flip("tests/test_cart.py::test_stock", "assert 4 == 5"), *GREEN.cases),
        notes=("1 test passed only when it was run again",),
    ),
    "lost-shard": lost_shard(),
    "first-run": judged(
        GREEN,
        Cause.NOT_COMPARED,
        conclusion=Conclusion.FAILED,
        reasons=("1 test failed: 'tests/test_cart.py::test_coupon'",),
        notes=("nothing is recorded of the base branch yet: failures are not compared",),
        shards=RED_SHARDS,
        changes=None,
    ),
    "3000-failures": many(3_000),
    "hostile-names": hostile(),
    "quarantined-only": judged(GREEN, Cause.QUARANTINED, shards=RED_SHARDS),
    "junit-without-plan": junit(),
    "excused": red(Cause.FLAKY, Cause.BASE, fail_on="new"),
    "excused-never": red(Cause.NEW, Cause.FLAKY, fail_on="never"),
}

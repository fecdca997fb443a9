"""One fixed value of each file format, with something in every field: golden files and refusals use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ci_tools.formats import (
    attempts_jsonl,
    audit_baseline_json,
    collected_jsonl,
    cost_json,
    durations_json,
    evidence_jsonl,
    manifest_json,
    marks_json,
    plan_json,
    report_json,
    spending_jsonl,
    trial_json,
)
from ci_tools.formats.audit_baseline_json import Known
from ci_tools.model.cost import Choice, Price, PriceSource, RunCost, Runner, ShardCost, WorkerTime
from ci_tools.model.evidence import Access, Change, Evidence, Kind, Record, Touch
from ci_tools.model.plan import Atom, Certificate, Plan, Shard
from ci_tools.model.report import CaseResult, Conclusion, NotRun, Report, ShardResult, ShardState
from ci_tools.model.run import Attempt, Begin, CollectedFile, Collection, FileState, Manifest, Outcome, Session
from ci_tools.model.spending import Amounts, Book, Entry, Spending, Spent, What
from ci_tools.model.trial import Order, Steering
from ci_tools.model.verdict import BaseRun, Cause, Changes, Judgement, Slower

CERTIFICATE = Certificate(
    tests=5,
    files=3,
    total_ms=10_500,
    predicted_wall_ms=5_000,
    lower_bound_ms=4_001,
    bound_by="test",
    binding="tests/test_slow.py::test_one[é]",
    useful_shards=2,
    torn_files=1,
    unknown_tests=1,
    assumed_ms=1_000,
    rivals_ms={"least_duration": 6_000, "duration_based_chunks": None},
)

PLAN = Plan(
    workers=2,
    shards=(
        Shard(
            index=1,
            expected_ms=5_000,
            atoms=(
                Atom(file="tests/test_slow.py", expected_ms=5_000, nodeids=("tests/test_slow.py::test_one[é]",)),
                Atom(file="tests/test_a b.py", expected_ms=1),
            ),
        ),
        Shard(
            index=2,
            expected_ms=4_499,
            atoms=(
                Atom(
                    file="tests/test_slow.py",
                    expected_ms=4_499,
                    nodeids=("tests/test_slow.py::T::test_two",),
                    guessed=("tests/test_slow.py::T::test_two",),
                ),
            ),
        ),
        Shard(index=3, expected_ms=0, atoms=()),
    ),
    certificate=CERTIFICATE,
)

MANIFEST = Manifest(
    shard=2,
    shards=3,
    attempt=1,
    plan_digest=PLAN.digest,
    nonce="0123abcd",
    command=("python", "-m", "pytest", "-k", "a or é"),
    key="linux-3.11",
    sha="4d6e3b0f",
    sealed=True,
    exit_code=-9,
    stopped="stopped at its deadline of 50m 00s",
    rerun_exit_code=2,
    start_s=1_700_000_000.125,
    end_s=1_700_000_012.5,
    files={"attempts.jsonl": "ab" * 32, "collected.jsonl": "cd" * 32},
)

ATTEMPTS = (
    Attempt(
        nodeid="tests/test_slow.py::test_one[é]",
        outcome=Outcome.FAILED,
        worker="gw0",
        start_s=1_700_000_001.5,
        seconds=(0.125, 2.5, 0.0005),
        message="assert 1 == 2",
        text="line one\nline \ud800 two\x1b[31m",
        location="tests/test_slow.py:7",
        subtests=(2, 1),
    ),
    Attempt(
        nodeid="tests/test_slow.py::test_one[é]",
        outcome=Outcome.PASSED,
        rerun=1,
        worker="gw0",
        start_s=1_700_000_004.25,
        seconds=(0.0, 2.0, 0.0),
    ),
    Attempt(nodeid="tests/test_gone.py", outcome=Outcome.ERROR, start_s=1_700_000_000.0, phase="collect"),
)

BEGIN = Begin(
    nonce="0123abcd",
    python="3.11.7",
    pytest="9.2.0",
    xdist="3.8.0",
    workers=2,
    dist="loadfile",
    rootdir="/home/runner/srv/é",
    start_s=1_700_000_000.125,
)

SESSIONS = (
    Session(begin=BEGIN, attempts=ATTEMPTS, running=(), exit_status=1, end_s=1_700_000_007.0, unexplained=1),
    Session(
        begin=BEGIN, attempts=(replace(ATTEMPTS[1], rerun=2, session=1),), running=("tests/test_slow.py::T::test_two",)
    ),
)

COLLECTION = Collection(
    files=(
        CollectedFile(
            file="tests/test_slow.py",
            state=FileState.SEEN,
            selected=("tests/test_slow.py::test_one[é]",),
            deselected=("tests/test_slow.py::test_no",),
            left=("tests/test_slow.py::T::test_two",),
        ),
        CollectedFile(file="tests/test_skip.py", state=FileState.SKIPPED, reason="could not import 'x'"),
        CollectedFile(file="tests/test_a b.py", state=FileState.LEFT),
    )
)

REPORT = Report(
    conclusion=Conclusion.INCOMPLETE,
    reasons=("shard 3 is missing",),
    notes=("planned for 2 workers, shard 1 had 4",),
    plan_digest=PLAN.digest,
    workers=2,
    certificate=CERTIFICATE,
    shards=(
        ShardResult(
            index=1,
            attempt=2,
            state=ShardState.RED,
            reason="1 test failed",
            exit_code=1,
            tests=2,
            bad=1,
            workers=4,
            planned_s=5.0,
            tests_s=4.75,
            wall_s=7.125,
        ),
        ShardResult(
            index=2,
            attempt=1,
            state=ShardState.KILLED,
            reason="ended by signal 9",
            exit_code=-9,
            tests=0,
            bad=0,
            workers=2,
            planned_s=4.499,
            tests_s=0.0,
            wall_s=3.5,
        ),
        ShardResult(
            index=3,
            attempt=0,
            state=ShardState.MISSING,
            reason="no bundle",
            exit_code=None,
            tests=0,
            bad=0,
            workers=0,
            planned_s=0.0,
            tests_s=0.0,
            wall_s=0.0,
        ),
    ),
    cases=(
        CaseResult(nodeid=ATTEMPTS[0].nodeid, shard=1, attempts=((1, ATTEMPTS[0]), (2, ATTEMPTS[1]))),
        CaseResult(nodeid=ATTEMPTS[2].nodeid, shard=1, attempts=((2, ATTEMPTS[2]),)),
    ),
    not_run=(NotRun(name="tests/test_slow.py::T::test_two", shard=2, why="shard 2 was killed"),),
    lost=("a.py::lost",),
    duplicated=("a.py::twice",),
    unplanned=("a.py::new",),
    gone=("a.py::gone",),
    ignored=("ignored.py",),
    skipped_modules=("skipped.py",),
    deselected=("a.py::no",),
    judgements=(
        Judgement(nodeid=ATTEMPTS[2].nodeid, cause=Cause.BASE, why="since 4d6e3b0, 3 runs"),
        Judgement(nodeid="tests/test_slow.py::test_one[é]", cause=Cause.NEW),
    ),
    changes=Changes(
        base=BaseRun(branch="main", sha="9f3c" * 10, run_id=7, at_s=1_699_999_000.0, tests=3),
        newly_failing=("a.py::red",),
        fixed=("a.py::green",),
        new=("a.py::new",),
        removed=("a.py::gone",),
        newly_skipped=("a.py::skipped",),
        slower=(Slower(nodeid="a.py::slow", before_s=0.5, now_s=1.75),),
    ),
    fail_on="new",
)

COST = ShardCost(
    shard=2,
    shards=3,
    attempt=1,
    runner=Runner(os="Linux", arch="X64", cpus=2, environment="github-hosted", is_public=False, is_standard=True),
    price=Price(usd_per_minute=Decimal("0.006"), source=PriceSource.LIST),
    workers=2,
    setup_s=41.25,
    command_s=125.5,
    collection_s=4.125,
    tests_s=100.0,
    rerun_s=8.5,
    worker_times=(
        WorkerTime(worker="gw0", busy_s=99.5, idle_s=0.5),
        WorkerTime(worker="gw1", busy_s=80.0, idle_s=20.0),
    ),
)

SPENDING = Spending(
    rows=(
        Spent(
            shard=2,
            attempt=1,
            nodeid="tests/test_slow.py::test_one[é]",
            kind="llm",
            model="gpt-4o",
            worker="gw0",
            amounts=Amounts(
                records=4,
                unpriced=1,
                tokens=1_200,
                usd=Decimal("1.234567890123"),
                listed_usd=Decimal("0.0035"),
                over_usd=Decimal("0.02"),
                unsettled_usd=Decimal("0.5"),
                dead_usd=Decimal("0.25"),
            ),
        ),
    ),
    budget_usd=Decimal("2.5"),
    damaged=1,
)

BOOK = Book(
    run="0123abcd",
    worker="gw0",
    process="89ef4567",
    entries=(
        Entry(
            what=What.ADD,
            nodeid="tests/test_slow.py::test_one[é]",
            usd=Decimal("0.0035"),
            kind="llm",
            model="gpt-4o",
            tokens=1_200,
            is_listed=True,
            seq=1,
            at_s=1_700_000_001.5,
        ),
        Entry(what=What.ADD, nodeid="a.py::test_unpriced", usd=None, seq=2, at_s=1_700_000_002.0),
        Entry(what=What.RESERVE, nodeid="a.py::test_paid", usd=Decimal("0.05"), kind="api", seq=3),
        Entry(what=What.SETTLE, nodeid="a.py::test_paid", usd=Decimal("0.031"), kind="api", of=3, seq=4),
        Entry(what=What.RESERVE, nodeid="a.py::test_left", usd=Decimal("12"), seq=5),
        Entry(what=What.LEAVE, nodeid="a.py::test_left", usd=Decimal("12"), of=5, seq=6),
    ),
)

RUN_COST = RunCost(
    jobs=(
        COST,
        replace(
            COST,
            shard=3,
            runner=Runner(environment="self-hosted"),
            price=Price(usd_per_minute=Decimal("0.01"), source=PriceSource.OPTION),
            setup_s=None,
            worker_times=(),
        ),
    ),
    uncounted=((1, 1),),
    choices=(
        Choice(shards=3, wall_s=166.75, billed_minutes=9, usd=Decimal("0.054")),
        Choice(shards=2, wall_s=206.75, billed_minutes=8, usd=None),
    ),
    spending=SPENDING,
)

DURATIONS_S = {"tests/test_slow.py::test_one[é]": 2.625, "tests/test_a b.py::test_x": 0.001, "z.py::test": 3.0}

BASELINE = {
    Known("tests/test_a b.py", "CIT001", "test_x", 'open("out.txt", "w")'): 2,
    Known("tests/conftest.py", "CIT203", "", "os.chdir('é')"): 1,
}

EVIDENCE = Evidence(
    worker="gw1",
    rootdir="/srv/é",
    records=(
        Record(
            kind=Kind.TEST,
            id="tests/test_slow.py::test_one[é]",
            worker="gw1",
            touched=(Touch(Access.WRITE, "out.txt", "call"), Touch(Access.BIND, "tcp:127.0.0.1:8000", "setup")),
            changed=(Change("environ", "HOME", "changed", among=3),),
        ),
        Record(
            kind=Kind.FIXTURE,
            id="tests/conftest.py::db",
            worker="gw1",
            touched=(Touch(Access.DATABASE, "data/app.sqlite"),),
            scope="session",
            under="tests/test_slow.py::test_one[é]",
            omitted=7,
        ),
        Record(kind=Kind.END, id="", worker="gw1", touched=(Touch(Access.TREE, "sessions"),)),
    ),
)

MARKS = {"slow": ("tests/test_slow.py::test_one[é]", "z.py::test"), "wip": ()}

STEERING = Steering(
    workers="2",
    dist="each",
    order=Order.RANDOM,
    seed=7,
    tests=("tests/test_slow.py::test_one[é]", "z.py::test"),
    lanes={"gw0": ("z.py::test",), "gw1": ()},
    together=True,
    evidence=True,
    meet_at=("out.txt", "tcp:127.0.0.1:8000"),
    as_is=True,
)


def attempts_text(sessions: tuple[Session, ...]) -> str:
    """Return the lines that a recorder writes for these sessions."""
    rows = []
    for session in sessions:
        rows.append(attempts_jsonl.begin_line(session.begin))
        for attempt in session.attempts:
            rows += [attempts_jsonl.start_line(attempt.nodeid, attempt.worker), attempts_jsonl.attempt_line(attempt)]
        rows += [attempts_jsonl.start_line(nodeid, "gw0") for nodeid in session.running]
        if session.exit_status is not None:
            rows.append(attempts_jsonl.end_line(session.exit_status, session.end_s, unexplained=session.unexplained))
    return "".join(f"{row}\n" for row in rows)


@dataclass(frozen=True)
class Format:
    """A file format: its name, a sample, writer and reader; `kind` is "" where it has no header."""

    file: str
    kind: str
    sample: Any
    dumps: Callable[[Any], str]
    loads: Callable[..., Any]
    read: Callable[[Any], Any] = lambda value: value

    @property
    def text(self) -> str:
        return self.dumps(self.sample)


FORMATS: Mapping[str, Format] = {
    format.file: format
    for format in (
        Format("plan.json", plan_json.FORMAT, PLAN, plan_json.dumps, plan_json.loads),
        Format("manifest.json", manifest_json.FORMAT, MANIFEST, manifest_json.dumps, manifest_json.loads),
        Format(
            "attempts.jsonl",
            attempts_jsonl.FORMAT,
            SESSIONS,
            attempts_text,
            attempts_jsonl.loads,
            lambda sessions: (sessions, ""),
        ),
        Format("collected.jsonl", collected_jsonl.FORMAT, COLLECTION, collected_jsonl.dumps, collected_jsonl.loads),
        Format("report.json", report_json.FORMAT, REPORT, report_json.dumps, report_json.loads),
        Format(".test_durations", "", DURATIONS_S, durations_json.dumps, durations_json.loads),
        Format("cost.json", cost_json.FORMAT, replace(COST, spending=SPENDING), cost_json.dumps, cost_json.loads_shard),
        Format("run-cost.json", cost_json.FORMAT, RUN_COST, cost_json.dumps, cost_json.loads_run),
        Format("spending.jsonl", spending_jsonl.FORMAT, BOOK, spending_jsonl.dumps, spending_jsonl.loads),
        Format("evidence.jsonl", evidence_jsonl.FORMAT, EVIDENCE, evidence_jsonl.dumps, evidence_jsonl.loads),
        Format("marks.json", marks_json.FORMAT, MARKS, marks_json.dumps, marks_json.loads),
        Format("trial.json", trial_json.FORMAT, STEERING, trial_json.dumps, trial_json.loads),
        Format(
            "audit-baseline.json",
            audit_baseline_json.FORMAT,
            BASELINE,
            audit_baseline_json.dumps,
            audit_baseline_json.loads,
        ),
    )
}
DOCUMENTS = [name for name in FORMATS if not name.endswith(".jsonl")]
LINES = [name for name in FORMATS if name.endswith(".jsonl")]
HEADED = [name for name, format in FORMATS.items() if format.kind]

"""One run with everything that goes wrong at once: what is said of it is exactly what happened.

8 shards × 500 tests; 2 % of them were rerun in their process; half the shards ran a second time,
where 11 tests passed that had failed; one shard left nothing, one was cut off in the middle.
"""

from __future__ import annotations

import random
from pathlib import Path

from bundles import attempt, bundle, seen

from ci_tools.merge.imported import merge_junit
from ci_tools.merge.judge import merge
from ci_tools.merge.junit.find import find_junit, read_all
from ci_tools.merge.junit.identity import NodeIds
from ci_tools.model.bundle import bundle_name
from ci_tools.model.plan import Atom, Plan, Shard
from ci_tools.model.report import Report
from ci_tools.model.run import Attempt

SHARDS, TESTS = 8, 500
MISSING, CUT = 7, 8
SECOND = (1, 2, 3, 4)
IDS = {
    shard: [f"tests/test_{shard}_{number // 100}.py::test_{number:03}" for number in range(TESTS)]
    for shard in range(1, SHARDS + 1)
}
CHANCE = random.Random(5)
RERUN = {nodeid for ids in IDS.values() for nodeid in CHANCE.sample(ids, TESTS // 50)}
FLIPS = sorted(CHANCE.sample(sorted(set().union(*(IDS[shard] for shard in SECOND)) - RERUN), 11))
RED = sorted(CHANCE.sample(sorted(set(IDS[5]) - RERUN), 3))  # and stays so


def plan() -> Plan:
    def atoms(ids: list[str]) -> tuple[Atom, ...]:
        parts = [ids[start : start + 100] for start in range(0, TESTS, 100)]
        return tuple(Atom(file=part[0].partition("::")[0], expected_ms=1000, nodeids=tuple(part)) for part in parts)

    return Plan(
        workers=2,
        shards=tuple(Shard(index=shard, expected_ms=5000, atoms=atoms(ids)) for shard, ids in IDS.items()),
    )


def has_failed(nodeid: str, run_attempt: int) -> bool:
    return nodeid in RED or (nodeid in FLIPS and run_attempt == 1)


def jobs() -> list[tuple[int, int]]:
    """Return (shard, attempt) of all jobs that left something."""
    return [(shard, 1) for shard in IDS if shard != MISSING] + [(shard, 2) for shard in SECOND]


def write_junit(top: Path) -> None:
    """Write what pytest and pytest-rerunfailures 16.7 do: an empty case for each attempt that was rerun."""
    for shard, run_attempt in jobs():
        cases = []
        for nodeid in IDS[shard]:
            file, _, name = nodeid.partition("::")
            case = f'<testcase classname="{file[:-3].replace("/", ".")}" name="{name}" time="0.010"'
            cases += [f"{case} />"] if nodeid in RERUN else []
            text = '<failure message="assert 0">E   assert 0</failure>' if has_failed(nodeid, run_attempt) else ""
            cases.append(f"{case}>{text}</testcase>")
        if shard == CUT:
            half = sum(nodeid in RERUN for nodeid in IDS[shard][:250]) + 250
            cases = [*cases[:half], cases[half][:40]]
        end = "" if shard == CUT else "</testsuite></testsuites>"
        directory = top / bundle_name(shard, SHARDS, run_attempt)
        directory.mkdir(parents=True)
        body = "\n".join(cases)
        (directory / "junit.xml").write_text(f'<testsuites><testsuite name="pytest" tests="{TESTS}">{body}{end}')


def check(report: Report) -> None:
    """Hold a report against what happened."""
    not_run = {missing.name for missing in report.not_run}
    assert not_run == {*IDS[MISSING], *IDS[CUT][250:]}
    assert {missing.shard for missing in report.not_run} == {MISSING, CUT}
    assert {case.nodeid for case in report.cases} == {nodeid for ids in IDS.values() for nodeid in ids} - not_run
    assert sum(case.shard == CUT for case in report.cases) == 250
    assert [case.nodeid for case in report.bad] == RED
    assert (report.conclusion.value, report.exit_code) == ("incomplete", 3)
    states = {shard.index: shard.state.value for shard in report.shards}
    assert (states.pop(MISSING), states.pop(5)) == ("missing", "red")
    assert states.pop(CUT) in ("truncated", "killed")
    assert set(states.values()) == {"ok"}


def test_of_junit_files_all_that_happened_is_found(tmp_path: Path) -> None:
    write_junit(tmp_path)
    ids = NodeIds(known=[nodeid for own in IDS.values() for nodeid in own])
    report = merge_junit(read_all(find_junit([tmp_path]), ids), plan=plan(), unresolved=ids.unresolved)
    check(report)
    assert [case.nodeid for case in report.flips] == FLIPS  # ghosts prove none
    unknown = {case.nodeid for case in report.cases for _, a in case.attempts if a.outcome.value == "unknown"}
    assert unknown == RERUN & {case.nodeid for case in report.cases}
    assert ids.unresolved == set()


def test_of_bundles_the_same_is_found_and_the_reruns_too() -> None:
    the_plan = plan()

    def attempts(nodeid: str, run_attempt: int) -> list[Attempt]:
        if nodeid in RERUN:
            return [attempt(nodeid, "failed", text="E   assert 0"), attempt(nodeid, rerun=1)]
        return [attempt(nodeid, "failed", text="E   assert 0") if has_failed(nodeid, run_attempt) else attempt(nodeid)]

    bundles = []
    for shard, run_attempt in jobs():
        ids = IDS[shard][:250] if shard == CUT else IDS[shard]
        made = [done for nodeid in ids for done in attempts(nodeid, run_attempt)]
        status = int(any(has_failed(nodeid, run_attempt) for nodeid in ids))
        bundles.append(
            bundle(
                the_plan,
                shard,
                made,
                seen(*IDS[shard]),
                run_attempt=run_attempt,
                status=status,
                sealed=shard != CUT,
            )
        )
    report = merge(bundles, the_plan)
    check(report)
    reported = {case.nodeid for case in report.cases}
    assert [case.nodeid for case in report.flips] == sorted({*FLIPS, *RERUN} & reported)

"""What a bundle holds for others to read: written when it is sealed, and never at its cost."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from bundles import attempt
from junitparser import JUnitXml
from project import PYTEST, Project
from samples import SESSIONS, attempts_text

from ci_tools.formats import cost_json, manifest_json
from ci_tools.merge.read import read_bundle
from ci_tools.model.bundle import FACTS, SEALED_FILES
from ci_tools.model.cost import Price, Runner, ShardCost, WorkerTime
from ci_tools.model.run import Attempt, Begin, Manifest, Outcome, Session
from ci_tools.shard.exports import cost_of, junit_of, write_exports
from ci_tools.shard.run import Job, start, wait

MANIFEST = Manifest(
    shard=2,
    shards=3,
    attempt=1,
    plan_digest="d",
    nonce="n",
    command=("pytest",),
    sealed=True,
    start_s=100.0,
    end_s=200.0,
)


def session(attempts: Sequence[Attempt], **fields: object) -> Session:
    """Return a session that began at 101 and ended at 190 s."""
    begin = Begin(nonce="n", python="3", pytest="9", xdist="3", workers=2, dist="loadfile", rootdir="/r", start_s=101.0)
    known = {key: fields.pop(key) for key in ("workers", "dist", "rerun", "start_s") if key in fields}
    ended = {"exit_status": 0, "end_s": 190.0} | fields
    return Session(begin=replace(begin, **known), attempts=tuple(attempts), **ended)  # type: ignore[arg-type]


def ran(worker: str, start_s: float, seconds: float, outcome: str = "passed", nodeid: str = "") -> Attempt:
    nodeid = nodeid or f"a.py::test_{worker}_{start_s}"
    return attempt(nodeid, outcome, worker=worker, start_s=start_s, seconds=(0.0, seconds, 0.0))


def cost(*sessions: Session, setup_s: float | None = None, manifest: Manifest = MANIFEST) -> ShardCost:
    return cost_of(manifest, sessions, runner=Runner(), price=Price(), setup_s=setup_s)


def times(cost: ShardCost) -> tuple[float, float, float, float]:
    return cost.collection_s, cost.tests_s, cost.rerun_s, cost.rest_s


def workers(cost: ShardCost) -> Mapping[str, tuple[float, float]]:
    return {worker.worker: (worker.busy_s, worker.idle_s) for worker in cost.worker_times}


# -- where the time went ---------------------------------------------------------------------


def test_a_commands_time_is_collection_tests_and_the_rest() -> None:
    one = cost(session([ran("gw0", 110.0, 30.0), ran("gw0", 140.0, 20.0), ran("gw1", 111.0, 69.0)]), setup_s=40.0)
    assert one == ShardCost(
        shard=2,
        shards=3,
        attempt=1,
        runner=Runner(),
        price=Price(),
        workers=2,
        setup_s=40.0,
        command_s=100.0,
        collection_s=9.0,
        tests_s=70.0,
        rerun_s=0.0,
        worker_times=(
            WorkerTime(worker="gw0", busy_s=50.0, idle_s=20.0),
            WorkerTime(worker="gw1", busy_s=69.0, idle_s=1.0),
        ),
    )
    assert (one.rest_s, one.billed_minutes) == (21.0, 3)


def test_a_worker_that_got_no_test_was_idle_all_the_time() -> None:
    one = cost(session([ran("gw0", 110.0, 30.0)], workers=3))
    assert workers(one) == {"gw0": (30.0, 0.0), "gw1": (0.0, 30.0), "gw2": (0.0, 30.0)}


def test_without_pytest_xdist_there_is_one_worker() -> None:
    one = cost(session([ran("main", 110.0, 30.0)], workers=1, dist="no"))
    assert (one.workers, workers(one)) == (1, {"main": (30.0, 0.0)})


def test_a_dead_worker_and_the_one_in_its_place_were_there_one_after_the_other() -> None:
    crashed = ran("gw0", 110.0, 10.0, "crashed")
    one = cost(session([crashed, ran("gw1", 110.0, 80.0), ran("gw2", 125.0, 60.0)]))
    assert workers(one) == {"gw0": (10.0, 0.0), "gw1": (80.0, 0.0), "gw2": (60.0, 5.0)}


def test_workers_are_in_the_order_of_their_numbers() -> None:
    assert list(workers(cost(session([ran("gw0", 110.0, 1.0)], workers=11))))[-2:] == ["gw9", "gw10"]


def test_reruns_are_apart() -> None:
    own = session([ran("gw0", 110.0, 30.0, "failed")], end_s=150.0)
    again = session([ran("gw0", 160.0, 30.0)], rerun=1, start_s=155.0, end_s=195.0)
    assert times(cost(own, again)) == (9.0, 30.0, 40.0, 21.0)


def test_two_sessions_of_one_command_are_summed() -> None:
    first = session([ran("main", 110.0, 10.0)], dist="no", workers=1, end_s=125.0)
    second = session([ran("main", 140.0, 30.0)], dist="no", workers=1, start_s=130.0)
    one = cost(first, second)
    assert (times(one), workers(one)) == ((19.0, 40.0, 0.0, 41.0), {"main": (40.0, 0.0)})


def test_a_session_without_a_test_only_collected() -> None:
    error = attempt("a.py", "error", phase="collect", start_s=150.0)
    assert times(cost(session([error]))) == (89.0, 0.0, 0.0, 11.0)


def test_a_killed_session_counts_to_its_last_test() -> None:
    killed = session([ran("gw0", 110.0, 30.0)], exit_status=None, end_s=0.0)
    again = session([ran("gw0", 160.0, 30.0)], rerun=1, start_s=155.0, exit_status=None, end_s=0.0)
    assert times(cost(killed, again)) == (9.0, 30.0, 35.0, 26.0)
    assert times(cost(session([], exit_status=None, end_s=0.0))) == (0.0, 0.0, 0.0, 100.0)


def test_without_a_session_all_is_rest_and_a_clock_set_back_is_no_time() -> None:
    assert times(cost()) == (0.0, 0.0, 0.0, 100.0)
    backwards = replace(MANIFEST, end_s=50.0)
    assert times(cost(session([ran("gw0", 90.0, 5.0)]), manifest=backwards)) == (0.0, 5.0, 0.0, 0.0)


# -- junit.xml -------------------------------------------------------------------------------


def test_junit_xml_has_each_test_once_with_its_reruns() -> None:
    own = session([ran("gw0", 110.0, 1.0, "failed", "a.py::t"), ran("gw0", 112.0, 1.0, "passed", "a.py::u")])
    again = session([replace(ran("gw0", 120.0, 1.0, "passed", "a.py::t"), fresh=1, session=1, rerun=1)], rerun=1)
    cases = [case for suite in JUnitXml.fromstring(junit_of(MANIFEST, [own, again], []).encode()) for case in suite]
    assert [(case.name, case.is_passed) for case in cases] == [("t", True), ("u", True)]


@pytest.mark.parametrize(
    ("stopped", "why"),
    [
        ("", "did not run: shard 2 ended without running it"),
        ("stopped at its deadline of 50m 00s", "did not run: shard 2 was stopped at its deadline of 50m 00s"),
    ],
)
def test_what_was_selected_and_has_no_result_is_an_error(stopped: str, why: str) -> None:
    manifest = replace(MANIFEST, stopped=stopped)
    xml = junit_of(manifest, [session([ran("gw0", 110.0, 1.0, nodeid="a.py::t")])], ["a.py::t", "a.py::u", "a.py::u"])
    suites = JUnitXml.fromstring(xml.encode())
    assert (suites.tests, suites.errors) == (2, 1)
    assert [[error.message for error in case.result] for suite in suites for case in suite] == [[], [why]]


# -- sealing ---------------------------------------------------------------------------------

SUITE = "import time\ndef test_a(): time.sleep(0.01)\ndef test_b(): assert 0\n"


def test_a_sealed_bundle_holds_both_and_their_digests(project: Project) -> None:
    project.write(test_a=SUITE)
    ran = project.run(n="2", options=("--price-per-minute", "0.5"))
    manifest, cost = ran.bundle.manifest, ran.bundle.cost
    assert manifest is not None
    assert cost is not None
    assert (set(manifest.files), ran.bundle.problems) == (set(SEALED_FILES), ())
    assert (cost.shard, cost.shards, cost.attempt, cost.workers) == (1, 1, 1, 2)
    assert cost.price.usd_per_minute == Decimal("0.5")
    assert cost.command_s == pytest.approx(manifest.end_s - manifest.start_s, abs=0.002)
    assert {worker.worker for worker in cost.worker_times} == {"gw0", "gw1"}
    assert min(cost.command_s, cost.collection_s, cost.tests_s) > 0
    xml = JUnitXml.fromstring((project.root / "bundles/shard-1-of-1-attempt-1/junit.xml").read_bytes())
    assert (xml.tests, xml.failures) == (2, 1)


def test_a_stopped_shard_exports_what_there_is(project: Project) -> None:
    project.write(test_a="import os, signal\ndef test_a(): pass\ndef test_b(): os.kill(os.getpid(), signal.SIGKILL)\n")
    ran = project.run()
    xml = JUnitXml.fromstring((project.root / "bundles/shard-1-of-1-attempt-1/junit.xml").read_bytes())
    assert (ran.code, xml.tests, xml.errors) == (3, 2, 1)
    assert ran.bundle.cost is not None


def test_a_bundle_is_sealed_without_what_could_not_be_exported(project: Project) -> None:
    """The suite makes a directory where junit.xml is to be written."""
    directory = project.root / "bundles/shard-1-of-1-attempt-1/junit.xml"
    project.write(test_a=f"import os\ndef test_a(): os.mkdir({str(directory)!r})\n")
    ran = project.run()
    assert ran.bundle.manifest is not None
    assert (ran.code, ran.bundle.manifest.sealed, ran.bundle.cost) == (0, True, None)
    assert set(ran.bundle.manifest.files) == {*FACTS}
    problem = f"shard 1/1: no junit.xml or cost.json: {directory}: can't be written: Is a directory"
    assert [line for line in ran.output.splitlines() if "junit.xml" in line] == [problem]


def test_a_kill_while_exporting_leaves_a_sealed_bundle(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test left where junit.xml goes isn't sealed before it is replaced."""

    def killed(bundle: Path, *_: object, **__: object) -> None:
        (bundle / "junit.xml").write_text("<new/>")
        raise SystemExit

    monkeypatch.setattr("ci_tools.shard.run.write_exports", killed)
    junit = project.root / "bundles/shard-1-of-1-attempt-1/junit.xml"
    project.write(test_a=f"from pathlib import Path\ndef test_a(): Path({str(junit)!r}).touch()\n")
    monkeypatch.chdir(project.root)
    job = Job(plan=project.plan(1), shard=1, out=project.root / "bundles", command=(*PYTEST, "-n0", "-q"))
    with pytest.raises(SystemExit):
        wait(start(job, os.environ, say=print))
    read = read_bundle(job.bundle)
    assert read.manifest is not None
    assert (read.manifest.sealed, set(read.manifest.files), read.problems) == (True, {*FACTS}, ())


def test_an_older_bundle_without_exports_is_whole(project: Project) -> None:
    project.write(test_a=SUITE)
    project.run()
    bundle = project.root / "bundles/shard-1-of-1-attempt-1"
    manifest = manifest_json.loads((bundle / "manifest.json").read_text(), source="")
    for name in ("junit.xml", "cost.json"):
        (bundle / name).unlink()
    older = {name: digest for name, digest in manifest.files.items() if (bundle / name).exists()}
    (bundle / "manifest.json").write_text(manifest_json.dumps(replace(manifest, files=older)))
    read = read_bundle(bundle)
    assert (read.problems, read.cost) == ((), None)
    assert project.merge().conclusion.value == "failed"


def test_an_export_that_was_changed_later_is_no_damage_to_the_proof(project: Project) -> None:
    project.write(test_a=SUITE)
    project.run()
    bundle = project.root / "bundles/shard-1-of-1-attempt-1"
    (bundle / "cost.json").write_text((bundle / "cost.json").read_text().replace('"attempt": 1', '"attempt": 2'))
    (bundle / "junit.xml").unlink()
    assert read_bundle(bundle).problems == ()


def test_a_link_in_a_bundle_is_not_there_for_an_upload_to_follow(project: Project) -> None:
    project.write(
        test_a="""
        import os, pathlib

        def test_a():
            (bundle,) = pathlib.Path("bundles").iterdir()
            os.symlink("/etc/hostname", bundle / "name")
            (bundle / "workers").mkdir(exist_ok=True)
            os.symlink("/etc", bundle / "workers" / "etc")
            os.symlink(os.getcwd(), bundle / "spending")
    """
    )
    project.write_path("empty.txt", "")
    project.run()
    assert (project.root / "empty.txt").exists()  # what a link leads to is no part of the bundle
    assert [path for path in (project.root / "bundles").rglob("*") if path.is_symlink()] == []


def test_a_junit_xml_of_the_users_own_in_the_bundle_is_no_damage(project: Project) -> None:
    project.write(test_a="def test_a(): pass\n")
    ran = project.run("1/1", f"--junitxml={project.root}/bundles/shard-1-of-1-attempt-1/junit.xml")
    assert (ran.code, ran.bundle.problems) == (0, ())


# -- what can't be exported ------------------------------------------------------------------


def exported(bundle: Path) -> list[str]:
    said: list[str] = []
    write_exports(bundle, replace(MANIFEST, nonce="0123abcd"), Runner(), None, setup_s=None, say=said.append)
    return said


def test_sessions_of_another_run_are_not_exported(tmp_path: Path) -> None:
    other = replace(SESSIONS[0], begin=replace(SESSIONS[0].begin, nonce="other"))
    (tmp_path / "attempts.jsonl").write_text(attempts_text((other,)))
    assert exported(tmp_path) == []
    assert JUnitXml.fromstring((tmp_path / "junit.xml").read_bytes()).tests == 0
    assert cost_json.loads_shard((tmp_path / "cost.json").read_text(), source="").workers == 0


def test_what_is_whole_of_a_damaged_file_is_exported(tmp_path: Path) -> None:
    text = attempts_text(SESSIONS)
    (tmp_path / "attempts.jsonl").write_text(text[: text.index('"t":"end"')])
    assert exported(tmp_path) == []
    assert JUnitXml.fromstring((tmp_path / "junit.xml").read_bytes()).tests == 2


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("attempts.jsonl", '{"format":"other"}\n', "attempts.jsonl: found 'other', wanted 'xdist-ci/attempts'"),
        ("collected.jsonl", "x\n", "collected.jsonl: "),
    ],
)
def test_a_file_of_another_kind_is_said_in_one_line(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    (said,) = exported(tmp_path)
    assert said.startswith(f"shard 2/3: no junit.xml or cost.json: {why}")
    assert "\n" not in said


def test_even_a_bug_costs_no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Outcome, "is_bad", property(lambda outcome: 1 / 0))
    (tmp_path / "attempts.jsonl").write_text(attempts_text(SESSIONS))
    assert exported(tmp_path) == ["shard 2/3: no junit.xml or cost.json: ZeroDivisionError: division by zero"]

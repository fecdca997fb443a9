"""What a merge is held against: earlier runs of the base branch, the quarantine; and what it records."""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import attempt, bundle, plan_of_files
from github.jobs import environ_of

from ci_tools.cli.known import Place, place_of
from ci_tools.cli.main import main
from ci_tools.formats import report_json
from ci_tools.github.context import read_context
from ci_tools.model.report import Report

A, B = "tests/test_a.py::test_a", "tests/test_a.py::test_b"
FAILURE = '<failure message="broken">E broken</failure>'
SHA = "4d6e3b0f" * 5
PUSH = {"repository": {"default_branch": "main"}}
PULL = {**PUSH, "pull_request": {"number": 7, "base": {"ref": "stable"}, "head": {"ref": "main", "sha": SHA}}}
QUEUE = {**PUSH, "merge_group": {"base_ref": "refs/heads/stable"}}


def options(**given: str) -> argparse.Namespace:
    return argparse.Namespace(**{"key": None, "branch": None, "base": None, **given})


@pytest.mark.parametrize(
    ("event", "payload", "branch", "base"),
    [
        ("push", PUSH, "master", "main"),
        ("pull_request", PULL, "pull/7", "stable"),
        ("merge_group", QUEUE, "master", "stable"),
        ("schedule", {}, "master", "master"),
    ],
)
def test_on_github_a_run_stands_where_the_event_says(
    event: str, payload: object, branch: str, base: str, tmp_path: Path
) -> None:
    """A pull request's own branch may be called main: it is recorded as the request's."""
    context = read_context(environ_of(event, payload, tmp_path) | {"GITHUB_SHA": SHA, "GITHUB_RUN_ATTEMPT": "2"})
    place = place_of(options(key="py3.12"), context, [])
    assert place == Place(
        key="py3.12", branch=branch, base=base, sha=SHA, run_id=30433642, run_attempt=2, at_s=place.at_s
    )


def test_elsewhere_the_same_bundles_are_the_same_run() -> None:
    plan = plan_of_files(["a.py"], ["b.py"])
    bundles = [bundle(plan, 1, [attempt("a.py::test_a")]), bundle(plan, 2, [attempt("b.py::test_b")])]
    bundles = [replace(b, manifest=replace(b.manifest, nonce=b.name)) for b in bundles if b.manifest]
    first, again = (place_of(options(branch="main"), None, some) for some in (bundles, bundles[::-1]))
    assert first == again
    assert (first.key, first.branch, first.base, first.run_attempt) == ("tests", "main", "main", 1)
    assert place_of(options(), None, bundles[:1]).run_id != first.run_id


def test_bundles_that_have_a_key_are_recorded_under_it() -> None:
    """Legs that are merged one after the other into one history must not be each other's base."""
    of_leg = bundle(plan_of_files(["a.py"]), 1, [attempt("a.py::test_a")])
    assert of_leg.manifest
    leg = replace(of_leg, manifest=replace(of_leg.manifest, key="py3.12"))
    keys = [place_of(options(**given), None, [leg]).key for given in ({}, {"key": "py3.13"})]
    assert keys == ["py3.12", "py3.13"]


def test_a_bundle_does_not_end_in_the_future() -> None:
    """It would be the newest run for ever, and of a time that the history takes for damage."""
    late = bundle(plan_of_files(["a.py"]), 1, [attempt("a.py::test_a")])
    assert late.manifest
    at_s = place_of(options(), None, [replace(late, manifest=replace(late.manifest, end_s=5e11))]).at_s
    assert late.manifest.end_s < at_s <= time.time()


@pytest.fixture
def merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Report]]:
    """Merge one JUnit file in which the named tests have failed; return exit code and report."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_text("")

    def merge(*failed: str, options: tuple[str, ...] = ("--history", "history.sqlite")) -> tuple[int, Report]:
        rows = [f'name="{nodeid[-6:]}">{FAILURE if nodeid in failed else ""}' for nodeid in (A, B)]
        cases = "".join(f'<testcase classname="tests.test_a" time="0.1" {row}</testcase>' for row in rows)
        Path("junit.xml").write_text(f'<testsuites><testsuite name="pytest">{cases}</testsuite></testsuites>')
        code = main(["merge", "junit.xml", *options])
        return code, report_json.loads(Path("merged/report.json").read_text(), source="report.json")

    return merge


def causes(report: Report) -> dict[str, str]:
    return {judgement.nodeid: judgement.cause.value for judgement in report.judgements}


def test_a_failure_is_new_once_and_then_known_from_the_base(merged: Callable[..., tuple[int, Report]]) -> None:
    new_only = ("--history", "history.sqlite", "--fail-on", "new")
    assert merged()[0] == 0
    code, report = merged(A, options=new_only)
    assert (code, causes(report)) == (1, {A: "new"})
    assert report.changes is not None and report.changes.newly_failing == (A,)
    code, report = merged(A, options=new_only)
    assert (code, causes(report), report.conclusion.value) == (0, {A: "also red on the base"}, "failed")
    code, report = merged(A, B, options=new_only)
    assert (code, causes(report)) == (1, {A: "also red on the base", B: "new"})
    assert merged(options=new_only)[1].changes.fixed == (A, B)  # type: ignore[union-attr]


def test_without_history_all_failures_count(merged: Callable[..., tuple[int, Report]]) -> None:
    code, report = merged(A, options=("--fail-on", "new"))
    assert (code, causes(report), report.changes) == (1, {A: "not compared"}, None)


def test_another_branch_is_no_base(merged: Callable[..., tuple[int, Report]]) -> None:
    merged(A, options=("--history", "history.sqlite", "--branch", "other"))
    assert causes(merged(A)[1]) == {A: "not compared"}
    report = merged(A, options=("--history", "history.sqlite", "--branch", "fix", "--base", "other"))[1]
    assert causes(report) == {A: "also red on the base"}


def test_a_damaged_history_is_said_set_aside_and_begun_anew(
    merged: Callable[..., tuple[int, Report]], capsys: pytest.CaptureFixture[str]
) -> None:
    merged()
    Path("history.sqlite").write_bytes(Path("history.sqlite").read_bytes()[:2000] + b"\xff" * 5000)
    code, report = merged(A)
    assert (code, causes(report)) == (1, {A: "not compared"})
    said = capsys.readouterr().err
    assert "not compared with earlier runs: history.sqlite" in said and "the history begins anew" in said
    with closing(sqlite3.connect("history.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]


def test_a_file_that_is_no_history_is_left_alone(
    merged: Callable[..., tuple[int, Report]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("history.sqlite").write_text("precious")
    assert merged()[0] == 0
    assert "this run is not recorded: history.sqlite: not a history" in capsys.readouterr().err
    assert Path("history.sqlite").read_text() == "precious"


def test_a_history_that_can_not_be_written_changes_no_verdict(
    merged: Callable[..., tuple[int, Report]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("")
    assert merged(options=("--history", "file/history.sqlite"))[0] == 0
    assert "this run is not recorded: " in capsys.readouterr().err


def test_a_quarantined_failure_does_not_redden_and_is_listed(
    merged: Callable[..., tuple[int, Report]], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--reason", "slow mail server", "--owner", "us", "--expires", "9999-12-31")
    assert main(["quarantine", "add", A, *words]) == 0
    code, report = merged(A)
    assert (code, report.conclusion.value, causes(report)) == (0, "passed", {A: "quarantined"})
    assert merged(A, B)[0] == 1
    assert main(["quarantine", "remove", A]) == 0
    assert merged(A)[0] == 1


def test_a_quarantine_that_is_named_must_be_there(
    merged: Callable[..., tuple[int, Report]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileNotFoundError):
        merged(options=("--quarantine", "gone.yml"))  # no report is left to read
    assert "no such file: gone.yml" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\xff\xfe", b"#" * 5_000_001])
def test_a_quarantine_that_can_not_be_read_holds_nothing_and_hides_no_verdict(
    merged: Callable[..., tuple[int, Report]], data: bytes
) -> None:
    Path(".ci-tools").mkdir()
    Path(".ci-tools/quarantine.yml").write_bytes(data)
    code, report = merged(A)
    assert (code, causes(report)) == (1, {A: "not compared"})
    assert report.notes[-1].startswith(".ci-tools/quarantine.yml:1: ")
    assert report.notes[-1].endswith("; nothing is quarantined")


def test_a_name_too_long_for_a_file_is_refused_and_no_bug(
    merged: Callable[..., tuple[int, Report]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert merged(options=("--history", "h" * 300))[0] == 0
    assert "this run is not recorded: " in capsys.readouterr().err
    assert main(["merge", "m" * 300]) == 3


def test_junit_files_beside_bundles_are_not_left_out_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure in one of them would be in no report, and the verdict green."""
    monkeypatch.chdir(tmp_path)
    Path("bundles/shard-1-of-1-attempt-1").mkdir(parents=True)
    Path("reports").mkdir()
    Path("reports/junit.xml").write_text("<testsuite/>")
    for named in ("reports", "reports/junit.xml"):
        assert main(["merge", "bundles", named]) == 2
        assert f"bundles and JUnit files, {named}" in capsys.readouterr().err
    assert main(["merge", "bundles", "reports", "--no-junit"]) == 3


@pytest.mark.parametrize("beside", ["plan.json", "other.json"])
def test_a_quarantine_that_travelled_with_the_plan_is_named_as_in_the_repository(
    merged: Callable[..., tuple[int, Report]], beside: str
) -> None:
    Path("plan").mkdir()
    Path("plan", beside).write_text("")
    Path("plan/quarantine.yml").write_text("- nonsense\n")
    (note,) = merged(options=("--quarantine", "plan/quarantine.yml"))[1].notes
    assert note.startswith((".ci-tools/" if beside == "plan.json" else "plan/") + "quarantine.yml:1: ")

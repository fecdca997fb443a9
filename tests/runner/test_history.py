"""What main's runs leave behind, and what a pull request's verdict makes of it."""

from __future__ import annotations

from runner.act import RUN_ID, Repository
from runner.user import report_of, with_starter

RED = "tests/test_red.py::test_red"
TWO_AND_NEW_ONLY = {"shards: 4": "shards: 2", "command: merge\n": "command: merge\n          fail-on: new\n"}
QUARANTINE = f"""\
- id: {RED}
  reason: broken on purpose
  owner: us
  since: 2026-01-01
  expires: 9999-12-31
"""


def test_what_is_red_on_main_fails_no_pull_request_that_may_fail_by_new_failures_alone(repository: Repository) -> None:
    user = with_starter(repository, "sharded", changes=TWO_AND_NEW_ONLY)
    main = user.run("push", env={"BREAK": "red"})
    assert main.result_of("merge") == "failure"
    assert [judged.cause.value for judged in report_of(user).judgements] == ["not compared"]
    pull = user.run("pull_request", run_id=RUN_ID + 1, env={"BREAK": "red"})
    report = report_of(user, run_id=RUN_ID + 1)
    assert [(judged.nodeid, judged.cause.value) for judged in report.judgements] == [(RED, "also red on the base")]
    assert (pull.result_of("tests"), pull.result_of("merge")) == ("failure", "success")
    assert pull.step("merge", "merge").outputs["new-failures"] == "0"
    assert report.changes is not None and report.changes.base.run_id == RUN_ID


def test_a_quarantine_travels_with_the_plan(repository: Repository) -> None:
    repository.write(".ci-tools/quarantine.yml", QUARANTINE)
    user = with_starter(repository, "sharded", changes={"shards: 4": "shards: 2"})
    run = user.run("push", env={"BREAK": "red"})
    assert (run.result_of("tests"), run.result_of("merge")) == ("failure", "success")
    report = report_of(user)
    assert (report.conclusion.value, [case.nodeid for case in report.quarantined]) == ("passed", [RED])

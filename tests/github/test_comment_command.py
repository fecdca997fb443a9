"""`ci-tools comment`, whole."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github.fake import TOKEN, FakeGitHub
from github.jobs import environ_of
from github.runner_rules import Command, commands_in
from runner.events import payload
from samples import REPORT, RUN_COST

from ci_tools.cli.main import main
from ci_tools.formats import cost_json, report_json
from ci_tools.model.report import Conclusion

RED = report_json.dumps(REPORT)
GREEN = report_json.dumps(replace(REPORT, conclusion=Conclusion.PASSED, reasons=(), cases=(), not_run=(), lost=()))
EVENT = payload("fork_workflow_run")
RUN_ID, HEAD_SHA = EVENT["workflow_run"]["id"], EVENT["workflow_run"]["head_sha"]
MARKER = "<!-- xdist-ci:v1 key=tests -->"

Job = Callable[..., None]


@pytest.fixture
def job(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return what makes this process a job of an event, with a report in `merged`."""

    def become(event_name: str, event: Any, report: str = RED) -> None:
        environ = environ_of(event_name, event, tmp_path) | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github.url,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_SHA": "1" * 40,
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "merged").mkdir(exist_ok=True)
        (tmp_path / "merged/report.json").write_text(report)

    for name in ("GITHUB_EVENT_NAME", "GITHUB_ACTIONS", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return become


def pull_request(github: FakeGitHub) -> Any:
    """Return the event of a pull request that the fake has, too."""
    event = payload("pull_request")
    github.add_pull(event["pull_request"])
    return event


def fork_run(github: FakeGitHub, **reports: str) -> Any:
    """Return the event of a fork's workflow run; its artifacts hold one report per key."""
    pull = payload("fork_pull_request")["pull_request"]
    pull["head"]["sha"], pull["base"]["repo"]["id"] = HEAD_SHA, EVENT["repository"]["id"]
    github.add_pull(pull)
    for key, report in reports.items():
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("report.json", report)
            archive.writestr("cost.json", cost_json.dumps(RUN_COST))
        name = f"xdist-ci-{key}--report-attempt-2"
        github.add_artifact(RUN_ID, name, buffer.getvalue(), head_sha=HEAD_SHA)
    return EVENT


def test_a_pull_request_gets_its_comment(github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job("pull_request", pull_request(github))
    assert main(["comment"]) == 0
    url = "https://github.com/octo-org/octo-repo/pull/2#issuecomment-1001"
    assert capsys.readouterr() == ("", f"comment for tests created: {url}\n")
    (body,) = github.bodies(2)
    assert body.startswith(f"{MARKER}\n")
    assert "https://github.com/octo-org/octo-repo/actions/runs/30433642/attempts/1" in body
    assert "`ec26c3e`" in body


def test_the_next_run_changes_it_and_one_after_that_does_not(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    event = pull_request(github)
    for report in (RED, GREEN, GREEN):
        job("pull_request", event, report)
        assert main(["comment"]) == 0
    said = [line.split(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert said == [f"comment for tests {what}" for what in ("created", "updated", "unchanged")]


def test_on_failure_a_green_run_says_nothing(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job("pull_request", pull_request(github), GREEN)
    assert main(["comment", "--comment", "on-failure"]) == 0
    assert github.bodies(2) == []
    said = "no comment for tests: all is well, and there is none to correct\n"
    assert (capsys.readouterr(), (tmp_path / "summary.md").exists()) == (("", said), False)
    job("pull_request", payload("pull_request"), RED)
    assert main(["comment", "--comment", "on-failure", "--report", str(tmp_path / "merged/report.json")]) == 0
    assert len(github.bodies(2)) == 1


def test_on_change_what_says_the_same_verdict_is_left_alone(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    event = pull_request(github)
    slower = report_json.dumps(replace(REPORT, shards=(replace(REPORT.shards[0], tests_s=99.0), *REPORT.shards[1:])))
    fewer = report_json.dumps(replace(REPORT, cases=REPORT.cases[:1]))
    for report in (GREEN, RED, slower, fewer, GREEN):
        job("pull_request", event, report)
        assert main(["comment", "--comment", "on-change"]) == 0
    said = [line.split(": ")[0].removeprefix("comment for tests ") for line in capsys.readouterr().err.splitlines()]
    assert said == ["no comment for tests", "created", "unchanged", "updated", "updated"]
    assert (len(github.bodies(2)), github.folded) == (1, {"IC_1001": "RESOLVED"})


def test_a_token_that_may_not_fold_is_no_trouble(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    event = pull_request(github)
    github.fail("POST", "/graphql", status=403, message="Resource not accessible by integration")
    for report in (RED, GREEN):
        job("pull_request", event, report)
        assert main(["comment"]) == 0
    url = "https://github.com/octo-org/octo-repo/pull/2#issuecomment-1001"
    why = "it can't be folded away: GitHub answered 403: Resource not accessible by integration"
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[1:]) == ("", [f"comment for tests updated: {url}; {why}"])


def test_never_asks_nobody(github: FakeGitHub, job: Job) -> None:
    job("workflow_run", fork_run(github, tests=RED))
    assert main(["comment", "--comment", "never"]) == 0
    assert github.requests == []


def test_a_fork_s_read_only_token_is_a_notice_and_no_failure(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    event = payload("fork_pull_request")
    github.add_pull(event["pull_request"])
    github.fail("POST", "/comments", status=403, message="Resource not accessible by integration")
    job("pull_request", event)
    assert main(["comment"]) == 0
    fact = "no comment for tests: GitHub answered 403: Resource not accessible by integration"
    hint = "a fork's token is read-only; a workflow that runs on workflow_run can post it: `ci-tools init fork-comment`"
    out, err = capsys.readouterr()
    assert err == f"ci-tools: notice: {fact}\nci-tools: hint: {hint}\n"
    assert commands_in(out) == [Command("notice", f"{fact}\n{hint}", {"title": "xdist-ci"})]
    assert "Resource not accessible by integration" in (tmp_path / "summary.md").read_text()


def test_github_that_limits_us_is_a_warning_and_no_failure(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    github.fail("GET", "/comments", status=429, headers={"Retry-After": "3600"}, message="::error::slow\ndown")
    job("pull_request", pull_request(github))
    assert main(["comment"]) == 0
    out, err = capsys.readouterr()
    fact = "no comment: GitHub answered 429: ::error::slow down"
    hint = "GitHub may be having trouble: https://www.githubstatus.com"
    assert err == f"ci-tools: warning: {fact}\nci-tools: hint: {hint}\n"
    assert commands_in(out) == [Command("warning", f"{fact}\n{hint}", {"title": "xdist-ci"})]


def test_an_empty_token_is_a_warning_and_no_failure(
    github: FakeGitHub, job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job("pull_request", pull_request(github))
    monkeypatch.setenv("GITHUB_TOKEN", " ")
    assert main(["comment"]) == 0
    assert "ci-tools: warning: no comment: GITHUB_TOKEN is empty" in capsys.readouterr().err
    assert github.requests == []


def test_a_push_has_no_pull_request(github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job("push", payload("push"))
    assert main(["comment"]) == 0
    assert capsys.readouterr().err == "ci-tools: notice: no comment: a push event has no pull request\n"
    assert github.requests == []


def test_a_fork_s_run_gets_the_comments_of_all_its_keys(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    job("workflow_run", fork_run(github, tests=RED, other=GREEN))
    assert main(["comment"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in said] == ["comment for other created", "comment for tests created"]
    other, tests = github.bodies(2)
    assert (other.split("\n")[0], tests.split("\n")[0]) == (MARKER.replace("tests", "other"), MARKER)
    run = f"https://github.com/octo-org/octo-repo/actions/runs/{RUN_ID}/attempts/2"
    assert run in tests and f"`{HEAD_SHA[:7]}`" in tests and "attempt 2" in tests


def test_a_fork_s_run_gets_the_comment_of_one_key(github: FakeGitHub, job: Job) -> None:
    job("workflow_run", fork_run(github, tests=RED, other=GREEN))
    assert main(["comment", "--key", "tests"]) == 0
    assert [body.split("\n")[0] for body in github.bodies(2)] == [MARKER]


def test_a_run_without_a_report_is_a_notice(github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job("workflow_run", fork_run(github))
    assert main(["comment", "--key", "x"]) == 0
    assert capsys.readouterr().err == "ci-tools: notice: no comment: the workflow run left no report of key x\n"


def test_a_stranger_s_pull_request_is_not_commented_on(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    event = fork_run(github, tests=RED)
    github.pulls[0]["head"]["sha"] = "0" * 40
    job("workflow_run", event)
    assert main(["comment"]) == 0
    fact = f"no comment: no open pull requests have the tested commit {HEAD_SHA[:7]} as their head"
    assert capsys.readouterr().err == f"ci-tools: notice: {fact}\n"
    assert github.calls("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize(
    ("report", "fact"),
    [
        ("{}", "xdist-ci-tests--report-attempt-2: found nothing, wanted 'xdist-ci/report'"),
        ("[" * 100_000, "xdist-ci-tests--report-attempt-2: nested too deeply"),
        ("::error::", "xdist-ci-tests--report-attempt-2: not JSON: Expecting value: line 1 column 1 (char 0)"),
    ],
    ids=["another format", "deep", "no JSON"],
)
def test_a_report_that_is_none_is_a_warning_and_no_comment(
    report: str, fact: str, github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    job("workflow_run", fork_run(github, tests=report))
    assert main(["comment"]) == 0
    assert f"ci-tools: warning: no comment for tests: {fact}" in capsys.readouterr().err
    assert github.calls("POST") == []


def test_an_artifact_that_is_damaged_keeps_no_other_key_from_its_comment(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    event = fork_run(github, aaa=RED, zzz=GREEN)
    (number,) = (
        artifact["id"] for artifact in github.artifacts[event["workflow_run"]["id"]] if "aaa" in artifact["name"]
    )
    github.zips[number] = b"no zip"
    job("workflow_run", event)
    assert main(["comment"]) == 0
    assert "ci-tools: warning: no comment for aaa: " in capsys.readouterr().err
    assert len(github.calls("POST")) == 1


def test_a_report_that_is_none_keeps_no_other_key_from_its_comment(github: FakeGitHub, job: Job) -> None:
    job("workflow_run", fork_run(github, aaa="{", zzz=GREEN))
    assert main(["comment"]) == 0
    assert len(github.calls("POST")) == 1


def test_a_cost_that_is_none_is_left_out(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job("pull_request", pull_request(github))
    (tmp_path / "merged/cost.json").write_text("{}")
    assert main(["comment"]) == 0
    assert capsys.readouterr().err.startswith("merged/report.json: cost.json: found nothing")
    assert len(github.bodies(2)) == 1


def test_a_dry_run_prints_what_would_be_posted(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job("pull_request", pull_request(github))
    assert main(["comment", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert github.requests == []
    assert main(["comment"]) == 0
    assert github.bodies(2) == [printed]
    for name in ("GITHUB_EVENT_NAME", "GITHUB_TOKEN", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name)
    assert main(["comment", "--dry-run", "--key", "laptop"]) == 0
    assert capsys.readouterr().out.startswith("<!-- xdist-ci:v1 key=laptop -->\n")


def test_a_dry_run_on_workflow_run_writes_nothing(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    job("workflow_run", fork_run(github, tests=RED, other=GREEN))
    assert main(["comment", "--dry-run"]) == 0
    assert capsys.readouterr().out.count("<!-- xdist-ci:v1 key=") == 2
    assert github.calls("POST", "PATCH", "DELETE") == []


@pytest.mark.parametrize(
    ("change", "fact", "hint"),
    [
        ({"GITHUB_EVENT_NAME": ""}, "this is no job of GitHub Actions: GITHUB_EVENT_NAME isn't set", "use --dry-run"),
        (
            {"GITHUB_API_URL": "http://api.github.com"},
            "http://api.github.com is no https address",
            "GITHUB_API_URL is where tokens are sent to",
        ),
    ],
)
def test_a_job_that_is_not_set_up_is_told_how(
    change: dict[str, str], fact: str, hint: str, github: FakeGitHub, job: Job,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    job("pull_request", pull_request(github))
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    assert main(["comment"]) == 3
    assert capsys.readouterr().err == f"ci-tools: error: {fact}\nci-tools: hint: {hint}\n"


def test_a_report_that_was_not_made_is_told(github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job("pull_request", pull_request(github))
    assert main(["comment", "--report", "gone"]) == 3
    said = "ci-tools: error: no such file: gone/report.json\nci-tools: hint: make one with `ci-tools merge`\n"
    assert capsys.readouterr().err == said


def test_the_token_is_said_nowhere(
    github: FakeGitHub, job: Job, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job("workflow_run", fork_run(github, tests=RED))
    main(["comment"])
    github.fail("GET", "/pulls", status=401, message="Bad credentials")
    main(["comment"])
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert TOKEN not in "".join(capsys.readouterr()) + written + "".join(github.bodies(2))

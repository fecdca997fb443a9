"""The comment on the pull request: whatever GitHub answers, the verdict is the tests'."""

from __future__ import annotations

import re
from typing import Any

import pytest
from github.fake import FakeGitHub
from runner import events
from runner.act import RUN_ID, TOKEN, Repository
from runner.user import pull_request, report_of, with_starter

ONE = {"shards: 4": "shards: 1", "pytest: python -m pytest #": "pytest: python -m pytest -n 0 #"}
ONE_TEST = {"tests/test_a.py": "def test_a(): ..."}
CREATE, UPDATE = ("POST", r"/issues/\d+/comments$"), ("PATCH", r"/issues/comments/\d+$")


@pytest.fixture
def user(repository: Repository) -> Repository:
    return with_starter(repository, "sharded", changes=ONE, tests=ONE_TEST)


@pytest.mark.parametrize(
    ("failure", "said", "posted"),
    [
        ({"status": 403, "message": "Resource not accessible by integration"}, "GitHub answered 403", False),
        ({"status": 429, "headers": {"Retry-After": "1"}, "message": "secondary rate limit"}, "", True),
        ({"reset": True, "done": True}, "", True),
    ],
    ids=["403", "429", "reset-after-it-was-done"],  # the others: tests/github
)
def test_no_answer_of_the_api_changes_the_verdict_and_none_makes_two_comments(
    user: Repository, github: FakeGitHub, failure: dict[str, Any], said: str, posted: bool
) -> None:
    event = pull_request(user, github)
    github.fail(*CREATE, **failure)
    run = user.run("pull_request", payload=event, env={"GITHUB_API_URL": github.url})
    assert run.code == 0, run.text
    assert report_of(user).conclusion.value == "passed"
    assert len(github.bodies(2)) == posted
    notices = [a.message for a in run.step("merge", "comment").annotations]
    assert [said in notice for notice in notices] == ([True] if said else [])


def test_when_github_is_down_it_is_a_warning(user: Repository) -> None:
    event = events.moved(events.payload("pull_request"), repository=user.name, head_sha=user.head)
    run = user.run("pull_request", payload=event, env={"GITHUB_API_URL": "https://127.0.0.1:9"})
    assert run.code == 0
    (told,) = run.step("merge", "comment").annotations
    assert told.level == "warning"


def test_never_means_never(repository: Repository, github: FakeGitHub) -> None:
    never = {
        **ONE,
        "          needs: ${{ toJSON(needs) }}\n": "          needs: ${{ toJSON(needs) }}\n          comment: never\n",
    }
    user = with_starter(repository, "sharded", changes=never, tests=ONE_TEST)
    event = pull_request(user, github)
    user.run("pull_request", payload=event, env={"GITHUB_API_URL": github.url})
    assert github.requests == []


@pytest.fixture
def forked(repository: Repository) -> Repository:
    hostile = """
        import pytest

        @pytest.mark.parametrize("x", ["@octocat #1 <!-- xdist-ci:v1 key=tests --> </code>|", "::error::x"])
        def test_a(x):
            assert not x, "::error::planted\\n@everyone `code` <img src=x>"
        """
    return with_starter(repository, "sharded", "fork-comment", changes=ONE, tests={"tests/test_a.py": hostile})


def test_a_forks_pull_request_is_commented_by_the_workflow_that_may(forked: Repository, github: FakeGitHub) -> None:
    event = pull_request(forked, github, "fork_pull_request")
    number = event["pull_request"]["number"]
    github.logins[TOKEN] = "somebody"
    github.fail(*CREATE, status=403, message="Resource not accessible by integration")
    run = forked.run("pull_request", payload=event, workflow="sharded.yml", env={"GITHUB_API_URL": github.url})
    assert run.result_of("merge", "comment") == "success"
    assert github.bodies(number) == []
    # What the tests say is in our annotations, and nowhere else it has become one.
    assert {s.path[-1] for s in run.steps if any("planted" in a.message for a in s.annotations)} == {"merge"}
    assert not list(forked.root.rglob("pwned"))

    github.logins[TOKEN] = "github-actions[bot]"
    privileged = workflow_run(forked, event)
    github.add_artifact(
        privileged["workflow_run"]["id"],
        "xdist-ci-tests--report-attempt-1",
        forked.store.zip(RUN_ID, "xdist-ci-tests--report-attempt-1"),
        head_sha=forked.head,
    )
    run = forked.run(
        "workflow_run", payload=privileged, workflow="fork-comment.yml", env={"GITHUB_API_URL": github.url}
    )
    assert run.code == 0, run.text
    (body,) = github.bodies(number)
    marker, _, headline = body.splitlines()[:3]
    assert (marker, headline) == ("<!-- xdist-ci:v1 key=tests -->", "### ❌ 2 tests failed")
    outside_code = re.sub(r"(`+).*?\1|<code>.*?</code>", "", body, flags=re.S)
    assert "@octocat" not in outside_code and "@everyone" not in outside_code and "<img" not in outside_code
    assert run.result_of("comment") == "success"


def test_the_workflow_that_comments_leaves_runs_of_the_repositorys_own_branches_alone(
    forked: Repository, github: FakeGitHub
) -> None:
    event = events.moved(events.payload("workflow_run"), repository=forked.name, head_sha=forked.head)
    run = forked.run("workflow_run", payload=event, workflow="fork-comment.yml", env={"GITHUB_API_URL": github.url})
    assert run.result_of("comment") == "skipped"
    assert github.requests == []


def test_it_comments_nowhere_when_the_head_has_moved(forked: Repository, github: FakeGitHub) -> None:
    event = pull_request(forked, github, "fork_pull_request")
    github.pulls[0]["head"]["sha"] = "f" * 40
    run = forked.run(
        "workflow_run",
        payload=workflow_run(forked, event),
        workflow="fork-comment.yml",
        env={"GITHUB_API_URL": github.url},
    )
    assert run.code == 0
    assert github.calls("POST", "PATCH", "DELETE") == []


def workflow_run(repository: Repository, opened: dict[str, Any]) -> dict[str, Any]:
    """Return the event of the run that the fork's pull request has completed."""
    event = events.moved(events.payload("fork_workflow_run"), repository=repository.name, head_sha=repository.head)
    event["repository"]["id"] = opened["repository"]["id"]  # GitHub's samples are of different repositories
    event["workflow_run"] |= {"run_attempt": 1, "head_branch": opened["pull_request"]["head"]["ref"]}
    return event

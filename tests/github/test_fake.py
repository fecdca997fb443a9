"""The fake is as strict as GitHub's own description of its API."""

from __future__ import annotations

import pytest
from github.described import Reply, Request, violations
from github.fake import FakeGitHub
from github.shapes import PRIVATE_USER, artifact_of, comment_of, too_long, user
from runner.events import payload

from ci_tools.github.answers import GitHubError
from ci_tools.github.rest import Client

COMMENTS = "/repos/octo-org/octo-repo/issues/1/comments"
ARTIFACTS = "/repos/octo-org/octo-repo/actions/runs/2/artifacts"
PULLS = "/repos/octo-org/octo-repo/pulls"


def violation(method: str, path: str, body: object = None, reply: Reply | None = None) -> str:
    return "\n".join(violations(Request("api", method, path, {}, {}, body), reply))


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", COMMENTS, {"bodyy": "x"}, "'body' is a required property"),
        ("POST", COMMENTS, {"body": 7}, "7 is not of type 'string'"),
        ("GET", COMMENTS.replace("/1/", "/one/"), None, "Failed to cast value to integer type: one"),
        ("GET", "/repos/octo-org/octo-repo/comments", None, "Path not found"),
        ("DELETE", PULLS, None, "Operation delete not found"),
    ],
)
def test_a_wrong_request_is_told(method: str, path: str, body: object, said: str) -> None:
    assert said in violation(method, path, body)


def test_a_wrong_request_fails_the_test_that_made_it() -> None:
    with pytest.raises(AssertionError, match="'body' is a required property"), FakeGitHub() as github:
        github.before_create = lambda: github.comments.clear()
        with Client(github.url, "x") as client, pytest.raises(GitHubError):
            client.post(COMMENTS, {"bodyy": "x"})


@pytest.mark.parametrize(
    ("method", "path", "reply"),
    [
        ("GET", COMMENTS, Reply(200, [comment_of("o/r", 1, 7, "x", "alice")])),
        ("POST", COMMENTS, Reply(201, comment_of("o/r", 1, 7, "x", "github-actions[bot]"))),
        ("POST", COMMENTS, too_long(65_536)),
        ("GET", ARTIFACTS, Reply(200, {"total_count": 1, "artifacts": [artifact_of("o/r", 7, "x", b"")]})),
        ("GET", "/user", Reply(200, user("alice") | PRIVATE_USER)),
    ],
)
def test_the_fake_speaks_as_github_does(method: str, path: str, reply: Reply) -> None:
    assert violation(method, path, None, reply) == ""


def test_a_pull_request_of_an_event_is_what_the_api_returns() -> None:
    pull = payload("fork_pull_request")["pull_request"]
    assert (
        violation("GET", PULLS, None, Reply(200, [pull]))
        == violation("GET", f"{PULLS}/2", None, Reply(200, pull))
        == ""
    )


def test_a_wrong_reply_of_the_fake_is_told() -> None:
    comment = comment_of("o/r", 1, 7, "x", "alice")
    del comment["html_url"]
    assert "'html_url' is a required property" in violation("POST", COMMENTS, None, Reply(201, comment))

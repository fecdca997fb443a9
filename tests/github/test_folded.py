"""A comment is folded away while all is well: when, and what GitHub's refusals matter."""

from __future__ import annotations

from typing import Any

import pytest
from github.bodies import COMMENTS, EVENT, GREEN, MARKER, PULL, RED, REDDER
from github.fake import FakeGitHub

from ci_tools.github.comment import Posted, post
from ci_tools.github.rest import Client


@pytest.fixture(autouse=True)
def _pull(github: FakeGitHub) -> None:
    github.add_pull(EVENT["pull_request"])


@pytest.mark.parametrize("mode", ["always", "on-failure", "on-change"])
def test_a_comment_is_folded_away_while_all_is_well(mode: str, github: FakeGitHub, client: Client) -> None:
    folded = []
    for body in (RED, REDDER, GREEN, GREEN, RED, GREEN):
        post(client, PULL, [body], mode=mode)
        folded.append(dict(github.folded))
    resolved = {"IC_1001": "RESOLVED"}
    assert folded == [{}, {}, resolved, resolved, {}, resolved]
    assert github.calls("POST").count("POST /graphql") == 3


def test_a_green_comment_that_corrects_nothing_stays_open(github: FakeGitHub, client: Client) -> None:
    for _ in range(2):
        post(client, PULL, [GREEN])
    assert (github.folded, github.calls("POST")) == ({}, [f"POST {COMMENTS}/2/comments"])


def test_a_comment_of_an_older_version_was_never_folded(github: FakeGitHub, client: Client) -> None:
    github.add_comment(2, f"{MARKER}\n### 1 test failed\n")
    post(client, PULL, [RED])
    assert "POST /graphql" not in github.calls()
    post(client, PULL, [GREEN])
    assert github.folded == {"IC_1001": "RESOLVED"}


FORBIDDEN = b"""{"data": {"minimizeComment": null}, "errors": [{"type": "FORBIDDEN", "path": ["minimizeComment"],
"locations": [{"line": 2, "column": 3}], "message": "Resource not accessible\\nby integration"}]}"""


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        ({"status": 200, "body": FORBIDDEN}, "GitHub's GraphQL refuses: Resource not accessible by integration"),
        ({"status": 200, "body": b'{"errors": 7}'}, "GitHub's GraphQL refuses"),
        ({"status": 200, "body": b"[]"}, "GitHub's GraphQL refuses"),
        ({"status": 200, "body": b"<html>"}, "GitHub answered 200 with something that isn't JSON"),
        ({"status": 403, "message": "Forbidden"}, "GitHub answered 403: Forbidden"),
        ({"status": 404, "message": "Not Found"}, "GitHub answered 404: Not Found"),
        ({"status": 502, "times": 99}, "GitHub answered 502: Server Error"),
    ],
)
def test_what_can_not_be_folded_is_up_to_date_all_the_same(
    failure: dict[str, Any], why: str, github: FakeGitHub, client: Client
) -> None:
    url = github.add_comment(2, RED)["html_url"]
    github.fail("POST", "/graphql", **failure)
    assert post(client, PULL, [GREEN]) == Posted(what="updated", url=url, why=f"it can't be folded away: {why}")
    assert (github.bodies(2), github.folded) == ([GREEN], {})


def test_what_can_not_be_unfolded_is_told(github: FakeGitHub, client: Client) -> None:
    github.add_comment(2, GREEN)
    github.fail("POST", "/graphql", status=200, body=FORBIDDEN)
    posted = post(client, PULL, [RED])
    said = "it can't be unfolded: GitHub's GraphQL refuses: Resource not accessible by integration"
    assert (posted.what, posted.why, github.bodies(2)) == ("updated", said, [RED])

"""The two mutations that we send, held against GitHub's own schema, and how they are sent."""

from __future__ import annotations

import pytest
from github.clock import FakeClock
from github.fake import TOKEN, FakeGitHub
from github.graphql import invalid

from ci_tools.github.answers import GitHubError, UnavailableError
from ci_tools.github.comment import MINIMIZE, UNMINIMIZE
from ci_tools.github.rest import Client, graphql_url


@pytest.mark.parametrize("query", [MINIMIZE, UNMINIMIZE], ids=["minimize", "unminimize"])
def test_github_s_own_schema_has_our_mutations(query: str) -> None:
    assert invalid({"query": query, "variables": {"id": "IC_1"}}) == []


@pytest.mark.parametrize(
    ("query", "variables", "said"),
    [
        (MINIMIZE.replace("RESOLVED", "SOLVED"), {"id": "x"}, "Value 'SOLVED' does not exist in"),
        (MINIMIZE.replace("subjectId", "id"), {"id": "x"}, "to include required field 'subjectId'"),
        (UNMINIMIZE.replace("isMinimized", "isFolded"), {"id": "x"}, "Cannot query field 'isFolded'"),
        (UNMINIMIZE, {}, "Expected a value of non-null type 'ID!'"),
    ],
)
def test_a_wrong_mutation_fails_the_test_that_made_it(query: str, variables: dict[str, str], said: str) -> None:
    told = pytest.raises(AssertionError, match=said)
    with told, FakeGitHub() as github, Client(github.url, TOKEN) as client, pytest.raises(GitHubError):
        client.graphql(query, **variables)


def test_a_comment_that_is_not_there_can_not_be_folded() -> None:
    with FakeGitHub() as github, Client(github.url, TOKEN) as client, pytest.raises(GitHubError) as error:
        client.graphql(MINIMIZE, id="IC_7")
    assert error.value.fact == "GitHub's GraphQL refuses: Could not resolve to a node with the global id of 'IC_7'."


@pytest.mark.parametrize(
    ("api_url", "url"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.octo.ghe.com/", "https://api.octo.ghe.com/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
        ("https://ghe.example/api/v3/", "https://ghe.example/api/graphql"),
    ],
)
def test_graphql_is_on_the_host_of_the_api(api_url: str, url: str) -> None:
    assert graphql_url(api_url) == url


def test_a_server_without_graphql_is_told(github: FakeGitHub, clock: FakeClock) -> None:
    with Client(f"{github.url}/api/v3", TOKEN, clock=clock) as client, pytest.raises(GitHubError, match="404"):
        client.graphql(MINIMIZE, id="IC_1")
    assert github.calls() == ["POST /api/graphql"]
    github.violations.clear()


@pytest.mark.parametrize(
    "failure", [{"status": 502}, {"reset": True}, {"status": 429, "headers": {"Retry-After": "3"}}]
)
def test_what_may_be_done_twice_is_sent_again(
    failure: dict[str, int], github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    comment = github.add_comment(2, "x")
    github.fail("POST", "/graphql", **failure)  # type: ignore[arg-type]
    assert client.graphql(MINIMIZE, id=comment["node_id"]) == {
        "minimizeComment": {"minimizedComment": {"isMinimized": True}}
    }
    assert len(clock.slept) == 1


def test_a_graphql_that_stays_down_is_given_up(github: FakeGitHub, client: Client) -> None:
    github.fail("POST", "/graphql", status=500, times=99)
    with pytest.raises(UnavailableError):
        client.graphql(MINIMIZE, id="IC_1")
    assert len(github.calls()) == 4

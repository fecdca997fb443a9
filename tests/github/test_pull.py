"""Which pull request a job may comment on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from github.fake import FakeGitHub
from github.jobs import environ_of
from runner.events import FORK_BRANCH, FORK_ID, FORK_OWNER, payload

from ci_tools.github.context import Context, read_context
from ci_tools.github.pull import NoPull, Pull, find_pull, is_current
from ci_tools.github.rest import Client

EVENT = payload("fork_workflow_run")
HEAD_SHA = EVENT["workflow_run"]["head_sha"]
REPOSITORY_ID = EVENT["repository"]["id"]


def context_of(event_name: str, event: Any, tmp_path: Path) -> Context:
    return read_context(environ_of(event_name, event, tmp_path))


def fork_pull(number: int, **changes: Any) -> dict[str, Any]:
    """Return the fork's open pull request whose head the workflow run has tested."""
    pull: dict[str, Any] = payload("fork_pull_request")["pull_request"]
    pull["number"] = number
    pull["head"]["sha"] = changes.pop("head_sha", HEAD_SHA)
    pull["base"]["repo"]["id"] = changes.pop("base_id", REPOSITORY_ID)
    pull["head"]["repo"]["id"] = changes.pop("head_id", FORK_ID)
    return pull | changes


def test_a_pull_request_event_names_its_own(github: FakeGitHub, client: Client, tmp_path: Path) -> None:
    context = context_of("pull_request", payload("pull_request"), tmp_path)
    sha = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
    pull = Pull(repository="octo-org/octo-repo", repository_id=186853002, number=2, head_sha=sha)
    assert find_pull(client, context) == pull
    assert github.requests == []


@pytest.mark.parametrize("event_name", ["push", "merge_group", "schedule", "workflow_dispatch"])
def test_other_events_have_none(event_name: str, github: FakeGitHub, client: Client, tmp_path: Path) -> None:
    context = context_of(event_name, payload(event_name), tmp_path)
    assert find_pull(client, context) == NoPull(f"a {event_name} event has no pull request")
    assert github.requests == []


def test_a_fork_s_is_found_by_its_head_branch(github: FakeGitHub, client: Client, tmp_path: Path) -> None:
    github.add_pull(fork_pull(31))
    context = context_of("workflow_run", EVENT, tmp_path)
    found = Pull(repository="octo-org/octo-repo", repository_id=REPOSITORY_ID, number=31, head_sha=HEAD_SHA)
    assert find_pull(client, context) == found
    (request,) = github.requests
    query = {"per_page": "100", "state": "open", "head": f"{FORK_OWNER}:{FORK_BRANCH}"}
    assert (request.path, request.query) == ("/repos/octo-org/octo-repo/pulls", query)


@pytest.mark.parametrize(
    "other",
    [
        {"head_sha": "0" * 40},
        {"base_id": FORK_ID},
        {"head_id": 7},
        {"state": "closed"},
    ],
    ids=["head moved", "of the fork itself", "another repository of that owner", "closed"],
)
def test_one_that_is_not_of_this_very_commit_is_none(
    other: dict[str, Any], github: FakeGitHub, client: Client, tmp_path: Path
) -> None:
    github.add_pull(fork_pull(31, **other))
    why = f"no open pull requests have the tested commit {HEAD_SHA[:7]} as their head"
    assert find_pull(client, context_of("workflow_run", EVENT, tmp_path)) == NoPull(why)


def test_two_of_one_head_are_none(github: FakeGitHub, client: Client, tmp_path: Path) -> None:
    github.add_pull(fork_pull(31))
    github.add_pull(fork_pull(32))
    why = f"2 open pull requests have the tested commit {HEAD_SHA[:7]} as their head"
    assert find_pull(client, context_of("workflow_run", EVENT, tmp_path)) == NoPull(why)


def test_a_run_of_a_push_is_of_none(github: FakeGitHub, client: Client, tmp_path: Path) -> None:
    event = payload("fork_workflow_run")
    event["workflow_run"]["event"] = "push"
    context = context_of("workflow_run", event, tmp_path)
    assert find_pull(client, context) == NoPull("the workflow run was not of a pull request")
    assert github.requests == []


def test_an_event_without_ids_matches_nothing(github: FakeGitHub, client: Client, tmp_path: Path) -> None:
    """Absent on both sides is not equal, and junk is passed over."""
    event = payload("fork_workflow_run")
    del event["repository"]["id"], event["workflow_run"]["head_repository"]["id"], event["workflow_run"]["head_sha"]
    pull = b'[{"number": 31, "head": {"repo": null}, "base": {"repo": null}}, {"number": "31", "head": 7}, 7, null, []]'
    github.fail("GET", "/pulls", status=200, body=pull)
    found = find_pull(client, context_of("workflow_run", event, tmp_path))
    assert isinstance(found, NoPull)


def test_a_commit_that_neither_names_is_not_the_same(github: FakeGitHub, client: Client, tmp_path: Path) -> None:
    event = payload("fork_workflow_run")
    del event["workflow_run"]["head_sha"]
    pull = fork_pull(31)
    del pull["head"]["sha"]
    github.fail("GET", "/pulls", status=200, body=json.dumps([pull]).encode())
    assert isinstance(find_pull(client, context_of("workflow_run", event, tmp_path)), NoPull)


@pytest.mark.parametrize(
    ("now", "is_it"),
    [({}, True), ({"head_sha": "0" * 40}, False), ({"base_id": 7}, False), ({"state": "closed"}, True)],
    ids=["as tested", "head moved", "another base", "closed meanwhile"],
)
def test_a_pull_request_is_current_while_its_head_is_the_tested_commit(
    now: dict[str, Any], is_it: bool, github: FakeGitHub, client: Client
) -> None:
    github.add_pull(fork_pull(31, **now))
    pull = Pull(repository=github.repository, repository_id=REPOSITORY_ID, number=31, head_sha=HEAD_SHA)
    assert is_current(client, pull) is is_it

"""Descriptions and payloads: the same on a bare clone as with XDIST_CI_DATA, and the derived ones are as they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from openapi_core import OpenAPI
from runner import events, npm, openapi
from runner.data import data


def test_both_roads_lead_to_the_same_description() -> None:
    assert openapi.cut(npm.json_in(openapi.PACKAGE, openapi.VERSION, openapi.MEMBER)) == openapi.description()


def test_the_description_is_complete_in_itself() -> None:
    document = openapi.description()
    assert tuple(sorted(document["paths"])) == tuple(sorted(openapi.PATHS))
    OpenAPI.from_dict(document)  # raises where a reference leads nowhere


def test_both_roads_lead_to_the_same_payloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_data = {name: events.payload(name) for name in events.NAMES}
    monkeypatch.setenv("XDIST_CI_DATA", str(tmp_path))
    monkeypatch.setattr(events, "_sample", events._sample.__wrapped__)  # what was read before is remembered
    assert data("events/push.json") is None
    assert {name: events.payload(name) for name in events.NAMES} == with_data


def test_a_payload_is_a_copy_that_may_be_changed() -> None:
    events.payload("push")["ref"] = "refs/heads/other"
    assert events.payload("push")["ref"] == "refs/heads/master"


def test_a_forks_pull_request_comes_from_another_repository() -> None:
    pull = events.payload("fork_pull_request")["pull_request"]
    assert (pull["head"]["repo"]["full_name"], pull["head"]["repo"]["fork"]) == ("mallory/Hello-World", True)
    assert pull["base"]["repo"]["full_name"] == "Codertocat/Hello-World"
    assert pull["head"]["repo"]["id"] != pull["base"]["repo"]["id"]


def test_a_forks_workflow_run_names_no_pull_request() -> None:
    run = events.payload("fork_workflow_run")["workflow_run"]
    facts = (run["event"], run["run_attempt"], run["pull_requests"], run["head_branch"])
    assert facts == ("pull_request", 2, [], events.FORK_BRANCH)
    assert run["head_repository"]["owner"]["login"] == events.FORK_OWNER


@pytest.mark.parametrize("name", events.NAMES)
def test_a_moved_event_is_this_repositorys_and_its_fork_stays_a_fork(name: str) -> None:
    event = events.moved(events.payload(name), repository="org/user", head_sha="a" * 40)
    assert (event["repository"]["full_name"], event["repository"]["default_branch"]) == ("org/user", "main")
    assert event.get("ref") in (None, "refs/heads/main", "refs/tags/simple-tag")
    pull, run = event.get("pull_request"), event.get("workflow_run")
    if pull:
        assert (pull["base"]["repo"]["full_name"], pull["base"]["ref"], pull["head"]["sha"]) == (
            "org/user",
            "main",
            "a" * 40,
        )
        assert (pull["head"]["repo"]["full_name"] == "org/user") == (name == "pull_request")
    if name == "merge_group":
        assert event["merge_group"]["head_sha"] == "a" * 40
    if run:
        assert run["head_sha"] == "a" * 40
        assert (run["head_repository"]["full_name"] == "org/user") == (name == "workflow_run")

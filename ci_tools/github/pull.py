"""Which pull request a job may comment on. From the event alone: an artifact may name anybody's."""

from __future__ import annotations

from dataclasses import dataclass

from ci_tools.github.context import PULL_REQUEST_EVENTS, Context, number_at, text_at, value_at
from ci_tools.github.rest import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request, as long as its head is the commit that was tested."""

    repository: str
    repository_id: int
    number: int
    head_sha: str


@dataclass(frozen=True, slots=True)
class NoPull:
    """There is none to comment on, and why."""

    why: str


def find_pull(client: Client, context: Context) -> Pull | NoPull:
    """Return the pull request that the event is about."""
    if context.event_name in PULL_REQUEST_EVENTS and context.pull_request:
        head_sha = text_at(context.event, "pull_request", "head", "sha")
        return _pull(context, context.pull_request, head_sha)
    if context.event_name == "workflow_run":
        return _tested_by(client, context)
    return NoPull(f"a {context.event_name} event has no pull request")


def _tested_by(client: Client, context: Context) -> Pull | NoPull:
    """Return the one open pull request whose head the workflow run has tested.

    The event's own list is empty for forks, and so is GitHub's list of a fork's commit's pull requests; by head
    branch they are found. A branch's name is not enough: the commit and both repositories must be the event's.
    """
    event = context.event
    if text_at(event, "workflow_run", "event") not in PULL_REQUEST_EVENTS:
        return NoPull("the workflow run was not of a pull request")
    owner = text_at(event, "workflow_run", "head_repository", "owner", "login")
    branch = text_at(event, "workflow_run", "head_branch")
    head_sha = text_at(event, "workflow_run", "head_sha")
    found = [
        number
        for page in client.pages(f"/repos/{context.repository}/pulls", state="open", head=f"{owner}:{branch}")
        for pull in (page if isinstance(page, list) else ())
        if _is_of(pull, event) and (number := number_at(pull, "number"))
    ]
    if len(found) != 1:
        return NoPull(f"{len(found) or 'no'} open pull requests have the tested commit {head_sha[:7]} as their head")
    return _pull(context, found[0], head_sha)


def _is_of(pull: object, event: object) -> bool:
    same_commit = text_at(pull, "head", "sha") == text_at(event, "workflow_run", "head_sha") != ""
    head, base = number_at(pull, "head", "repo", "id"), number_at(pull, "base", "repo", "id")
    same_head = head == number_at(event, "workflow_run", "head_repository", "id") is not None
    return same_commit and same_head and base == number_at(event, "repository", "id") is not None


def _pull(context: Context, number: int, head_sha: str) -> Pull:
    base = number_at(context.event, "repository", "id") or 0
    return Pull(repository=context.repository, repository_id=base, number=number, head_sha=head_sha)


def is_current(client: Client, pull: Pull) -> bool:
    """Return whether the pull request's head is still the tested commit; to be asked right before a write."""
    now = client.get(f"/repos/{pull.repository}/pulls/{pull.number}")
    same_base = value_at(now, "base", "repo", "id") == pull.repository_id
    return same_base and bool(pull.head_sha) and text_at(now, "head", "sha") == pull.head_sha

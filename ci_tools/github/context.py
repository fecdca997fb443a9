"""Where a job runs: the environment of GitHub Actions and the event, read once and typed.

The standard library alone: the steps that run tests read it too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_tools.model.errors import CiToolsError, FormatError
from ci_tools.store.files import read_text

MAX_EVENT_BYTES = 25_000_000  # GitHub sends no larger payload
DEFAULT_API_URL = "https://api.github.com"
DEFAULT_SERVER_URL = "https://github.com"

# Events of a branch's own code. The others are a tag's, a queue's, or run while foreign code may have run before.
SAVING_EVENTS = ("push", "schedule", "workflow_dispatch")
PULL_REQUEST_EVENTS = ("pull_request", "pull_request_target")

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One job's surroundings; on a laptop all texts are empty and all numbers 0.

    `sha` is what GitHub checked out, in a pull request a merge commit; `head_sha` the commit that was pushed.
    `is_fork` compares repository ids, since names can be taken over.
    """

    event_name: str
    event: Mapping[str, Any]
    repository: str
    repository_id: int
    run_id: int
    run_attempt: int
    sha: str
    head_sha: str
    ref: str
    ref_name: str
    default_branch: str
    pull_request: int | None
    is_fork: bool
    is_public: bool
    api_url: str
    server_url: str

    @property
    def run_url(self) -> str:
        """The page of this attempt, empty outside of GitHub Actions."""
        if not (self.repository and self.run_id):
            return ""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}/attempts/{self.run_attempt}"

    @property
    def is_default_branch(self) -> bool:
        return bool(self.default_branch) and self.ref == f"refs/heads/{self.default_branch}"

    @property
    def saves_durations(self) -> bool:
        """Whether later runs may trust what this run leaves in a cache."""
        return self.is_default_branch and self.event_name in SAVING_EVENTS


def read_context(environ: Mapping[str, str]) -> Context:
    """Return the context of the environment; outside of GitHub Actions an empty one.

    Raises CiToolsError when an event has a name but no readable payload, or a variable isn't what GitHub sets.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    event = read_event(environ.get("GITHUB_EVENT_PATH", "")) if name else {}
    sha = _matching(environ, "GITHUB_SHA", _SHA)
    head = text_at(event, "pull_request", "head", "sha") if name == "pull_request" else ""
    return Context(
        event_name=name,
        event=event,
        repository=_matching(environ, "GITHUB_REPOSITORY", _REPOSITORY),
        repository_id=_number(environ, "GITHUB_REPOSITORY_ID", 0) or number_at(event, "repository", "id") or 0,
        run_id=_number(environ, "GITHUB_RUN_ID", 0),
        run_attempt=_number(environ, "GITHUB_RUN_ATTEMPT", 1),
        sha=sha,
        head_sha=head if _SHA.fullmatch(head) else sha,
        ref=environ.get("GITHUB_REF", ""),
        ref_name=environ.get("GITHUB_REF_NAME", ""),
        default_branch=text_at(event, "repository", "default_branch"),
        pull_request=number_at(event, "pull_request", "number") if name in PULL_REQUEST_EVENTS else None,
        is_fork=_is_fork(name, event),
        is_public=value_at(event, "repository", "private") is False,
        api_url=environ.get("GITHUB_API_URL") or DEFAULT_API_URL,
        server_url=environ.get("GITHUB_SERVER_URL") or DEFAULT_SERVER_URL,
    )


def context_or_none(environ: Mapping[str, str], say: Callable[[str], object]) -> Context | None:
    """Return the context; None where the event can't be read, and why is said: neither tests nor verdict hang on it."""
    try:
        return read_context(environ)
    except CiToolsError as error:
        say(error.fact)
        return None


def read_event(path: str) -> dict[str, Any]:
    """Return the payload at GITHUB_EVENT_PATH; CiToolsError when there is none or it is no JSON object."""
    hint = "GitHub Actions sets GITHUB_EVENT_PATH; elsewhere unset GITHUB_EVENT_NAME too"
    if not path:
        raise CiToolsError("GITHUB_EVENT_NAME is set and GITHUB_EVENT_PATH isn't", hint=hint)
    text = read_text(Path(path), hint=hint, max_bytes=MAX_EVENT_BYTES)
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise FormatError(f"{path}: the event is no JSON object", hint=hint)
    return event


def value_at(event: object, *keys: str) -> object:
    """Return what lies under the keys, None where one is missing or no object."""
    for key in keys:
        event = event.get(key) if isinstance(event, dict) else None
    return event


def text_at(event: object, *keys: str) -> str:
    """Return the text under the keys, empty when there is none."""
    value = value_at(event, *keys)
    return value if isinstance(value, str) else ""


def number_at(event: object, *keys: str) -> int | None:
    """Return the integer ≥ 1 under the keys, None when there is none."""
    value = value_at(event, *keys)
    return value if type(value) is int and value >= 1 else None


def _is_fork(name: str, event: Mapping[str, Any]) -> bool:
    """A head repository that was deleted since was a fork: the event holds null for it."""
    if name in PULL_REQUEST_EVENTS:
        head = number_at(event, "pull_request", "head", "repo", "id")
    elif name == "workflow_run":
        head = number_at(event, "workflow_run", "head_repository", "id")
    else:
        return False
    return head is None or head != number_at(event, "repository", "id")


def _matching(environ: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    text = environ.get(name, "")
    if text and not pattern.fullmatch(text):
        raise CiToolsError(f"{name} is {text[:80]!r}, which GitHub never sets", hint=f"unset {name}")
    return text


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "")
    if text and not re.fullmatch(r"[0-9]{1,18}", text):
        raise CiToolsError(f"{name} is {text[:80]!r}, which GitHub never sets", hint=f"unset {name}")
    return int(text or default)

"""What GitHub answers, and what can be done about a failure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from ci_tools.github.context import text_at
from ci_tools.model.errors import CiToolsError


class GitHubError(CiToolsError):
    """GitHub didn't do what it was asked for."""


class NotAllowedError(GitHubError):
    """The token may not do this, or it isn't there: 401, 403, 404, 410. GitHub doesn't tell these apart."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact, hint="the job needs `pull-requests: write`, and `actions: read` on workflow_run")


class TooLongError(GitHubError):
    """The text of a comment is longer than GitHub takes."""


class UnavailableError(GitHubError):
    """GitHub is down, slow or limits us. `unsure`: the request may have been carried out all the same."""

    def __init__(self, fact: str, *, unsure: bool = False) -> None:
        super().__init__(fact, hint="GitHub may be having trouble: https://www.githubstatus.com")
        self.unsure = unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `next_url` is the next page's."""

    status: int
    headers: CaseInsensitiveDict[str]
    data: bytes
    next_url: str = ""

    def json(self) -> Any:
        """Return the body's value; UnavailableError when it isn't JSON, as from a proxy's error page."""
        try:
            return json.loads(self.data)
        except (ValueError, RecursionError):
            fact = f"GitHub answered {self.status} with something that isn't JSON"
            raise UnavailableError(fact, unsure=True) from None

    @property
    def message(self) -> str:
        """What GitHub says about an error, on one line."""
        try:
            words = " ".join(text_at(self.json(), "message").split())
        except UnavailableError:
            words = ""
        return words[:200]

    @property
    def is_rate_limit(self) -> bool:
        """Whether to come again later. Secondary limits may show it in nothing but the message."""
        if self.status != 403:
            return self.status == 429
        exhausted = self.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in self.headers
        return exhausted or "rate limit" in self.message.lower()


def problem_of(answer: Answer) -> GitHubError:
    """Return the error that an answer stands for."""
    said = f"GitHub answered {answer.status}{f': {answer.message}' if answer.message else ''}"
    if answer.is_rate_limit:
        return UnavailableError(said)
    if answer.status >= 500:
        return UnavailableError(said, unsure=True)
    if answer.status in (401, 403, 404, 410):
        return NotAllowedError(said)
    if answer.status in (413, 422) and b"too long" in answer.data.lower():
        return TooLongError(said)
    return GitHubError(said)


def wait_s(answer: Answer, tries: int, epoch_s: float) -> float | None:
    """Return when to try again, None for never.

    Source: https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
    """
    if not answer.is_rate_limit and answer.status < 500:
        return None
    try:
        return float(Retry().parse_retry_after(answer.headers.get("retry-after", "")))
    except (InvalidHeader, ValueError):
        pass
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, int(reset[:12]) - epoch_s)
    return (60.0 if answer.is_rate_limit else 1.0) * 2.0 ** (tries - 1)

"""GitHub's REST API: few calls, bounded in time, each failure told apart by what can be done about it."""

from __future__ import annotations

import ipaddress
import itertools
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from ci_tools import __version__
from ci_tools.github.answers import Answer, GitHubError, NotAllowedError, UnavailableError, problem_of, wait_s
from ci_tools.github.context import text_at
from ci_tools.model.errors import CiToolsError
from ci_tools.model.words import size

BUDGET_S = 90.0  # of all calls of a client together: a comment must not hold a job for minutes
CONNECT_S, READ_S = 10.0, 30.0
MAX_TRIES = 4
MAX_REDIRECTS = 3
MAX_PAGES = 100
MAX_ANSWER_BYTES = 50_000_000  # a page of 100 comments of 262,144 bytes each is half of it
HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": f"xdist-ci/{__version__}",
}


class Clock:
    """Time as the client takes it."""

    def monotonic(self) -> float:
        return time.monotonic()

    def epoch(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Client:
    """Calls to one API with one token, which is kept in memory and sent to no other host.

    GET, PATCH, DELETE and GraphQL are repeated after a reset, 5xx or rate limit, as long as the budget lasts. POST only
    after a rate limit, which carries nothing out: after a reset see `UnavailableError.unsure`. All raise GitHubError;
    for an address that isn't https CiToolsError.
    """

    def __init__(self, api_url: str, token: str, *, budget_s: float = BUDGET_S, clock: Clock | None = None) -> None:
        self._is_local = _is_loopback(urlsplit(api_url).hostname or "")
        self._api_url = self._checked(api_url.rstrip("/"))
        self._token = token
        self._clock = clock or Clock()
        self._deadline_s = self._clock.monotonic() + budget_s
        self._session = requests.Session()
        self._session.trust_env = not self._is_local  # proxies and certificates of self-hosted runners

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str) -> Any:
        """Return one object."""
        return self._request("GET", self._api_url + path).json()

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        """Yield the pages of a list, 100 items each."""
        answer = self._request("GET", self._api_url + path, query={"per_page": "100", **query})
        for _ in range(MAX_PAGES):
            yield answer.json()
            if not answer.next_url:
                return
            if not self._is_api(answer.next_url):
                raise GitHubError("GitHub's next page is on another host")
            answer = self._request("GET", answer.next_url)
        raise GitHubError(f"GitHub lists more than {MAX_PAGES} pages")

    def post(self, path: str, body: object) -> Any:
        """Create, at most once; UnavailableError with `unsure` when it may have been done."""
        return self._request("POST", self._api_url + path, body=body).json()

    def patch(self, path: str, body: object) -> Any:
        """Change, return what it is now."""
        return self._request("PATCH", self._api_url + path, body=body).json()

    def delete(self, path: str) -> None:
        """Delete."""
        self._request("DELETE", self._api_url + path)

    def graphql(self, query: str, **variables: str) -> Any:
        """Return the data of a query, or of a mutation that may as well be carried out twice.

        NotAllowedError for what GraphQL refuses: it answers 200, and says so in the body.
        """
        body = {"query": query, "variables": variables}
        answer = self._request("POST", graphql_url(self._api_url), body=body, repeats=True).json()
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if errors or not isinstance(answer, dict):
            first = errors[0] if isinstance(errors, list) else None
            words = " ".join(text_at(first, "message").split())[:200]
            raise NotAllowedError(f"GitHub's GraphQL refuses{f': {words}' if words else ''}")
        return answer.get("data")

    def download(self, path: str, *, max_bytes: int) -> bytes:
        """Return a file that GitHub redirects to; the other host never sees the token."""
        return self._request("GET", self._api_url + path, max_bytes=max_bytes).data

    def wait(self, seconds: float) -> bool:
        """Sleep and return True, or return False at once when the budget doesn't last that long."""
        if self._clock.monotonic() + seconds >= self._deadline_s:
            return False
        self._clock.sleep(seconds)
        return True

    def _request(
        self,
        method: str,
        url: str,
        *,
        query: dict[str, str] | None = None,
        body: object = None,
        max_bytes: int = MAX_ANSWER_BYTES,
        repeats: bool = False,
    ) -> Answer:
        for tries in itertools.count(1):
            pause_s: float | None = 2.0 ** (tries - 1)
            try:
                answer = self._follow(method, url, query, body, max_bytes)
            except requests.RequestException as error:
                problem: GitHubError = UnavailableError(f"GitHub can't be reached: {_reason(error)}", unsure=True)
            else:
                if answer.status < 300:
                    return answer
                problem, pause_s = problem_of(answer), wait_s(answer, tries, self._clock.epoch())
            once = method == "POST" and not repeats
            may_be_done = once and isinstance(problem, UnavailableError) and problem.unsure
            if pause_s is None or may_be_done or tries == MAX_TRIES or not self.wait(pause_s):
                raise problem
        raise AssertionError

    def _follow(self, method: str, url: str, query: dict[str, str] | None, body: object, max_bytes: int) -> Answer:
        answer = self._send(method, url, query, body, max_bytes)
        for _ in range(MAX_REDIRECTS):
            if method != "GET" or not 300 < answer.status < 400 or "location" not in answer.headers:
                break
            url = self._checked(urljoin(url, answer.headers["location"]))
            answer = self._send(method, url, None, None, max_bytes)
        return answer

    def _send(self, method: str, url: str, query: dict[str, str] | None, body: object, max_bytes: int) -> Answer:
        left_s = self._deadline_s - self._clock.monotonic()
        if left_s <= 0:
            raise UnavailableError("GitHub took too long")
        with self._session.request(
            method,
            url,
            params=query,
            json=body,
            headers=HEADERS,
            auth=_Bearer(self._token if self._is_api(url) else ""),
            timeout=(min(CONNECT_S, left_s), min(READ_S, left_s)),
            allow_redirects=False,
            stream=True,
        ) as response:
            data = self._read(response, max_bytes)
            next_url = response.links.get("next", {}).get("url", "")
            return Answer(status=response.status_code, headers=response.headers, data=data, next_url=next_url)

    def _read(self, response: requests.Response, max_bytes: int) -> bytes:
        data = bytearray()
        for chunk in response.iter_content(1 << 16):
            data += chunk
            if len(data) > max_bytes:
                raise GitHubError(f"GitHub's answer is larger than {size(max_bytes)}")
            if self._clock.monotonic() > self._deadline_s:
                raise UnavailableError("GitHub took too long", unsure=True)
        return bytes(data)

    def _is_api(self, url: str) -> bool:
        ours, theirs = urlsplit(self._api_url), urlsplit(url)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

    def _checked(self, url: str) -> str:
        """Return the address; CiToolsError when what is sent to it, or comes from it, could be read on the way."""
        parts = urlsplit(url)
        plain = parts.scheme == "http" and self._is_local and _is_loopback(parts.hostname or "")
        if not parts.hostname or parts.username is not None or not (parts.scheme == "https" or plain):
            shown = f"{parts.scheme}://{parts.hostname or ''}"
            raise CiToolsError(f"{shown} is no https address", hint="GITHUB_API_URL is where tokens are sent to")
        return url


def graphql_url(api_url: str) -> str:
    """Return where GraphQL is, on the same host: of `https://host/api/v3` beside it, else below.

    Source: https://docs.github.com/enterprise-server/graphql/guides/forming-calls-with-graphql
    """
    return f"{api_url.rstrip('/').removesuffix('/v3')}/graphql"


class _Bearer(AuthBase):
    """Sets the header by itself, or not at all: a .netrc would replace one that is just given."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: requests.RequestException) -> str:
    """Return what happened without the address, which for a download is signed."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "its certificate isn't trusted" if isinstance(error, requests.exceptions.SSLError) else "no connection"

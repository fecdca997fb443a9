"""A stateful GitHub on loopback: comments, pull requests, artifacts. Requests and answers are held against OpenAPI,
GraphQL is executed by GitHub's own schema.

with FakeGitHub() as github:
    github.add_pull(payload("pull_request")["pull_request"])
    github.fail("POST", "/comments", status=500, times=2)
    …
# leaving raises AssertionError with what GitHub's own description doesn't allow
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from github.described import Reply, Request, violations
from github.graphql import executed, invalid
from github.handler import handler
from github.shapes import PRIVATE_USER, artifact_of, comment_of, refusal, too_long, user

BOT = "github-actions[bot]"
TOKEN = "ghs_of-the-job-0123456789"


@dataclass
class Failure:
    """What happens to the next `times` requests of a route instead of the right answer, or after it."""

    method: str
    path: str
    times: int
    status: int
    message: str
    headers: dict[str, str]
    reset: bool
    delay_s: float
    done: bool
    body: bytes | None

    def fits(self, request: Request) -> bool:
        return self.times > 0 and self.method == request.method and bool(re.search(self.path, request.path))


class FakeGitHub:
    """`logins` maps tokens to whom they write as; who isn't there gets 401. State is open for tests to change."""

    def __init__(self, repository: str = "octo-org/octo-repo") -> None:
        self.repository = repository
        self.logins = {TOKEN: BOT}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.pulls: list[dict[str, Any]] = []
        self.artifacts: dict[int, list[dict[str, Any]]] = {}
        self.zips: dict[int, bytes] = {}
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.max_body_chars = 65_536
        self.folded: dict[str, str] = {}  # classifier by node id
        self.before_create: Callable[[], object] = lambda: None
        self._failures: list[Failure] = []
        self._lock = threading.RLock()
        self._next_id = 1000
        self._servers: list[ThreadingHTTPServer] = []

    def __enter__(self) -> FakeGitHub:
        # Two names of one machine: for HTTP another host.
        self.url = self._serve("api", "127.0.0.1")
        self.blobs_url = self._serve("blobs", "localhost")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        assert kind or not self.violations, "\n".join(self.violations)

    def _serve(self, host: str, name: str) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self.answer, host))
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever asked may have gone
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self._servers.append(server)
        return f"http://{name}:{server.server_port}"

    # What a test arranges and asks

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int = 500,
        times: int = 1,
        message: str = "Server Error",
        headers: dict[str, str] | None = None,
        reset: bool = False,
        delay_s: float = 0.0,
        done: bool = False,
        body: bytes | None = None,
    ) -> None:
        """Let the next requests of a route fail: by status, reset or delay; `done` carries them out all the same."""
        failure = Failure(method, path, times, status, message, headers or {}, reset, delay_s, done, body)
        self._failures.append(failure)

    def add_comment(self, number: int, body: str, login: str = BOT) -> dict[str, Any]:
        """Add somebody's comment to a pull request."""
        with self._lock:
            self._next_id += 1
            comment = comment_of(self.repository, number, self._next_id, body, login)
            self.comments.setdefault(number, []).append(comment)
            return comment

    def add_pull(self, pull: dict[str, Any]) -> None:
        """Add a pull request as GitHub's events hold it."""
        self.pulls.append(pull)

    def add_artifact(self, run_id: int, name: str, data: bytes, *, head_sha: str, **changes: Any) -> dict[str, Any]:
        """Add an artifact to a workflow run; `changes` are made to what GitHub says about it."""
        with self._lock:
            self._next_id += 1
            run = {"id": run_id, "repository_id": 1, "head_branch": "b", "head_sha": head_sha}
            artifact = artifact_of(self.repository, self._next_id, name, data) | {"workflow_run": run} | changes
            self.artifacts.setdefault(run_id, []).append(artifact)
            self.zips[self._next_id] = data
            return artifact

    def bodies(self, number: int) -> list[str]:
        """Return the comments on a pull request, oldest first."""
        return [comment["body"] for comment in self.comments.get(number, [])]

    def calls(self, *methods: str) -> list[str]:
        """Return `METHOD /path` of each request in order, of these methods or of all."""
        return [f"{r.method} {r.path}" for r in self.requests if not methods or r.method in methods]

    # What GitHub does

    def answer(self, request: Request) -> Reply | None:
        """Return the reply, None for a reset connection."""
        with self._lock:
            self.requests.append(request)
            failure = next((failure for failure in self._failures if failure.fits(request)), None)
            if failure:
                failure.times -= 1
        if failure is None:
            return self._checked(request)
        if failure.done:
            self._checked(request)
        time.sleep(failure.delay_s)
        said = {"message": failure.message, "documentation_url": "https://docs.github.com/rest"}
        return None if failure.reset else Reply(failure.status, said, failure.headers, failure.body)

    def _checked(self, request: Request) -> Reply:
        if request.host == "blobs":
            return self._blob(request)
        if request.path == "/graphql":
            return self._graphql(request)
        with self._lock:
            self.violations += violations(request, None)
        if request.method == "POST":
            self.before_create()
        with self._lock:
            reply = self._routed(request)
            self.violations += violations(request, reply)
        return reply

    def _graphql(self, request: Request) -> Reply:
        """A refusal is an answer, too, with status 200; but a query that the schema doesn't allow is ours to mend."""
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.logins:
            return refusal(401, "Bad credentials")
        with self._lock:
            self.violations += invalid(request.body)
            return Reply(
                200, executed(request.body, {"minimizeComment": self._fold, "unminimizeComment": self._unfold})
            )

    def _fold(self, info: object, input: dict[str, str]) -> dict[str, Any]:
        node_id = self._node(input["subjectId"])
        self.folded[node_id] = input["classifier"]
        return {"minimizedComment": {"__typename": "IssueComment", "isMinimized": True}}

    def _unfold(self, info: object, input: dict[str, str]) -> dict[str, Any]:
        self.folded.pop(self._node(input["subjectId"]), None)
        return {"unminimizedComment": {"__typename": "IssueComment", "isMinimized": False}}

    def _node(self, node_id: str) -> str:
        if all(comment["node_id"] != node_id for listed in self.comments.values() for comment in listed):
            raise LookupError(f"Could not resolve to a node with the global id of '{node_id}'.")
        return node_id

    def _routed(self, request: Request) -> Reply:
        login = self.logins.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if login is None:
            return refusal(401, "Bad credentials")
        for method, pattern, handle in (
            ("GET", r"/user", self._user),
            ("GET", r"/issues/(\d+)/comments", self._list_comments),
            ("POST", r"/issues/(\d+)/comments", self._create_comment),
            ("PATCH", r"/issues/comments/(\d+)", self._update_comment),
            ("DELETE", r"/issues/comments/(\d+)", self._delete_comment),
            ("GET", r"/pulls", self._list_pulls),
            ("GET", r"/pulls/(\d+)", self._pull),
            ("GET", r"/actions/runs/(\d+)/artifacts", self._list_artifacts),
            ("GET", r"/actions/artifacts/(\d+)/zip", self._zip),
        ):
            match = re.fullmatch(pattern, request.path.removeprefix(f"/repos/{self.repository}"))
            if match and method == request.method:
                return handle(request, login, *map(int, match.groups()))
        return refusal(404, "Not Found")

    def _user(self, request: Request, login: str) -> Reply:
        if login.endswith("[bot]"):
            return refusal(403, "Resource not accessible by integration")
        return Reply(200, user(login) | PRIVATE_USER)

    def _list_comments(self, request: Request, login: str, number: int) -> Reply:
        return self._page(request, self.comments.get(number, []))

    def _create_comment(self, request: Request, login: str, number: int) -> Reply:
        if len(request.body["body"]) > self.max_body_chars:
            return too_long(self.max_body_chars)
        return Reply(201, self.add_comment(number, request.body["body"], login))

    def _update_comment(self, request: Request, login: str, number: int) -> Reply:
        comment = self._comment(number)
        if comment is None:
            return refusal(404, "Not Found")
        if len(request.body["body"]) > self.max_body_chars:
            return too_long(self.max_body_chars)
        comment["body"] = request.body["body"]
        return Reply(200, comment)

    def _delete_comment(self, request: Request, login: str, number: int) -> Reply:
        comment = self._comment(number)
        if comment is None:
            return refusal(404, "Not Found")
        for listed in self.comments.values():
            listed[:] = [one for one in listed if one is not comment]
        return Reply(204)

    def _comment(self, number: int) -> dict[str, Any] | None:
        return next((one for listed in self.comments.values() for one in listed if one["id"] == number), None)

    def _list_pulls(self, request: Request, login: str) -> Reply:
        """As GitHub does: by owner and branch of the head, whatever its repository is called."""
        owner, _, branch = request.query.get("head", "").partition(":")
        state = request.query.get("state", "open")
        found = [
            pull
            for pull in self.pulls
            if (pull["head"]["user"]["login"], pull["head"]["ref"]) == (owner, branch)
            and state in ("all", pull["state"])
        ]
        return self._page(request, found)

    def _pull(self, request: Request, login: str, number: int) -> Reply:
        found = [pull for pull in self.pulls if pull["number"] == number]
        return Reply(200, found[0]) if found else refusal(404, "Not Found")

    def _list_artifacts(self, request: Request, login: str, run_id: int) -> Reply:
        listed = self.artifacts.get(run_id, [])
        page = self._page(request, listed)
        return Reply(200, {"total_count": len(listed), "artifacts": page.body}, page.headers)

    def _zip(self, request: Request, login: str, number: int) -> Reply:
        if number not in self.zips:
            return refusal(410, "Artifact has expired")
        return Reply(302, None, {"Location": f"{self.blobs_url}/{number}?sig=secret-signature"})

    def _blob(self, request: Request) -> Reply:
        """A blob store takes the signature in the address, and refuses a second credential."""
        if "Authorization" in request.headers or request.query.get("sig") != "secret-signature":
            return Reply(400, {"message": "InvalidAuthenticationInfo"})
        return Reply(200, raw=self.zips[int(request.path[1:])], headers={"Content-Type": "application/zip"})

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Reply:
        size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
        size = min(size, 100)
        headers = {}
        if page * size < len(items):
            query = urlencode({**request.query, "page": page + 1})
            headers["Link"] = f'<{self.url}{request.path}?{query}>; rel="next", <{self.url}/last>; rel="last"'
        return Reply(200, items[(page - 1) * size : page * size], headers)

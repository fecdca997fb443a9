from __future__ import annotations

import io
import logging
import zipfile
from pathlib import Path

import pytest
from github.clock import FakeClock
from github.fake import TOKEN, FakeGitHub

from ci_tools import __version__
from ci_tools.github.answers import GitHubError, NotAllowedError, TooLongError, UnavailableError
from ci_tools.github.rest import BUDGET_S, Client
from ci_tools.model.errors import CiToolsError

COMMENTS = "/repos/octo-org/octo-repo/issues/2/comments"
DOWN = "GitHub may be having trouble: https://www.githubstatus.com"


def test_a_request_says_who_asks_and_for_which_version(github: FakeGitHub, client: Client) -> None:
    list(client.pages(COMMENTS))
    (request,) = github.requests
    headers = {
        name: request.headers[name] for name in ("Accept", "X-GitHub-Api-Version", "User-Agent", "Authorization")
    }
    assert headers == {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": f"xdist-ci/{__version__}",
        "Authorization": f"Bearer {TOKEN}",
    }


def test_no_proxy_stands_between_this_machine_and_itself(
    github: FakeGitHub, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Client(github.url, TOKEN, clock=clock) as client:
        assert list(client.pages(COMMENTS)) == [[]]


def test_all_pages_are_read(github: FakeGitHub, client: Client) -> None:
    for number in range(205):
        github.add_comment(2, str(number))
    pages = [[comment["body"] for comment in page] for page in client.pages(COMMENTS)]
    assert [len(page) for page in pages] == [100, 100, 5]
    assert [body for page in pages for body in page] == [str(number) for number in range(205)]


def test_a_next_page_on_another_host_gets_no_token(github: FakeGitHub, client: Client) -> None:
    headers = {"Link": f'<{github.blobs_url}/more>; rel="next"'}
    github.fail("GET", "/comments", status=200, headers=headers, body=b"[]")
    with pytest.raises(GitHubError, match="GitHub's next page is on another host"):
        list(client.pages(COMMENTS))
    assert [request.host for request in github.requests] == ["api"]


def test_pages_without_an_end_are_left(github: FakeGitHub, client: Client) -> None:
    link = {"Link": f'<{github.url}{COMMENTS}>; rel="next"'}
    github.fail("GET", "/comments", status=200, headers=link, body=b"[]", times=1000)
    with pytest.raises(GitHubError, match="GitHub lists more than 100 pages"):
        list(client.pages(COMMENTS))


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", [{"status": 500}, {"status": 502}, {"status": 503}, {"reset": True}])
def test_what_may_be_repeated_is_repeated(
    method: str, failure: dict[str, int], github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    comment = github.add_comment(2, "before")
    path = f"/repos/octo-org/octo-repo/issues/comments/{comment['id']}"
    github.fail(method, "/comments", times=3, **failure)  # type: ignore[arg-type]
    if method == "GET":
        list(client.pages(COMMENTS))
    elif method == "PATCH":
        client.patch(path, {"body": "after"})
    else:
        client.delete(path)
    assert github.bodies(2) == {"GET": ["before"], "PATCH": ["after"], "DELETE": []}[method]
    assert (clock.slept, len(github.requests)) == ([1.0, 2.0, 4.0], 4)


def test_github_that_stays_down_is_given_up_after_four_tries(
    github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    github.fail("GET", "/comments", status=502, times=9)
    with pytest.raises(UnavailableError) as refused:
        list(client.pages(COMMENTS))
    assert (refused.value.fact, refused.value.hint) == ("GitHub answered 502: Server Error", DOWN)
    assert (len(github.requests), clock.slept) == (4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize("failure", [{"status": 500}, {"reset": True}, {"status": 201, "body": b"<html>"}])
def test_a_post_whose_fate_is_unknown_is_not_repeated(
    failure: dict[str, int], github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    github.fail("POST", "/comments", done=True, **failure)  # type: ignore[arg-type]
    with pytest.raises(UnavailableError) as refused:
        client.post(COMMENTS, {"body": "once"})
    assert refused.value.unsure
    assert (github.bodies(2), clock.slept) == (["once"], [])


@pytest.mark.parametrize(
    ("status", "message", "headers", "slept"),
    [
        (429, "Too many requests", {"Retry-After": "7"}, [7.0]),
        (403, "Forbidden", {"Retry-After": "30"}, [30.0]),
        (403, "You have exceeded a secondary rate limit", {}, [60.0]),
        (403, "Forbidden", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000042"}, [42.0]),
        (429, "API rate limit exceeded", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "999"}, [1.0]),
        (429, "soon", {"Retry-After": "rubbish"}, [60.0]),
        (503, "Service Unavailable", {"Retry-After": "20"}, [20.0]),
    ],
)
def test_a_limit_is_waited_for_as_long_as_github_says(
    status: int,
    message: str,
    headers: dict[str, str],
    slept: list[float],
    github: FakeGitHub,
    client: Client,
    clock: FakeClock,
) -> None:
    github.fail("GET", "/comments", status=status, message=message, headers=headers)
    assert list(client.pages(COMMENTS)) == [[]]
    assert clock.slept == slept


def test_a_post_that_was_limited_was_not_done_and_is_repeated(github: FakeGitHub, client: Client) -> None:
    github.fail("POST", "/comments", status=429, headers={"Retry-After": "7"}, times=2)
    client.post(COMMENTS, {"body": "once"})
    assert github.bodies(2) == ["once"]


@pytest.mark.parametrize("after", ["91", "3600", "99999999999999999999"])
def test_a_limit_longer_than_the_budget_is_not_waited_for(
    after: str, github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    github.fail("GET", "/comments", status=429, headers={"Retry-After": after}, message="slow down")
    with pytest.raises(UnavailableError, match="GitHub answered 429: slow down"):
        list(client.pages(COMMENTS))
    assert clock.slept == []


def test_all_calls_together_share_one_budget(github: FakeGitHub, client: Client, clock: FakeClock) -> None:
    github.fail("GET", "/comments", status=429, headers={"Retry-After": "40"}, times=9)
    with pytest.raises(UnavailableError):
        list(client.pages(COMMENTS))
    assert clock.slept == [40.0, 40.0]
    clock.sleep(BUDGET_S)
    with pytest.raises(UnavailableError, match="GitHub took too long"):
        client.get("/user")
    assert len(github.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_is_not_allowed_is_not_tried_again(
    status: int, github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    github.fail("POST", "/comments", status=status, message="Resource not accessible\nby integration")
    with pytest.raises(NotAllowedError) as refused:
        client.post(COMMENTS, {"body": "x"})
    assert refused.value.fact == f"GitHub answered {status}: Resource not accessible by integration"
    assert refused.value.hint == "the job needs `pull-requests: write`, and `actions: read` on workflow_run"
    assert (len(github.requests), clock.slept) == (1, [])


def test_a_body_that_is_too_long_is_told_from_other_refusals(github: FakeGitHub, client: Client) -> None:
    with pytest.raises(TooLongError):
        client.post(COMMENTS, {"body": "x" * 65_537})
    github.fail("POST", "/comments", status=422, message="Validation Failed")
    with pytest.raises(GitHubError) as refused:
        client.post(COMMENTS, {"body": "x"})
    assert (type(refused.value), refused.value.fact) == (GitHubError, "GitHub answered 422: Validation Failed")


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"[" * 100_000, b"\xff"])
def test_a_proxy_that_answers_no_json_is_no_bug_of_ours(body: bytes, github: FakeGitHub, client: Client) -> None:
    github.fail("GET", "/user", status=200, body=body)
    with pytest.raises(UnavailableError, match="GitHub answered 200 with something that isn't JSON"):
        client.get("/user")


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("report.json", "{}")
    return buffer.getvalue()


def test_a_download_goes_to_the_other_host_without_the_token(
    github: FakeGitHub, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login eve password secret\nmachine 127.0.0.1 login eve password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    artifact = github.add_artifact(1, "x", zipped(), head_sha="0" * 40)
    path = f"/repos/octo-org/octo-repo/actions/artifacts/{artifact['id']}/zip"
    assert client.download(path, max_bytes=1000) == zipped()
    sent = [(request.host, request.headers.get("Authorization")) for request in github.requests]
    assert sent == [("api", f"Bearer {TOKEN}"), ("blobs", None)]


def test_a_download_that_is_too_large_is_cut_off(github: FakeGitHub, client: Client) -> None:
    artifact = github.add_artifact(1, "x", b"x" * 200_000, head_sha="0" * 40)
    path = f"/repos/octo-org/octo-repo/actions/artifacts/{artifact['id']}/zip"
    with pytest.raises(GitHubError, match="GitHub's answer is larger than 100 kB"):
        client.download(path, max_bytes=100_000)


def test_an_address_that_redirects_for_ever_is_left(github: FakeGitHub, client: Client) -> None:
    github.fail("GET", "/user", status=302, headers={"Location": "/user"}, times=99)
    with pytest.raises(GitHubError, match="GitHub answered 302"):
        client.get("/user")
    assert len(github.requests) == 4


def test_a_write_is_never_redirected(github: FakeGitHub, client: Client) -> None:
    github.fail("POST", "/comments", status=307, headers={"Location": f"{github.blobs_url}/elsewhere"})
    with pytest.raises(GitHubError, match="GitHub answered 307"):
        client.post(COMMENTS, {"body": "x"})
    assert [request.host for request in github.requests] == ["api"]


@pytest.mark.parametrize("location", ["http://blobs.example/x", "ftp://127.0.0.1/x", "https://eve@blobs.example/"])
def test_a_redirect_to_what_is_not_https_is_refused(location: str, github: FakeGitHub, client: Client) -> None:
    github.fail("GET", "/user", status=302, headers={"Location": location})
    with pytest.raises(CiToolsError, match="is no https address"):
        client.get("/user")


@pytest.mark.parametrize(
    "url", ["http://api.github.com", "http://127.0.0.1.evil.example", "http://localhost.evil", "api.github.com", "",
            "https://user@api.github.com", "file:///etc/passwd", "http://10.0.0.1"]
)  # fmt: skip
def test_a_token_is_sent_over_https_alone(url: str) -> None:
    with pytest.raises(CiToolsError) as refused:
        Client(url, TOKEN)
    assert "is no https address" in refused.value.fact
    assert refused.value.hint == "GITHUB_API_URL is where tokens are sent to"


@pytest.mark.parametrize("url", ["https://api.github.com", "https://ghe.example/api/v3/", "http://[::1]:8080"])
def test_https_and_loopback_are_taken(url: str) -> None:
    with Client(url, TOKEN):
        pass


def test_no_plain_http_to_this_machine_from_a_real_api() -> None:
    """A redirect must not reach services of the runner's own machine."""
    with Client("https://api.github.com", TOKEN) as client, pytest.raises(CiToolsError):
        client._checked("http://127.0.0.1/x")


def test_no_error_and_no_log_tells_the_token_or_a_signature(
    github: FakeGitHub, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    artifact = github.add_artifact(1, "x", zipped(), head_sha="0" * 40)
    path = f"/repos/octo-org/octo-repo/actions/artifacts/{artifact['id']}/zip"
    client.download(path, max_bytes=1000)
    github.fail("GET", r"^/\d+$", reset=True, times=9)
    with pytest.raises(UnavailableError) as refused:
        client.download(path, max_bytes=1000)
    assert (refused.value.fact, TOKEN in repr(client)) == ("GitHub can't be reached: no connection", False)
    assert TOKEN not in caplog.text


def test_an_answer_that_does_not_come_in_time_is_not_waited_for(github: FakeGitHub, clock: FakeClock) -> None:
    github.fail("GET", "/user", delay_s=0.5, times=9)
    with Client(github.url, TOKEN, budget_s=0.1, clock=clock) as client, pytest.raises(UnavailableError) as refused:
        client.get("/user")
    assert refused.value.fact == "GitHub can't be reached: no answer in time"

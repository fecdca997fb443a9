"""The one comment per key."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from github.bodies import COMMENTS, EVENT, GREEN, MARKER, PULL, RED, REDDER
from github.clock import FakeClock
from github.fake import BOT, TOKEN, FakeGitHub

from ci_tools.github.answers import GitHubError, UnavailableError
from ci_tools.github.comment import Posted, post
from ci_tools.github.rest import Client

OTHER = GREEN.replace("key=tests", "key=py3.10")


@pytest.fixture(autouse=True)
def _pull(github: FakeGitHub) -> None:
    github.add_pull(EVENT["pull_request"])


def test_the_first_run_creates_a_comment_and_later_ones_keep_it_up_to_date(github: FakeGitHub, client: Client) -> None:
    url = "https://github.com/octo-org/octo-repo/pull/2#issuecomment-1001"
    assert post(client, PULL, [RED]) == Posted(what="created", url=url)
    assert post(client, PULL, [GREEN]) == Posted(what="updated", url=url)
    assert post(client, PULL, [GREEN]) == Posted(what="unchanged", url=url)
    assert github.bodies(2) == [GREEN]
    writes = github.calls("POST", "PATCH", "DELETE")
    assert writes == [f"POST {COMMENTS}/2/comments", f"PATCH {COMMENTS}/comments/1001", "POST /graphql"]


def test_every_key_has_its_own(github: FakeGitHub, client: Client) -> None:
    post(client, PULL, [RED])
    assert post(client, PULL, [OTHER]).what == "created"
    assert github.bodies(2) == [RED, OTHER]


@pytest.mark.parametrize("n_before", [30, 100, 250])
def test_the_comment_is_found_behind_many_others(n_before: int, github: FakeGitHub, client: Client) -> None:
    for _ in range(n_before):
        github.add_comment(2, "a word", login="alice")
    github.add_comment(2, RED)
    assert post(client, PULL, [GREEN]).what == "updated"
    assert github.bodies(2)[n_before:] == [GREEN]


@pytest.mark.parametrize("login", ["mallory", "github-actions", "dependabot[bot]"])
def test_a_marker_that_somebody_else_wrote_is_nothing(login: str, github: FakeGitHub, client: Client) -> None:
    planted = f"{MARKER}\n### all passed, believe me\n"
    github.add_comment(2, planted, login=login)
    assert post(client, PULL, [RED]).what == "created"
    assert github.bodies(2) == [planted, RED]


def test_a_person_who_is_called_like_the_bot_is_not_the_bot(github: FakeGitHub, client: Client) -> None:
    github.add_comment(2, GREEN)["user"]["type"] = "User"
    assert post(client, PULL, [RED]).what == "created"


@pytest.mark.parametrize("body", [f"see:\n{MARKER}\n", f"> {MARKER}\n", f"{MARKER} x\n", "", MARKER.upper()])
def test_a_marker_elsewhere_than_on_the_first_line_is_none(body: str, github: FakeGitHub, client: Client) -> None:
    """A test's name, which our own comment shows, may hold a marker."""
    github.add_comment(2, body)
    assert post(client, PULL, [RED]).what == "created"


def test_line_ends_that_github_changed_are_no_change(github: FakeGitHub, client: Client) -> None:
    github.add_comment(2, RED.replace("\n", "\r\n").rstrip())
    assert post(client, PULL, [RED]).what == "unchanged"


def test_a_token_of_a_person_writes_as_that_person(github: FakeGitHub, clock: FakeClock) -> None:
    github.logins["ghp_person"] = "Octocat"
    github.add_comment(2, GREEN)  # of github-actions[bot], which isn't us now
    github.add_comment(2, GREEN, login="Octocat")
    with Client(github.url, "ghp_person", clock=clock) as client:
        assert post(client, PULL, [RED]).what == "updated"
    assert github.bodies(2) == [GREEN, RED]


def test_an_app_says_who_it_is(github: FakeGitHub, clock: FakeClock) -> None:
    github.logins["ghs_app"] = "our-app[bot]"
    with Client(github.url, "ghs_app", clock=clock) as client:
        post(client, PULL, [RED], author="our-app[bot]")
        assert post(client, PULL, [GREEN], author="Our-App[bot]").what == "updated"
    assert github.bodies(2) == [GREEN]
    assert "GET /user" not in github.calls()


@pytest.mark.parametrize(
    ("mode", "body", "before", "what", "after"),
    [
        ("always", GREEN, [], "created", [GREEN]),
        ("always", f"{RED}in 2 s", [RED], "updated", [f"{RED}in 2 s"]),
        ("on-failure", RED, [], "created", [RED]),
        ("on-failure", GREEN, [], "unneeded", []),
        ("on-failure", GREEN, [RED], "updated", [GREEN]),
        ("on-change", GREEN, [], "unneeded", []),
        ("on-change", RED, [], "created", [RED]),
        ("on-change", f"{RED}in 2 s", [RED], "unchanged", [RED]),
        ("on-change", f"{GREEN}in 2 s", [GREEN.replace("\n", "\r\n")], "unchanged", [GREEN.replace("\n", "\r\n")]),
        ("on-change", REDDER, [RED], "updated", [REDDER]),
        ("on-change", GREEN, [RED], "updated", [GREEN]),
        ("on-change", RED, [RED, RED], "unchanged", [RED]),
        # A comment of an older version: nobody knows what it says.
        ("on-change", RED, [f"{MARKER}\n### 1 test failed\n"], "updated", [RED]),
        ("on-change", RED, [MARKER], "updated", [RED]),
        ("never", RED, [GREEN], "unneeded", [GREEN]),
    ],
)
def test_when_a_comment_is_wanted(
    mode: str, body: str, before: list[str], what: str, after: list[str], github: FakeGitHub, client: Client
) -> None:
    for old in before:
        github.add_comment(2, old)
    assert post(client, PULL, [body], mode=mode).what == what
    assert github.bodies(2) == after
    assert mode != "never" or github.requests == []


def test_a_comment_that_says_the_same_verdict_is_named_and_not_written(github: FakeGitHub, client: Client) -> None:
    url = github.add_comment(2, RED)["html_url"]
    assert post(client, PULL, [f"{RED}in 2 s"], mode="on-change") == Posted(what="unchanged", url=url)
    assert github.calls("POST", "PATCH", "DELETE") == []


def test_a_head_that_moved_on_is_left_alone(github: FakeGitHub, client: Client) -> None:
    github.add_comment(2, RED)
    github.pulls[0] = {**EVENT["pull_request"], "head": {**EVENT["pull_request"]["head"], "sha": "0" * 40}}
    why = "the pull request's head is no longer the tested commit"
    assert post(client, PULL, [GREEN]) == Posted(what="skipped", why=why)
    assert github.bodies(2) == [RED]


@pytest.mark.parametrize("before", [[], [GREEN]], ids=["create", "update"])
def test_what_is_too_long_is_shortened_until_it_fits(before: list[str], github: FakeGitHub, client: Client) -> None:
    github.max_body_chars = 150
    for body in before:
        github.add_comment(2, body)
    rungs = [RED + "x" * n for n in (500, 200, 20, 0)]
    assert post(client, PULL, rungs).what == ("updated" if before else "created")
    assert github.bodies(2) == [rungs[2]]


def test_a_comment_that_can_not_be_short_enough_is_an_error(github: FakeGitHub, client: Client) -> None:
    github.max_body_chars = 10
    with pytest.raises(GitHubError, match="GitHub finds even the shortest comment too long"):
        post(client, PULL, [RED, GREEN])


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "Resource not accessible by integration"),  # a fork, or no `pull-requests: write`
        (403, "Unable to create comment because issue is locked."),
        (404, "Not Found"),
        (410, "Issues are disabled for this repo"),
        (401, "Bad credentials"),
    ],
)
@pytest.mark.parametrize(("method", "before"), [("GET", []), ("POST", []), ("PATCH", [RED])])
def test_a_token_that_may_not_is_a_reason_to_skip(
    status: int, message: str, method: str, before: list[str], github: FakeGitHub, client: Client
) -> None:
    for body in before:
        github.add_comment(2, body)
    github.fail(method, "/comments", status=status, message=message)
    hint = "the job needs `pull-requests: write`, and `actions: read` on workflow_run"
    why = f"GitHub answered {status}: {message}"
    assert post(client, PULL, [GREEN]) == Posted(what="skipped", why=why, hint=hint)
    assert github.bodies(2) == before


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize(
    "failure", [{"status": 500}, {"status": 429, "headers": {"Retry-After": "3"}}, {"reset": True}]
)
def test_trouble_that_passes_is_sat_out(
    method: str, failure: dict[str, int], github: FakeGitHub, client: Client, clock: FakeClock
) -> None:
    github.add_comment(2, RED)
    github.fail(method, "/comments", **failure)  # type: ignore[arg-type]
    assert post(client, PULL, [GREEN]).what == "updated"
    assert (github.bodies(2), len(clock.slept)) == ([GREEN], 1)


@pytest.mark.parametrize("failure", [{"status": 502}, {"reset": True}, {"status": 201, "body": b""}])
@pytest.mark.parametrize("done", [True, False], ids=["done all the same", "not done"])
def test_a_creation_whose_fate_is_unknown_never_makes_two(
    failure: dict[str, int], done: bool, github: FakeGitHub, client: Client
) -> None:
    github.fail("POST", "/comments", done=done, times=2, **failure)  # type: ignore[arg-type]
    assert post(client, PULL, [RED]).what == "created"
    assert (github.bodies(2), github.calls("DELETE")) == ([RED], [])


def test_github_that_stays_down_is_told(github: FakeGitHub, client: Client, clock: FakeClock) -> None:
    github.fail("POST", "/comments", status=502, times=99)
    with pytest.raises(UnavailableError, match="GitHub creates no comment"):
        post(client, PULL, [RED])
    assert (len(github.calls("POST")), clock.slept) == (3, [1.0, 2.0, 4.0])


def test_a_limit_on_writing_ends_within_the_budget(github: FakeGitHub, client: Client, clock: FakeClock) -> None:
    message = "You have exceeded a secondary rate limit"
    github.fail("POST", "/comments", status=403, message=message, times=99)
    with pytest.raises(UnavailableError, match=message):
        post(client, PULL, [RED])
    assert clock.slept == [60.0]


@pytest.fixture
def racers(github: FakeGitHub) -> Iterator[list[Client]]:
    clients = [Client(github.url, TOKEN, clock=FakeClock()) for _ in range(3)]
    yield clients
    for client in clients:
        client.__exit__()


@pytest.mark.parametrize("round", range(5))
def test_jobs_that_create_at_once_leave_one_comment(round: int, github: FakeGitHub, racers: list[Client]) -> None:
    """None of them creates before all have seen that there is no comment yet."""
    together = threading.Barrier(len(racers))
    github.before_create = lambda: together.wait(timeout=10)
    bodies = [f"{RED}{number}" for number in range(len(racers))]
    posted: list[Posted] = []
    threads = [
        threading.Thread(target=lambda client=client, body=body: posted.append(post(client, PULL, [body])))  # type: ignore[misc]
        for client, body in zip(racers, bodies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(posted) == 3
    (left,) = github.bodies(2)
    assert left in bodies


def test_what_an_older_race_left_behind_is_cleared(github: FakeGitHub, client: Client) -> None:
    for body in (RED, GREEN, RED):
        github.add_comment(2, body)
    theirs = github.add_comment(2, RED, login="mallory")
    assert post(client, PULL, [GREEN]).what == "updated"
    assert github.comments[2] == [{**github.comments[2][0], "id": 1001, "body": GREEN}, theirs]


def test_one_that_another_job_has_cleared_already_is_no_trouble(github: FakeGitHub, client: Client) -> None:
    for body in (RED, RED):
        github.add_comment(2, body)
    github.fail("DELETE", "/comments", status=404, message="Not Found", done=True)
    assert post(client, PULL, [GREEN]).what == "updated"
    assert github.bodies(2) == [GREEN]


def test_comments_that_are_no_comments_are_passed_over(github: FakeGitHub, client: Client) -> None:
    body = b'[null, 7, {"id": "x", "body": null, "user": null}, {"body": "' + MARKER.encode() + b'", "user": {}}]'
    github.fail("GET", "/comments", status=200, body=body)
    assert post(client, PULL, [RED], author=BOT).what == "created"

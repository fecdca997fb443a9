"""Comments, artifacts, accounts and errors as GitHub words them."""

from __future__ import annotations

import hashlib
from typing import Any

from github.described import Reply

API = "https://api.github.com"
WHEN = "2026-08-01T12:00:00Z"


def comment_of(repository: str, number: int, comment_id: int, body: str, login: str) -> dict[str, Any]:
    """Return a comment on a pull request."""
    url = f"{API}/repos/{repository}/issues"
    return {
        "id": comment_id,
        "node_id": f"IC_{comment_id}",
        "url": f"{url}/comments/{comment_id}",
        "html_url": f"https://github.com/{repository}/pull/{number}#issuecomment-{comment_id}",
        "issue_url": f"{url}/{number}",
        "user": user(login),
        "created_at": WHEN,
        "updated_at": WHEN,
        "author_association": "NONE",
        "performed_via_github_app": None,
        "body": body,
    }


def artifact_of(repository: str, artifact_id: int, name: str, data: bytes) -> dict[str, Any]:
    """Return what GitHub says about an artifact; the run is the caller's."""
    url = f"{API}/repos/{repository}/actions/artifacts/{artifact_id}"
    return {
        "id": artifact_id,
        "node_id": f"A_{artifact_id}",
        "name": name,
        "size_in_bytes": len(data),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": False,
        "created_at": WHEN,
        "expires_at": WHEN,
        "updated_at": WHEN,
        "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
    }


def refusal(status: int, message: str) -> Reply:
    """Return an error as GitHub words it."""
    url = "https://docs.github.com/rest"
    return Reply(status, {"message": message, "documentation_url": url, "status": str(status)})


def too_long(limit: int) -> Reply:
    message = f"Body is too long (maximum is {limit} characters)"
    error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message}
    url = "https://docs.github.com/rest/issues/comments#create-an-issue-comment"
    return Reply(422, {"message": "Validation Failed", "errors": [error], "documentation_url": url})


def user(login: str) -> dict[str, Any]:
    """Return an account as GitHub shows it."""
    api = f"{API}/users/{login}"
    lists = ("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events")
    return {
        "login": login,
        "id": 41898282,
        "node_id": "U_1",
        "avatar_url": "https://avatars.githubusercontent.com/u/1",
        "gravatar_id": "",
        "url": api,
        "html_url": f"https://github.com/{login}",
        **{f"{name}_url": f"{api}/{name}" for name in (*lists, "received_events")},
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


PRIVATE_USER: dict[str, Any] = {
    **dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"), None),
    **dict.fromkeys(("public_repos", "public_gists", "followers", "following", "private_gists"), 0),
    **dict.fromkeys(("total_private_repos", "owned_private_repos", "disk_usage", "collaborators"), 0),
    "created_at": WHEN,
    "updated_at": WHEN,
    "two_factor_authentication": True,
    "user_view_type": "private",
    "blog": "",
}

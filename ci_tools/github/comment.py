"""The one comment per key on a pull request: created once, then kept up to date, folded away while all is well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ci_tools.github.answers import GitHubError, NotAllowedError, TooLongError, UnavailableError
from ci_tools.github.context import number_at, text_at
from ci_tools.github.pull import Pull, is_current
from ci_tools.github.rest import Client

# Whom GITHUB_TOKEN writes as. Only an account of GitHub's can have brackets in its name.
ACTIONS_BOT = "github-actions[bot]"
MODES = ("always", "on-failure", "on-change", "never")
CREATE_PAUSES_S = (1.0, 2.0, 4.0)

# https://docs.github.com/graphql/reference/mutations#minimizecomment
MINIMIZE = """\
mutation($id: ID!) {
  minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { minimizedComment { isMinimized } }
}"""
UNMINIMIZE = """\
mutation($id: ID!) {
  unminimizeComment(input: {subjectId: $id}) { unminimizedComment { isMinimized } }
}"""

_MARKER = re.compile(r"<!-- xdist-ci:v1 key=\S+ -->")
_VERDICT = re.compile(r"<!-- verdict: (green|red) [0-9a-f]{16} -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of a comment: unneeded by its mode, or skipped since it couldn't be written.

    `why` that is, or why it isn't folded as it should be; `hint` is what to do about it.
    """

    what: Literal["created", "updated", "unchanged", "unneeded", "skipped"]
    url: str = ""
    why: str = ""
    hint: str = ""


def post(client: Client, pull: Pull, bodies: Sequence[str], *, mode: str = "always", author: str = "") -> Posted:
    """Create the comment or bring it up to date; the first body that GitHub doesn't find too long wins.

    The first line of each body is the marker by which the comment is found again, but only among those of `author`,
    by default whom the token belongs to: anybody can write a marker. The second line says whether the run is green,
    and digests its verdict. With `on-failure` a green run creates no comment; nor with `on-change`, which leaves one
    alone that says the same verdict. A comment that turns green is folded away, one that turns red unfolded.
    A token that may not write is no error but a reason to skip. Raises GitHubError for all else.
    """
    if mode == "never":
        return Posted(what="unneeded", why="comments are off")
    try:
        return _post(client, pull, bodies, author, mode)
    except NotAllowedError as error:
        return Posted(what="skipped", why=error.fact, hint=error.hint)


def _post(client: Client, pull: Pull, bodies: Sequence[str], author: str, mode: str) -> Posted:
    marker = bodies[0].split("\n", 1)[0]
    assert _MARKER.fullmatch(marker) and _verdict(bodies[0]), bodies[0][:200]
    author = author or _author(client)

    def ours() -> list[dict[str, Any]]:
        return sorted(_ours(client, pull, marker, author), key=_id)

    found = ours()
    if unneeded := _unneeded(found, bodies[0], mode):
        return unneeded
    if not is_current(client, pull):
        return Posted(what="skipped", why="the pull request's head is no longer the tested commit")
    if found:
        _delete(client, pull, found[1:])
        posted = _shortened(bodies, lambda body: _update(client, pull, found[0], body))
        return _folded(client, found[0], bodies[0], posted)
    return _shortened(bodies, lambda body: _create(client, pull, body, ours))


def _unneeded(found: Sequence[dict[str, Any]], body: str, mode: str) -> Posted | None:
    """Return what to say when the mode wants nothing written, None when it does."""
    if not found and mode != "always" and _is_green(body):
        return Posted(what="unneeded", why="all is well, and there is none to correct")
    if len(found) == 1 and mode == "on-change" and _verdict(body) == _verdict(text_at(found[0], "body")):
        return Posted(what="unchanged", url=text_at(found[0], "html_url"))
    return None


def _verdict(body: str) -> str:
    """Return the line that says the verdict; "" where there is none, as in a comment of an older version."""
    _, _, rest = body.partition("\n")
    line = rest.partition("\n")[0].rstrip()
    return line if _VERDICT.fullmatch(line) else ""


def _is_green(body: str) -> bool:
    match = _VERDICT.fullmatch(_verdict(body))
    return match is not None and match[1] == "green"


def _folded(client: Client, before: dict[str, Any], body: str, posted: Posted) -> Posted:
    """Fold the comment when it turned green, unfold it when it turned red; its text counts, whatever GitHub answers."""
    is_green, node_id = _is_green(body), text_at(before, "node_id")
    if is_green == _is_green(text_at(before, "body")):
        return posted
    try:
        client.graphql(MINIMIZE if is_green else UNMINIMIZE, id=node_id)
    except GitHubError as error:
        return replace(posted, why=f"it can't be {'folded away' if is_green else 'unfolded'}: {error.fact}")
    return posted


def _shortened(bodies: Sequence[str], write: Callable[[str], Posted]) -> Posted:
    for body in bodies:
        try:
            return write(body)
        except TooLongError:
            continue
    raise GitHubError("GitHub finds even the shortest comment too long")


def _author(client: Client) -> str:
    """Return whom the token writes as. GITHUB_TOKEN, of all tokens, may not ask."""
    try:
        return text_at(client.get("/user"), "login")
    except NotAllowedError:
        return ACTIONS_BOT


def _ours(client: Client, pull: Pull, marker: str, author: str) -> Iterator[dict[str, Any]]:
    for page in client.pages(_comments(pull)):
        for comment in page if isinstance(page, list) else ():
            first_line = text_at(comment, "body").split("\n", 1)[0].rstrip()
            by = text_at(comment, "user", "login")
            is_known = text_at(comment, "user", "type") == "Bot" or not by.endswith("[bot]")
            if first_line == marker and by.lower() == author.lower() and is_known:
                yield comment


def _create(client: Client, pull: Pull, body: str, ours: Callable[[], list[dict[str, Any]]]) -> Posted:
    """Create, and look again: GitHub may have done what it answered an error to, and another job may have been as fast.

    All jobs keep the oldest one, so that one remains.
    """
    created = _created_once(client, pull, body, ours)
    listed = {_id(comment): comment for comment in [created, *ours()]}
    oldest, *others = (listed[number] for number in sorted(listed))
    _delete(client, pull, others)
    posted = _update(client, pull, oldest, body)
    return replace(posted, what="created") if posted.what == "unchanged" else posted


def _created_once(client: Client, pull: Pull, body: str, ours: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
    for pause_s in CREATE_PAUSES_S:
        try:
            created: dict[str, Any] = client.post(_comments(pull), {"body": body})
            return created
        except UnavailableError as error:
            if not error.unsure or not client.wait(pause_s):
                raise
        if found := ours():
            return found[-1]
    raise UnavailableError("GitHub creates no comment")


def _update(client: Client, pull: Pull, comment: dict[str, Any], body: str) -> Posted:
    if _plain(text_at(comment, "body")) == _plain(body):
        return Posted(what="unchanged", url=text_at(comment, "html_url"))
    updated = client.patch(f"/repos/{pull.repository}/issues/comments/{_id(comment)}", {"body": body})
    return Posted(what="updated", url=text_at(updated, "html_url"))


def _delete(client: Client, pull: Pull, comments: Sequence[dict[str, Any]]) -> None:
    for comment in comments:
        try:
            client.delete(f"/repos/{pull.repository}/issues/comments/{_id(comment)}")
        except NotAllowedError:
            continue  # another job was faster


def _comments(pull: Pull) -> str:
    return f"/repos/{pull.repository}/issues/{pull.number}/comments"


def _id(comment: object) -> int:
    return number_at(comment, "id") or 0


def _plain(body: str) -> str:
    """Return a body without what GitHub may change about it."""
    return body.replace("\r\n", "\n").strip()

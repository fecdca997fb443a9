"""`ci-tools comment`: say the verdict on the pull request, in one comment that is kept up to date."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ci_tools.cli.talk import say
from ci_tools.formats import cost_json, report_json
from ci_tools.github.answers import GitHubError
from ci_tools.github.artifacts import fetch_reports
from ci_tools.github.comment import MODES, Posted, post
from ci_tools.github.context import Context, number_at, read_context, text_at
from ci_tools.github.guard import send
from ci_tools.github.outputs import Level, annotation_line, append_summary
from ci_tools.github.pull import NoPull, find_pull
from ci_tools.github.rest import BUDGET_S, Client
from ci_tools.model.bundle import DEFAULT_KEY
from ci_tools.model.errors import CiToolsError
from ci_tools.report.cost import cost_lines
from ci_tools.report.inert import plain
from ci_tools.report.markdown import comment_bodies
from ci_tools.store.files import read_text

REPORT = Path("merged")
DOWNLOAD_BUDGET_S = 300.0
FORK_HINT = (
    "a fork's token is read-only; a workflow that runs on workflow_run can post it: `ci-tools init fork-comment`"
)
EXAMPLES = """\
examples:
  ci-tools comment                        after `ci-tools merge`, in a job with `permissions: pull-requests: write`
  ci-tools comment --comment on-change    only when the verdict is another one
  ci-tools comment --dry-run              prints the comment, anywhere

GITHUB_TOKEN is the token. In a job that runs on workflow_run the reports are that run's artifacts. A comment that can't
be posted changes no exit code: it is a notice, or a warning when GitHub is down.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One key's comment; `bodies` the richest first."""

    key: str
    bodies: list[str]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--report",
        type=Path,
        metavar="PATH",
        help=f"report.json or its directory (default: {REPORT}; on workflow_run: the artifacts of that run)",
    )
    parser.add_argument(
        "--key", default="", help=f"which matrix leg's comment (default: {DEFAULT_KEY}; on workflow_run: every key's)"
    )
    parser.add_argument("--comment", choices=MODES, default="always", help="when to write one (default: always)")
    parser.add_argument(
        "--author", default="", metavar="LOGIN", help="whose comments are ours (default: the token's own account)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the comment and post nothing")


def run(args: argparse.Namespace) -> int:
    """Post or print the comments; 0 also when they can't be posted, 3 when this job's report can't be read."""
    context = read_context(os.environ)
    path = args.report or (None if context.event_name == "workflow_run" else REPORT)
    if args.dry_run and path:
        _print([_from_files(path, args.key, context)])
    elif not context.event_name:
        raise CiToolsError("this is no job of GitHub Actions: GITHUB_EVENT_NAME isn't set", hint="use --dry-run")
    elif args.comment == "never":
        say("no comment: --comment never")
    elif not _token():
        _tell("warning", "no comment: GITHUB_TOKEN is empty", "env: GITHUB_TOKEN: ${{ github.token }}")
    else:
        try:
            _post(args, context, path)
        except GitHubError as error:
            _tell("warning", f"no comment: {error.fact}", error.hint)
    return 0


def _post(args: argparse.Namespace, context: Context, path: Path | None) -> None:
    with _client(context, BUDGET_S) as client:
        pull = find_pull(client, context)
    if isinstance(pull, NoPull):
        _tell("notice", f"no comment: {pull.why}")
        return
    comments = [_from_files(path, args.key, context)] if path else _from_artifacts(args.key, context)
    if args.dry_run:
        _print(comments)
        return
    with _client(context, BUDGET_S) as client:
        for comment in comments:
            posted = post(client, pull, comment.bodies, mode=args.comment, author=args.author)
            _say_posted(comment.key, posted, context)


def _token() -> str:
    """Return the token; a secret of the repository's is empty where a fork's pull request runs."""
    return os.environ.get("GITHUB_TOKEN", "").strip()


def _client(context: Context, budget_s: float) -> Client:
    return Client(context.api_url, _token(), budget_s=budget_s)


def _from_files(path: Path, key: str, context: Context) -> Comment:
    file = path if path.suffix == ".json" else path / "report.json"
    cost = file.with_name("cost.json")
    return _comment(
        key or DEFAULT_KEY,
        context,
        source=str(file),
        report=read_text(file, hint="make one with `ci-tools merge`"),
        cost=read_text(cost) if cost.is_file() else "",
    )


def _from_artifacts(key: str, context: Context) -> list[Comment]:
    def left_out(key: str, error: CiToolsError) -> None:
        _tell("warning", f"no comment for {key}: {error.fact}", error.hint)

    with _client(context, DOWNLOAD_BUDGET_S) as client:
        found = fetch_reports(client, context, key=key, damaged=left_out)
    if not found:
        _tell("notice", f"no comment: the workflow run left no report{f' of key {key}' if key else ''}")
    comments = []
    for one in found:
        try:
            comments.append(
                _comment(one.key, context, source=one.source, report=one.report, cost=one.cost, attempt=one.attempt)
            )
        except CiToolsError as error:
            left_out(one.key, error)
    return comments


def _comment(key: str, context: Context, *, source: str, report: str, cost: str, attempt: int = 0) -> Comment:
    run_url, attempt, sha = _tested(context, attempt)
    merged = report_json.loads(report, source=source)
    bodies = comment_bodies(
        merged, key=key, run_url=run_url, attempt=attempt, sha=sha, cost_lines=_cost_lines(cost, source)
    )
    return Comment(key=key, bodies=bodies)


def _cost_lines(cost: str, source: str) -> list[str]:
    """Return what the run cost; nothing where that can't be read, since the verdict matters more."""
    try:
        return list(cost_lines(cost_json.loads_run(cost, source="cost.json"))) if cost else []
    except CiToolsError as error:
        say(f"{source}: {error.fact}")
        return []


def _tested(context: Context, attempt: int) -> tuple[str, int, str]:
    """Return page, attempt and commit of the run whose tests these are: on workflow_run not this one."""
    run_id = number_at(context.event, "workflow_run", "id")
    if context.event_name != "workflow_run" or run_id is None:
        return context.run_url, context.run_attempt, context.head_sha
    attempt = attempt or number_at(context.event, "workflow_run", "run_attempt") or 1
    tested = replace(context, run_id=run_id, run_attempt=attempt)
    return tested.run_url, attempt, text_at(context.event, "workflow_run", "head_sha")


def _print(comments: Sequence[Comment]) -> None:
    print("\n".join(comment.bodies[0] for comment in comments), end="")


def _say_posted(key: str, posted: Posted, context: Context) -> None:
    if posted.what == "unneeded":
        say(f"no comment for {key}: {posted.why}")
        return
    if posted.what != "skipped":
        say(f"comment for {key} {posted.what}: {posted.url}{f'; {posted.why}' if posted.why else ''}")
        return
    is_read_only = context.is_fork and context.event_name == "pull_request"
    _tell("notice", f"no comment for {key}: {posted.why}", FORK_HINT if is_read_only else posted.hint)


def _tell(level: Level, fact: str, hint: str = "") -> None:
    """Say it where people look in GitHub Actions: as an annotation, and in the summary."""
    say(f"ci-tools: {level}: {fact}")
    if hint:
        say(f"ci-tools: hint: {hint}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        send(annotation_line(level, f"{fact}\n{hint}".rstrip(), title="xdist-ci"))
    append_summary(f"\n{plain(fact)}\n")

"""A merged run as Markdown: the job's summary and the comment on a pull request.

Everything from a job is hostile and goes through `inert`. Both pages are made of the same
sections; a page too long gives up whole ones, those worth least first.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_tools.formats.report_json import counts
from ci_tools.model.bundle import DEFAULT_KEY, is_key
from ci_tools.model.errors import YES, CiToolsError
from ci_tools.model.report import Report
from ci_tools.model.spending import Spending
from ci_tools.report.failures import failures_of
from ci_tools.report.inert import code
from ci_tools.report.ladder import Section, pages
from ci_tools.report.sections import Limits, sections
from ci_tools.report.spending import spending_markdown
from ci_tools.report.verdict import headline, numbers_line

# GitHub drops a summary above 1 MiB whole, and refuses a comment above 65,536 characters.
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
MAX_SUMMARY_BYTES = 1_000_000
MAX_COMMENT_CHARS = 60_000

_SUMMARY = Limits(rows=50, text_chars=5_000, shards=256, known_texts=50, changed=50)
_COMMENT = Limits(rows=10, text_chars=2_500, shards=10, known_texts=0, changed=0)
_SUMMARY_SPENT = 10  # rows of each table
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a report doesn't know of its run; empty where nobody knows. `attempt` is of the run, from 1."""

    key: str = ""
    run_url: str = ""
    attempt: int = 1
    sha: str = ""


def summary(
    report: Report,
    *,
    context: RunFacts | None = None,
    cost_lines: Sequence[str] = (),
    spending: Spending | None = None,
) -> str:
    """Return the job's summary, at most MAX_SUMMARY_BYTES of UTF-8. `cost_lines` are plain text."""
    spent = spending_markdown(spending, _SUMMARY_SPENT) if spending else []
    head, blocks = _page(report, context or RunFacts(), _SUMMARY, cost_lines, spent)
    return next(page for page in pages(head, blocks) if len(page.encode("utf-8")) <= MAX_SUMMARY_BYTES)


def comment_bodies(
    report: Report, *, key: str, run_url: str = "", attempt: int = 1, sha: str = "", cost_lines: Sequence[str] = ()
) -> list[str]:
    """Return bodies of the comment on this matrix leg, the richest first.

    Should GitHub refuse one as too long: the next is a quarter shorter at least. The first line of
    each is the marker, the second says what the verdict is, for the next run; the last body, just
    shorter, holds nothing but the verdict.
    Raises CiToolsError for a key that can't be a marker's.
    """
    facts = RunFacts(key=key, run_url=run_url, attempt=attempt, sha=sha)
    head, blocks = _page(report, facts, _COMMENT, cost_lines)
    hidden = f"{marker(key)}\n{verdict_mark(report)}"
    every = [page for page in pages(f"{hidden}\n{head}", blocks) if len(page) <= MAX_COMMENT_CHARS]
    return [*_shrinking(every[:-1]), every[-1]]


def is_url(text: str) -> bool:
    """Return whether a text is a plain http(s) URL: safe to link to, and nothing to escape in it."""
    return _URL.fullmatch(text) is not None


def marker(key: str) -> str:
    """Return the first line of the comment on a matrix leg: by it, it is found again."""
    if not is_key(key):
        raise CiToolsError(f"key {key!r} can't name a comment", hint="1 to 64 of A-Z a-z 0-9 . _ + - without --")
    return f"<!-- xdist-ci:v1 key={key} -->"


def verdict_mark(report: Report) -> str:
    """Return the second line of the comment: whether all is well, and a digest of what is not.

    It stays the same from run to run as long as the same tests fail, of the same cause, and the
    same ones are missing; flaky tests, durations, tests that pass and the shards that tests are in
    change nothing in it.
    """
    failures = failures_of(report)
    said = [
        report.conclusion.value,
        report.exit_code,
        sorted((nodeid, judgement.cause.value) for nodeid, judgement in failures.judgements.items()),
        sorted(missing.name for missing in report.not_run),
        report.lost,
        report.duplicated,
        [(shard.index, shard.state.value) for shard in report.shards if shard.reason or not shard.state.is_proof],
    ]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    return f"<!-- verdict: {'green' if is_green(report) else 'red'} {digest[:16]} -->"


def is_green(report: Report) -> bool:
    """Whether nobody needs to look: the run passed, or nothing is new in what its policy excuses."""
    return report.exit_code == YES and not report.news


def _page(
    report: Report, facts: RunFacts, limits: Limits, cost_lines: Sequence[str], spent: Sequence[str] = ()
) -> tuple[str, list[Section]]:
    numbers = counts(report)
    line = " · ".join([numbers_line(report, numbers), *_facts(facts)])
    links = f"[run]({facts.run_url}) · [artifacts]({facts.run_url}#artifacts)" if is_url(facts.run_url) else ""
    of_key = f" · {code(facts.key)}" if facts.key not in ("", DEFAULT_KEY) else ""
    return f"### {headline(report, numbers)}{of_key}", [
        Section(name="line of numbers", worth=100, text=line),
        *sections(report, limits, cost_lines, links, spent),
    ]


def _facts(facts: RunFacts) -> Iterator[str]:
    if facts.attempt > 1:
        yield f"attempt {facts.attempt}"
    if re.fullmatch(r"[0-9a-f]{7,64}", facts.sha):
        yield code(facts.sha[:7])


def _shrinking(bodies: Sequence[str]) -> Iterator[str]:
    last = math.inf
    for body in bodies:
        if len(body) <= 0.75 * last:
            last = len(body)
            yield body

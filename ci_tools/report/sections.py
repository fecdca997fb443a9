"""What a page says below its verdict, block by block, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ci_tools.model.report import CaseResult, Conclusion, NotRun, Report, ShardResult, ShardState
from ci_tools.model.run import Attempt, Outcome
from ci_tools.model.verdict import Cause
from ci_tools.model.words import count, duration
from ci_tools.report.changes import change_line, change_lists
from ci_tools.report.failures import Failures, failures_of
from ci_tools.report.inert import code, fence, html_code, plain, without_ansi
from ci_tools.report.ladder import Section
from ci_tools.report.reproduce import commands
from ci_tools.report.terminal import first_line
from ci_tools.report.verdict import reasons_to_tell

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a page lists: rows of a table, shards, tracebacks of known failures, changed tests of each kind.

    A traceback has at most `text_chars` characters.
    """

    rows: int
    text_chars: int
    shards: int
    known_texts: int
    changed: int


def sections(
    report: Report, limits: Limits, cost_lines: Sequence[str], links: str, spent: Sequence[str] = ()
) -> Iterator[Section]:
    """Yield the blocks of a page; `links` is Markdown of ours, "" for none, and so are the tables of what was `spent`.

    The numbers are what they are worth: what people must act on stays longest.
    """
    rows, failures, flips = limits.rows, failures_of(report), report.flips
    needing = failures.most_telling(rows)
    yield from _section("list of reasons", 95, bullets(reasons_to_tell(report), rows))
    yield from _section("table of failed tests", 90, _needing(report, failures, needing, rows))
    yield from _tracebacks(35, [(case, case.final) for case in needing[:rows]], limits)
    yield from _section("table of known failures", 65, _known(report, failures, rows))
    yield from _tracebacks(28, [(case, case.final) for case in failures.known[: limits.known_texts]], limits)
    yield from _section("table of flaky tests", 70, _placed(report, "Flaky", flips, _FLAKY, _flaky, rows))
    yield from _tracebacks(33, [(case, _before(case)) for case in flips[:rows]], limits)
    yield from _section(
        "table of what did not run", 80, _placed(report, "Not run", report.not_run, _NOT_RUN, _not_run, rows)
    )
    for title, nodeids in (("Lost", report.lost), ("Run more than once", report.duplicated)):
        yield from _section("list of tests", 80, titled(title, nodeids, ("test",), _nodeid, rows))
    if report.changes:
        yield from _section("line of changes", 75, change_line(report.changes))
        yield from _section("list of changes", 32, change_lists(report.changes, limits.changed))
    yield from _section("table of shards", 30, _shards(report, limits.shards))
    yield from _section("list of notes", 40, bullets(report.notes, rows, "Notes"))
    yield from _section("list of costs", 50, bullets(cost_lines, rows, "Cost"))
    for table in spent:
        yield from _section("table of spending", 38, table)
    yield from _section("list of commands", 60, _reproduce(report, failures, needing, rows))
    yield from _section("list of links", 85, links)


def _section(name: str, worth: int, text: str) -> Iterator[Section]:
    if text:
        yield Section(name=name, worth=worth, text=text)


def titled(
    title: str,
    items: Sequence[T],
    header: Sequence[str],
    row: Callable[[T], Sequence[str]],
    limit: int,
    *,
    total: int = 0,
    file: str = "report.json",
) -> str:
    """Return a table with its title and how many more there are in `file`; "" when there is nothing to list.

    A header that ends with a colon is a column of numbers. `items` may be the first of `total`.
    """
    if not items:
        return ""
    lines = [f"| {' | '.join(name.rstrip(':') for name in header)} |"]
    lines.append(f"|{'|'.join(' ---: ' if name.endswith(':') else ' --- ' for name in header)}|")
    lines += [f"| {' | '.join(row(item))} |" for item in items[:limit]]
    total = max(total, len(items))
    return f"#### {title} ({total:,})\n\n" + "\n".join(lines) + _more(total - limit, file)


def _placed(
    report: Report, title: str, items: Sequence[T], header: Sequence[str], row: Callable[[T], Sequence[str]], limit: int
) -> str:
    """Return a table of what is in shards; without that column for a run that had none."""
    columns = [place for place, name in enumerate(header) if report.shards or name != "shard:"]

    def placed(item: T) -> list[str]:
        cells = row(item)
        return [cells[place] for place in columns]

    return titled(title, items, [header[place] for place in columns], placed, limit)


def bullets(lines: Sequence[str], limit: int, title: str = "") -> str:
    """Return prose as a list, and how many more lines there are; "" for none."""
    heading = f"#### {title}\n\n" if title and lines else ""
    return heading + "\n".join(f"- {plain(line)}" for line in lines[:limit]) + _more(len(lines) - limit)


def _more(number: int, file: str = "report.json") -> str:
    return f"\n\nand {number:,} more, in `{file}`" if number > 0 else ""


_FAILED = ("test", "shard:", "error")
_JUDGED = ("test", "verdict", "shard:", "error")


def _needing(report: Report, failures: Failures, needing: Sequence[CaseResult], limit: int) -> str:
    """Return the failures as such where nothing is known of any cause, else those that need somebody."""
    if not failures.is_judged:
        return _placed(report, "Failed", needing, _FAILED, _failed, limit)
    return _placed(report, "Needs you", needing, _JUDGED, _judged(failures), limit)


def _known(report: Report, failures: Failures, limit: int) -> str:
    return _placed(report, "Known from before", failures.known, _JUDGED, _judged(failures), limit)


def _judged(failures: Failures) -> Callable[[CaseResult], list[str]]:
    def row(case: CaseResult) -> list[str]:
        judgement = failures.judgements[case.nodeid]
        verdict = " · ".join(filter(None, [judgement.cause.value, plain(judgement.why, 200)]))
        test, *others = _failed(case)
        return [test, verdict, *others]

    return row


def _failed(case: CaseResult) -> list[str]:
    final = case.final
    phase = "while collecting" if final.phase == "collect" else f"in {plain(final.phase)}"
    what = {Outcome.ERROR: f"error {phase}", Outcome.CRASHED: "crashed"}.get(final.outcome, "")
    bad = sum(1 for _, attempt in case.attempts if attempt.outcome.is_bad)
    times = f"{bad} of {count(len(case.attempts), 'attempt')} failed" if len(case.attempts) > 1 else ""
    return [code(case.nodeid), _number(case.shard), " · ".join(filter(None, [what, _message(final), times]))]


def _number(shard: int) -> str:
    """Return a shard's number; a result that came as a JUnit file is of none."""
    return f"{shard:,}" if shard else "-"


def _message(attempt: Attempt) -> str:
    return code(first_line(without_ansi(attempt.message).strip()))


def _before(case: CaseResult) -> Attempt:
    before = case.failed_before
    assert before is not None
    return before


_FLAKY = ("test", "shard:", "what happened", "error")


def _flaky(case: CaseResult) -> list[str]:
    before = _before(case)
    happened = f"{before.outcome.value}, then passed {plain(case.flip_condition)}"
    return [code(case.nodeid), _number(case.shard), happened, _message(before)]


_NOT_RUN = ("test or file", "shard:", "why")


def _not_run(missing: NotRun) -> list[str]:
    return [code(missing.name), _number(missing.shard), plain(missing.why)]


def _nodeid(nodeid: str) -> list[str]:
    return [code(nodeid)]


_SHARD = ("shard:", "state", "attempt:", "tests:", "failed:", "planned:", "actual:", "total:", "workers:")


def _shards(report: Report, limit: int) -> str:
    """Return all shards in order, or of too many the unproved and red ones and the slowest, these first."""
    shards = report.shards
    if len(shards) > limit:
        shards = tuple(sorted(shards, key=lambda shard: (shard.state is ShardState.OK, -shard.tests_s)))
    return titled("Shards", shards, _SHARD, _shard(report), limit)


def _shard(report: Report) -> Callable[[ShardResult], list[str]]:
    def row(shard: ShardResult) -> list[str]:
        ran = shard.state is not ShardState.MISSING
        return [
            f"{shard.index}/{len(report.shards)}",
            shard.state.value,
            f"{shard.attempt:,}" if ran else "-",
            f"{shard.tests:,}",
            f"{shard.bad:,}",
            duration(shard.planned_s),
            duration(shard.tests_s) if ran else "-",
            duration(shard.wall_s) if shard.wall_s else "-",
            f"{shard.workers:,}" if shard.workers else "-",
        ]

    return row


def _tracebacks(worth: int, failures: Sequence[tuple[CaseResult, Attempt]], limits: Limits) -> Iterator[Section]:
    for case, attempt in failures:
        text = (attempt.text or attempt.message).strip("\n")
        if "\n" in text:  # one line is in the table
            title = f"{html_code(case.nodeid)}{f' in shard {case.shard:,}' if case.shard else ''}"
            block = fence(text, limits.text_chars)
            yield from _section("traceback", worth, f"<details><summary>{title}</summary>\n\n{block}\n</details>")


def _reproduce(report: Report, failures: Failures, needing: Sequence[CaseResult], limit: int) -> str:
    """Return how to repeat what is red: the tests that need somebody first, no quarantined ones."""
    if report.conclusion is Conclusion.PASSED:
        return ""
    known = [case for case in failures.known if failures.cause(case) is not Cause.QUARANTINED]
    lines, n_unsafe = commands(report, [*needing, *known], limit)
    left_out = f"\nleft out: {count(n_unsafe, 'test')} with an id that can't be pasted safely" if n_unsafe else ""
    if not lines:
        return left_out.strip()
    return f"#### Reproduce\n\n{fence(lines, 100_000, 'sh')}{left_out}".rstrip()

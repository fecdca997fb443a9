"""A plan's certificate and a merged run as text for a terminal or a log."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

from ci_tools.formats.report_json import counts
from ci_tools.model.plan import Plan
from ci_tools.model.report import CaseResult, Conclusion, Report, ShardResult, ShardState
from ci_tools.model.verdict import Cause, Changes
from ci_tools.model.words import count, duration
from ci_tools.report.changes import NAMELESS, SHA_CHARS, change_rows, change_words
from ci_tools.report.failures import Failures, failures_of
from ci_tools.report.verdict import OUTCOMES, UNPROVED

LISTED = 20
LINE_CHARS = 1_000  # of a sentence with names in it


def certificate_text(plan: Plan) -> str:
    """Return what the plan promises, and how good that is."""
    return "\n".join(_certificate_lines(plan)) + "\n"


def _certificate_lines(plan: Plan) -> Iterator[str]:
    certificate = plan.certificate
    n_shards = count(len(plan.shards), "shard")
    yield f"plan {plan.digest[:12]}: {n_shards} of {count(plan.workers, 'worker')}"
    if certificate is None:
        return
    tests, files = count(certificate.tests, "test"), count(certificate.files, "file")
    yield f"  {tests} in {files}, {_seconds(certificate.total_ms)} of work"
    yield (
        f"  predicted wall {_seconds(certificate.predicted_wall_ms)}, lower bound "
        f"{_seconds(certificate.lower_bound_ms)}, ratio {certificate.ratio:.3f}"
    )
    if certificate.bound_by == "test":
        yield f"  bound by one test: {shown(certificate.binding)}"
    elif certificate.binding:
        yield f"  longest on the slowest shard: {shown(certificate.binding)}"
    if len(plan.shards) > certificate.useful_shards:
        useful = count(certificate.useful_shards, "shard")
        yield f"  more than {useful} is waste: the longest test alone sets the wall"
    else:
        yield f"  useful up to {count(certificate.useful_shards, 'shard')}"
    torn = count(certificate.torn_files, "file")
    yield f"  {torn} cut across shards" if certificate.torn_files else "  no file cut across shards"
    if certificate.unknown_tests:
        guessed = count(certificate.unknown_tests, "test")
        yield f"  {guessed} without a recorded time, {_seconds(certificate.assumed_ms)} assumed (median)"
    for name, wall_ms in sorted(certificate.rivals_ms.items()):
        wall = "not computed, too many tests × shards" if wall_ms is None else _seconds(wall_ms)
        yield f"  pytest-split {name}: {wall}"


def shard_table(shards: Sequence[ShardResult]) -> str:
    """Return a row per shard: planned against actual seconds, tests, failures; "" without shards."""
    if not shards:
        return ""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("shard", "state"):
        table.add_column(title)
    for title in ("tests", "failed", "planned", "actual", "total", "workers"):
        table.add_column(title, justify="right")
    for shard in shards:
        state = shard.state.value if shard.attempt <= 1 else f"{shard.state.value} (attempt {shard.attempt})"
        table.add_row(
            f"{shard.index}/{len(shards)}",
            state,
            f"{shard.tests:,}",
            f"{shard.bad:,}",
            duration(shard.planned_s),
            duration(shard.tests_s),
            duration(shard.wall_s) if shard.state is not ShardState.MISSING else "-",
            str(shard.workers or "-"),
        )
    stream = io.StringIO()
    Console(file=stream, width=100, force_terminal=False).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def report_text(report: Report) -> str:
    """Return the shards, where there are any, and the verdict."""
    table = f"{shard_table(report.shards)}\n" if report.shards else ""
    return table + verdict_text(report)


def verdict_text(report: Report) -> str:
    """Return the verdict, its reasons, and what people must see: NOT RUN, failures and their causes, changes, notes."""
    return "\n".join(_verdict_lines(report)) + "\n"


def _verdict_lines(report: Report) -> Iterator[str]:
    numbers, failures = counts(report), failures_of(report)
    yield from _head(report, numbers)
    failed = [case for case in (*failures.needing, *failures.known) if failures.cause(case) is not Cause.QUARANTINED]
    yield from _listed("FAILED", [_failure(failures, case) for case in failed])
    yield from _listed("FLAKY", [_flip(case) for case in report.flips])
    yield from _listed("NOT RUN", [f"{missing.name}  {missing.why}" for missing in report.not_run])
    yield from _listed("LOST", report.lost)
    yield from _listed("DUPLICATED", report.duplicated)
    yield from _listed("QUARANTINED", [_failure(failures, case) for case in report.quarantined])
    if report.changes:
        yield from _changed(report.changes)
    yield from (f"note: {shown(note, LINE_CHARS)}" for note in report.notes)


def _head(report: Report, numbers: Mapping[str, int]) -> Iterator[str]:
    ended = ", ".join(f"{numbers[key]:,} {key}" for key in OUTCOMES if numbers[key]) or "none"
    tests = count(numbers["tests"], "test")
    on_shards = f" on {count(len(report.shards), 'shard')}" if report.shards else ""
    if report.conclusion is Conclusion.PASSED:
        proof = ", each exactly once" if report.proves_each else ""
        yield f"PASSED: {tests}{proof}{',' if proof and on_shards else ''}{on_shards} ({ended})"
    else:
        excused = f", excused by --fail-on {report.fail_on}" if report.is_excused else ""
        yield f"{report.conclusion.value.upper()}{excused}: {shown(report.reasons[0], LINE_CHARS)}"
        yield from (f"  {shown(reason, LINE_CHARS)}" for reason in report.reasons[1:])
        yield f"  {tests}{on_shards} ({ended})"
    if not report.plan_digest:
        yield f"  {UNPROVED}"


def _failure(failures: Failures, case: CaseResult) -> str:
    judgement, message = failures.judgements[case.nodeid], first_line(case.final.message)
    if judgement.cause is Cause.NOT_COMPARED and not judgement.why:
        return f"{case.nodeid}  {message}"
    cause = judgement.cause.value + (f" ({judgement.why})" if judgement.why else "")
    return f"{case.nodeid}  {cause}{': ' if message else ''}{message}"


def _flip(case: CaseResult) -> str:
    before = case.failed_before
    assert before is not None
    return f"{case.nodeid}  {before.outcome.value}, then passed {case.flip_condition}: {first_line(before.message)}"


def _changed(changes: Changes) -> Iterator[str]:
    base = " at ".join(filter(None, [changes.base.branch, changes.base.sha[:SHA_CHARS]])) or NAMELESS
    yield shown(f"CHANGED against {base}: {change_words(changes)}")
    rows = [(title, *row) for title, listed in change_rows(changes) for row in listed]
    yield from _rows(["  ".join(filter(None, row)) for row in rows])


def _listed(title: str, rows: Sequence[str]) -> Iterator[str]:
    if not rows:
        return
    yield f"{title} ({len(rows):,})"
    yield from _rows(rows)


def _rows(rows: Sequence[str]) -> Iterator[str]:
    yield from (f"  {shown(row)}" for row in rows[:LISTED])
    if len(rows) > LISTED:
        yield f"  and {len(rows) - LISTED:,} more, in report.json"


def shown(text: str, limit: int = 160) -> str:
    """Return text on one line, without control characters, cut to a readable length."""
    clean = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"


def first_line(text: str) -> str:
    """Return the first line of a message."""
    return text.partition("\n")[0]


def _seconds(ms: int) -> str:
    return duration(ms / 1000)

"""A plan's certificate and a merged run as text for a terminal or a log."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from ci_tools.formats.report_json import counts
from ci_tools.model.plan import Plan
from ci_tools.model.report import CaseResult, Conclusion, Report, ShardResult, ShardState
from ci_tools.model.words import count, duration

LISTED = 20


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
    """Return a row per shard: planned against actual seconds, tests, failures."""
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


def verdict_text(report: Report) -> str:
    """Return the verdict, its reasons, and what people must see: NOT RUN, failures, notes."""
    return "\n".join(_verdict_lines(report)) + "\n"


def _verdict_lines(report: Report) -> Iterator[str]:
    numbers = counts(report)
    parts = [f"{numbers[key]:,} {key}" for key in _ORDER if numbers[key]]
    shards = count(len(report.shards), "shard")
    if report.conclusion is Conclusion.PASSED:
        yield f"PASSED: {count(numbers['tests'], 'test')}, each exactly once, on {shards} ({', '.join(parts)})"
    else:
        yield f"{report.conclusion.value.upper()}: {report.reasons[0]}"
        yield from (f"  {reason}" for reason in report.reasons[1:])
        yield f"  {count(numbers['tests'], 'test')} on {shards} ({', '.join(parts) or 'none'})"
    yield from _listed("FAILED", [f"{case.nodeid}  {first_line(case.final.message)}" for case in report.bad])
    yield from _listed("FLAKY", [_flip(case) for case in report.flips])
    yield from _listed("NOT RUN", [f"{missing.name}  {missing.why}" for missing in report.not_run])
    yield from _listed("LOST", report.lost)
    yield from _listed("DUPLICATED", report.duplicated)
    yield from (f"note: {note}" for note in report.notes)


def _flip(case: CaseResult) -> str:
    before = case.failed_before
    assert before is not None
    return f"{case.nodeid}  {before.outcome.value}, then passed {case.flip_condition}: {first_line(before.message)}"


_ORDER = ("passed", "failed", "error", "crashed", "skipped", "xfailed", "xpassed")


def _listed(title: str, rows: Sequence[str]) -> Iterator[str]:
    if not rows:
        return
    yield f"{title} ({len(rows):,})"
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

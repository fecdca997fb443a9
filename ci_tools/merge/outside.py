"""What GitHub says of the jobs that should have left bundles: it counts where no bundle explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ci_tools.model.report import Conclusion, Report
from ci_tools.model.words import some

Needs = Mapping[str, str]  # job → its result: success, failure, cancelled or skipped


def was_left_out(needs: Needs) -> bool:
    """Return whether the shards' job was skipped on purpose: another one succeeded and decided so.

    A job is skipped too when one that it needs has failed: where all are skipped, nobody knows why.
    """
    return set(needs.values()) == {"success", "skipped"}


def unexplained(needs: Needs, *, a_shard_failed: bool, is_partial: bool) -> Iterator[str]:
    """Yield why the bundles don't tell all. A shard that failed explains one failed job.

    `is_partial`: some bundles could not be downloaded, and those that were may be older ones.
    """
    if is_partial:
        yield "not all results could be downloaded: run this job again"
    failed = [job for job, result in sorted(needs.items()) if result not in ("success", "skipped")]
    if a_shard_failed and len(failed) > 1:
        yield f"{len(failed)} jobs failed, {some(failed)}; the shards explain one of them: see their logs"
    elif not a_shard_failed:
        yield from (f"job {job!r} ended with {needs[job]!r}, and no shard shows why: see its log" for job in failed)


def nothing_left(needs: Needs, *, is_partial: bool) -> Report:
    """Return the report on a run of which there is neither a plan nor a bundle."""
    reasons = ["no shard left any results", *unexplained(needs, a_shard_failed=False, is_partial=is_partial)]
    if set(needs.values()) == {"skipped"}:
        reasons.append("all jobs that this one needs were skipped: name the one that decided so in needs too")
    return Report(conclusion=Conclusion.INCOMPLETE, reasons=tuple(reasons))

"""The verdict: bundles and plan in, a report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ci_tools.merge.outside import unexplained
from ci_tools.merge.reconcile import Reconciled, reconcile
from ci_tools.merge.state import ShardRecord, sentence, shard_records
from ci_tools.model.bundle import Bundle
from ci_tools.model.errors import CiToolsError
from ci_tools.model.plan import Plan
from ci_tools.model.report import CaseResult, Conclusion, Report, ShardResult, ShardState
from ci_tools.model.run import Outcome, final_attempts
from ci_tools.model.words import count, some


def plan_of(bundles: Sequence[Bundle]) -> Plan:
    """Return the plan that most bundles carry; of a tie, the one with the lowest digest.

    Raises CiToolsError when no bundle carries one.
    """
    plans = {bundle.plan.digest: bundle.plan for bundle in bundles if bundle.plan}
    votes = Counter(bundle.plan.digest for bundle in bundles if bundle.plan)
    if not votes:
        raise CiToolsError("no bundle holds a readable plan.json", hint="name the plan with --plan")
    return plans[min(votes, key=lambda digest: (-votes[digest], digest))]


def of_key(bundles: Sequence[Bundle], key: str | None) -> tuple[Bundle, ...]:
    """Return the bundles of one matrix leg; unreadable ones stay, None means all.

    Raises CiToolsError when none is of it, or what stays is of several: they prove nothing together.
    """
    chosen = tuple(b for b in bundles if key is None or b.manifest is None or b.manifest.key == key)
    keys = sorted({bundle.manifest.key for bundle in bundles if bundle.manifest})
    if keys and not any(bundle.manifest for bundle in chosen):
        raise CiToolsError(f"no bundle of key {key!r}: there are {some(keys)}", hint="name one of these with --key")
    found = sorted({bundle.manifest.key for bundle in chosen if bundle.manifest})
    if len(found) > 1:
        raise CiToolsError(
            f"bundles of {len(found)} keys: {some(found)}", hint="merge each of them by itself: name its --key"
        )
    return chosen


def _of_one_commit(bundles: Sequence[Bundle], sha: str) -> tuple[list[Bundle], list[str]]:
    """Return the bundles of this commit, of most bundles' one where it isn't said, and what the others are.

    A bundle that says no commit, run where GITHUB_SHA wasn't passed on, is of no other one.
    """
    shas = Counter(bundle.manifest.sha for bundle in bundles if bundle.manifest and bundle.manifest.sha)
    sha = sha or min(shas, key=lambda sha: (-shas[sha], sha), default="")
    ours, strays = [], []
    for bundle in bundles:
        if bundle.manifest is None or bundle.manifest.sha in ("", sha):
            ours.append(bundle)
        else:
            strays.append(f"bundle {bundle.name!r} is of commit {bundle.manifest.sha[:12]!r}, not {sha[:12]!r}")
    return ours, strays


def merge(
    bundles: Sequence[Bundle],
    plan: Plan,
    *,
    sha: str = "",
    since_attempt: int = 1,
    needs: Mapping[str, str] | None = None,
    is_partial: bool = False,
) -> Report:
    """Return the report on a run. The same bundles in any order give the same report.

    Bundles of other commits than `sha` are no part of it, those of attempts before `since_attempt`
    only tell flips. `needs` are the results of the jobs that this one needs, by name, in GitHub's
    words: none may have failed without a shard that shows it. `is_partial`: there are more bundles,
    which could not be had.
    """
    bundles = sorted(bundles, key=lambda bundle: (bundle.shard, bundle.attempt, bundle.name))
    bundles, foreign = _of_one_commit(bundles, sha)
    records, strays = shard_records(bundles, plan, since_attempt=since_attempt)
    facts = reconcile(records, plan)
    shards = tuple(_shard_result(record, plan) for record in records)
    incomplete = [*foreign, *strays, *_incomplete(shards, facts, plan)]
    failed = list(_failed(shards, facts))
    incomplete += unexplained(needs or {}, a_shard_failed=bool(incomplete or failed), is_partial=is_partial)
    conclusion = Conclusion.INCOMPLETE if incomplete else Conclusion.FAILED if failed else Conclusion.PASSED
    return Report(
        conclusion=conclusion,
        reasons=tuple(incomplete + failed),
        notes=tuple(_notes(shards, facts, plan)),
        plan_digest=plan.digest,
        workers=plan.workers,
        certificate=plan.certificate,
        shards=shards,
        cases=facts.cases,
        not_run=facts.not_run,
        lost=facts.lost,
        duplicated=facts.duplicated,
        unplanned=facts.unplanned,
        gone=facts.gone,
        ignored=facts.ignored,
        skipped_modules=facts.skipped_modules,
        deselected=facts.deselected,
    )


def _incomplete(shards: Sequence[ShardResult], facts: Reconciled, plan: Plan) -> Iterator[str]:
    missing = Counter(missing.shard for missing in facts.not_run)
    for shard in shards:
        not_run = f"{count(missing[shard.index], 'test or file', 'tests or files')} did not run"
        if not shard.state.is_proof:
            also = f"; {not_run}" if missing[shard.index] else ""
            yield f"{sentence(shard.index, shard.state, shard.reason)}{also}"
        elif missing[shard.index]:
            yield f"shard {shard.index} ended, but {not_run}"
    if any(shard.state is ShardState.FOREIGN for shard in shards):
        yield "all shards must run one plan: give them the plan job's, or commit the recorded times they plan from"
    if facts.lost:
        yield f"{count(len(facts.lost), 'test or file', 'tests or files')} lost between shards: {facts.lost[0]}"
    if facts.duplicated:
        yield f"{count(len(facts.duplicated), 'test')} ran more than once: {facts.duplicated[0]}"
    unknown = [case.nodeid for case in facts.cases if case.outcome is Outcome.UNKNOWN]
    if unknown:
        yield f"nobody knows how {count(len(unknown), 'test')} ended: {some(unknown)}"
    if not facts.cases and not facts.not_run:
        yield "no test ran at all"
    planned = plan.planned_files
    if planned and not planned - set(facts.gone):
        yield f"none of the {count(len(planned), 'planned file')} exists: was the plan made for another rootdir?"


def _failed(shards: Sequence[ShardResult], facts: Reconciled) -> Iterator[str]:
    bad = [case for case in facts.cases if case.outcome.is_bad]
    if bad:
        yield f"{count(len(bad), 'test')} failed: {some([case.nodeid for case in bad])}"
    for shard in shards:
        if shard.state is ShardState.RED and shard.reason:
            yield f"shard {shard.index}: {shard.reason}"


def _notes(shards: Sequence[ShardResult], facts: Reconciled, plan: Plan) -> Iterator[str]:
    """Yield what is worth knowing and wrong with nobody."""
    flips = [case.nodeid for case in facts.cases if case.is_flip]
    if flips:
        yield f"{count(len(flips), 'test')} failed, then passed on the same code: {some(flips)}"
    others = sorted({shard.workers for shard in shards if shard.workers not in (0, plan.workers)})
    if others:
        found = " or ".join(map(str, others))
        yield f"the plan counts on {count(plan.workers, 'worker')} a shard, there were {found}: plan with --workers"
    several = [case.nodeid for case in facts.cases if len({a.session for _, a in case.attempts if not a.fresh}) > 1]
    if several:
        yield f"{count(len(several), 'test')} ran in several pytest sessions, the worst result counts: {some(several)}"
    if facts.shared_ids:
        yield f"{count(len(facts.shared_ids), 'node id')} used by several tests: {some(list(facts.shared_ids))}"
    if facts.skipped_serial:
        number = count(len(facts.skipped_serial), "serial test")
        yield f"{number} ran nowhere, skipped: {some(list(facts.skipped_serial))}"
    for name, indices in facts.split_resources:
        where = f"shards {', '.join(map(str, indices))}"
        yield f"shared_resource({name!r}, scope='global') was used by {where}, maybe at once: see keep_together"
    for what, names in (("new", facts.unplanned), ("gone", facts.gone)):
        if names:
            number = count(len(names), "file or test", "files or tests")
            yield f"{number} {what} since the plan: {some(list(names))}"


def _shard_result(record: ShardRecord, plan: Plan) -> ShardResult:
    attempts = record.attempts
    manifest = record.bundle.manifest if record.bundle else None
    sessions = record.bundle.sessions if record.bundle else ()
    own = [attempt for attempt in attempts if attempt.start_s and not attempt.fresh]
    starts = [attempt.start_s for attempt in own]
    ends = [attempt.start_s + attempt.total_s for attempt in own]
    final = final_attempts(sessions)
    return ShardResult(
        index=record.index,
        attempt=record.bundle.attempt if record.bundle else 0,
        state=record.state,
        reason=record.reason,
        exit_code=manifest.exit_code if manifest else None,
        tests=len(final),
        bad=sum(1 for attempt in final.values() if attempt.outcome.is_bad),
        workers=max((session.begin.workers for session in sessions), default=0),
        planned_s=plan.shards[record.index - 1].expected_ms / 1000,
        tests_s=round(max(ends) - min(starts), 3) if starts else 0.0,
        wall_s=round(max(0.0, manifest.end_s - manifest.start_s), 3) if manifest and manifest.sealed else 0.0,
    )


def durations_of(cases: Sequence[CaseResult]) -> dict[str, float]:
    """Return fresh seconds per test: of its last attempt that wasn't cut short.

    Only what ran now: a value copied from an older file would never age out.
    """
    durations: dict[str, float] = {}
    for case in cases:
        measured = [a for _, a in case.attempts if a.outcome.value not in ("crashed", "error")]
        if measured:
            durations[case.nodeid] = measured[-1].total_s
    return durations

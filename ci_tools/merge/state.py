"""How each shard ended, and which of its bundles says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ci_tools.model.bundle import Bundle
from ci_tools.model.plan import Plan
from ci_tools.model.report import ShardState
from ci_tools.model.run import Attempt, Manifest, Session, final_attempts
from ci_tools.model.words import count, some

THRESHOLD = "more failed than its tests: a plugin's threshold, say coverage's"
PYTEST_EXITS = {2: "pytest was interrupted", 3: "internal error in pytest", 4: "pytest was called wrongly"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRecord:
    """One shard's newest bundle, its state and the reason for it; `older` bundles only tell flips."""

    index: int
    state: ShardState
    reason: str
    bundle: Bundle | None
    older: tuple[Bundle, ...] = ()

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return _attempts(self.bundle) if self.bundle else ()

    @property
    def collected(self) -> bool:
        """Whether its list of what was collected is whole."""
        return bool(self.bundle and self.bundle.collection and self.bundle.collection.complete)

    def history(self) -> list[tuple[int, Attempt]]:
        """Return (run attempt, attempt) of all its bundles, oldest first."""
        bundles = [*self.older, *([self.bundle] if self.bundle else [])]
        return [(bundle.attempt, attempt) for bundle in bundles for attempt in _attempts(bundle)]


def _attempts(bundle: Bundle) -> tuple[Attempt, ...]:
    return tuple(attempt for session in bundle.sessions for attempt in session.attempts)


def shard_records(
    bundles: Sequence[Bundle], plan: Plan, *, since_attempt: int = 1
) -> tuple[tuple[ShardRecord, ...], tuple[str, ...]]:
    """Return one record per shard of the plan, and what is wrong with bundles of none.

    All shards began anew in `since_attempt`: bundles of earlier attempts only tell flips.
    """
    k = len(plan.shards)
    strays = [
        f"bundle {bundle.name!r} can't be told to a shard: {'; '.join(bundle.problems)}"
        if not bundle.shard
        else f"bundle {bundle.name!r} is of shard {bundle.shard} of {bundle.shards}, the plan has {k}"
        for bundle in bundles
        if not bundle.shard or (bundle.shards != k and bundle.attempt >= since_attempt)
    ]
    records = []
    for index in range(1, k + 1):
        own = [bundle for bundle in bundles if bundle.shard == index and bundle.shards == k]
        records.append(_record(index, own, plan, since_attempt))
    return tuple(records), tuple(strays)


def _record(index: int, bundles: Sequence[Bundle], plan: Plan, since_attempt: int) -> ShardRecord:
    if not bundles:
        return ShardRecord(index=index, state=ShardState.MISSING, reason="no bundle of it was found", bundle=None)
    newest = max(bundle.attempt for bundle in bundles)
    if newest < since_attempt:
        reason = f"attempt {since_attempt} ran all shards again and left nothing of it; attempt {newest} doesn't count"
        older = _distinct(_usable(bundles, plan))
        return ShardRecord(index=index, state=ShardState.STALE, reason=reason, bundle=None, older=older)
    candidates = [bundle for bundle in bundles if bundle.attempt == newest]
    # What announced the attempt has served when its results are there.
    candidates = [bundle for bundle in candidates if not _is_announcement(bundle)] or candidates
    bundle = candidates[0]
    if any(_content(other) != _content(bundle) for other in candidates[1:]):
        reason = f"{len(candidates)} different bundles of attempt {newest}"
        return ShardRecord(index=index, state=ShardState.BROKEN, reason=reason, bundle=bundle)
    state, reason = shard_state(bundle, plan)
    older = _distinct(_usable([other for other in bundles if other.attempt < newest], plan))
    return ShardRecord(index=index, state=state, reason=reason, bundle=bundle, older=older)


def _usable(bundles: Sequence[Bundle], plan: Plan) -> list[Bundle]:
    """Return those that tell something of the plan's tests."""
    return [b for b in bundles if not _is_announcement(b) and shard_state(b, plan)[0] is not ShardState.FOREIGN]


def _is_announcement(bundle: Bundle) -> bool:
    """Whether it only says that an attempt began: the action uploads one before it runs a shard again."""
    return bundle.manifest is not None and not bundle.manifest.command


def _content(bundle: Bundle) -> object:
    return bundle.manifest, bundle.sessions, bundle.collection, bundle.problems


def _distinct(bundles: Sequence[Bundle]) -> tuple[Bundle, ...]:
    by_attempt = {bundle.attempt: bundle for bundle in bundles}
    return tuple(by_attempt[attempt] for attempt in sorted(by_attempt))


def shard_state(bundle: Bundle, plan: Plan) -> tuple[ShardState, str]:
    """Return how the bundle's shard ended, and why when that isn't plain."""
    manifest = bundle.manifest
    if manifest is None:
        return ShardState.TRUNCATED, "; ".join(bundle.problems)
    if _is_announcement(bundle):
        return ShardState.KILLED, f"killed in attempt {bundle.attempt}, which began and left no results"
    if manifest.plan_digest != plan.digest:
        return ShardState.FOREIGN, f"ran plan {manifest.plan_digest[:12]}, not {plan.digest[:12]}"
    if not manifest.sealed:
        return ShardState.KILLED, _killed(bundle)
    if not bundle.sessions:
        return _without_session(bundle, manifest)
    if any(session.begin.nonce != manifest.nonce for session in bundle.sessions):
        return ShardState.TRUNCATED, "attempts.jsonl is of another run"
    own = [session for session in bundle.sessions if not session.begin.rerun]
    if any(session.exit_status is None or (manifest.stopped and not session.has_ended) for session in own):
        return ShardState.KILLED, _killed(bundle)
    if bundle.problems:
        return ShardState.TRUNCATED, "; ".join(bundle.problems)
    return _ended(bundle, manifest, own)


def _without_session(bundle: Bundle, manifest: Manifest) -> tuple[ShardState, str]:
    if "attempts.jsonl" in manifest.files:
        return ShardState.TRUNCATED, "; ".join(bundle.problems)
    if manifest.stopped or (manifest.exit_code or 0) < 0:
        return ShardState.KILLED, _killed(bundle)
    return ShardState.BROKEN, f"exit code {manifest.exit_code}, and no pytest session was recorded"


def _killed(bundle: Bundle) -> str:
    """Return who ended it and what was running then; the test that began first is named first."""
    running = [nodeid for session in bundle.sessions for nodeid in session.running]
    stopped = bundle.manifest.stopped if bundle.manifest else ""
    if running and "while running" not in stopped:
        return f"{stopped or 'killed'} while running {some(running)}"
    if stopped:
        return stopped
    n_attempts = len(_attempts(bundle))
    return f"killed after {count(n_attempts, 'test')}" if n_attempts else "killed before its first test"


def _ended(bundle: Bundle, manifest: Manifest, own: Sequence[Session]) -> tuple[ShardState, str]:
    """Judge by pytest's own exit statuses; the command's says the rest. A re-run mends only what it passed."""
    statuses = {session.exit_status or 0 for session in own}
    worst = sorted(status for status in statuses if status in PYTEST_EXITS or status > 5)
    if worst:
        return ShardState.BROKEN, f"{PYTEST_EXITS.get(worst[0], 'pytest ended')} (exit {worst[0]})"
    again = Counter(session.begin.rerun for session in bundle.sessions if session.begin.rerun)
    if again and max(again.values()) > len(own):
        return ShardState.BROKEN, "its command stopped before its last pytest, which only a re-run reached"
    if any(attempt.outcome.is_bad for attempt in final_attempts(bundle.sessions).values()):
        return ShardState.RED, THRESHOLD if any(session.unexplained for session in own) else ""
    if any(session.exit_status == 1 and not _explains(session) for session in own):
        return ShardState.RED, "pytest exited 1 though no test failed: a plugin's threshold, say coverage's"
    exit_code = manifest.rerun_exit_code if again else manifest.exit_code
    if exit_code and (again or 1 not in statuses) and statuses != {5}:
        return ShardState.RED, f"the command exited {exit_code} after pytest had passed"
    return (ShardState.EMPTY if statuses == {5} else ShardState.OK), ""


def _explains(session: Session) -> bool:
    """Whether failed tests alone make pytest's exit status 1."""
    return not session.unexplained and any(a.outcome.is_bad for a in final_attempts([session]).values())


def sentence(index: int, state: ShardState, reason: str) -> str:
    """Return what became of a shard that is no proof: `shard 3 was killed while running …`."""
    return f"shard {index} was {reason}" if state is ShardState.KILLED else f"shard {index} is {state.value}: {reason}"


def unreported(bundle: Bundle) -> tuple[str, ...]:
    """Return the selected tests that nothing is reported of, in collection order."""
    reported = {attempt.nodeid for attempt in _attempts(bundle)}
    files = bundle.collection.files if bundle.collection else ()
    selected = dict.fromkeys(nodeid for file in files for nodeid in file.selected)
    return tuple(nodeid for nodeid in selected if nodeid not in reported)

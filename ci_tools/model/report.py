"""A merged run: what every test did, what is missing, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from ci_tools.model.errors import NO, UNJUDGED, YES
from ci_tools.model.plan import Certificate
from ci_tools.model.run import Attempt, Outcome, deciding
from ci_tools.model.verdict import Cause, Changes, Judgement

POLICIES = ("any", "new", "never")  # which failed tests make a run red


class Conclusion(str, Enum):
    """The verdict on a run. Incomplete outweighs failed: what didn't run may have failed too."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"

    @property
    def exit_code(self) -> int:
        return {Conclusion.PASSED: YES, Conclusion.FAILED: NO, Conclusion.INCOMPLETE: UNJUDGED}[self]


class ShardState(str, Enum):
    """How a shard ended."""

    OK = "ok"
    RED = "red"
    EMPTY = "empty"
    BROKEN = "broken"
    KILLED = "killed"
    TRUNCATED = "truncated"
    FOREIGN = "foreign"
    STALE = "stale"
    MISSING = "missing"

    @property
    def is_proof(self) -> bool:
        """Whether what it reports is all that it did."""
        return self in (ShardState.OK, ShardState.RED, ShardState.EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One test. `attempts` are (run attempt, attempt), oldest first; of the newest run attempt's one decides.

    `shard` is 0 when no shard is known of it: results that came as JUnit files.
    """

    nodeid: str
    shard: int
    attempts: tuple[tuple[int, Attempt], ...]

    @property
    def final(self) -> Attempt:
        if len(self.attempts) == 1:
            return self.attempts[0][1]
        newest = self.attempts[-1][0]
        return deciding([attempt for job, attempt in self.attempts if job == newest])

    @property
    def outcome(self) -> Outcome:
        return self.final.outcome

    @property
    def is_flip(self) -> bool:
        """Whether the same code both failed and, later, passed."""
        return self.failed_before is not None

    @property
    def failed_before(self) -> Attempt | None:
        """The first failure of a test that then passed; one that nobody kept the text of proves none."""
        if len(self.attempts) == 1 or self.outcome is not Outcome.PASSED:
            return None
        found = self._first_failure()
        return found[1] if found else None

    @property
    def flip_condition(self) -> str:
        """What was different when a flip passed: another job, a fresh process, another worker, nothing."""
        found = self._first_failure()
        assert found is not None
        newest = self.attempts[-1][0]
        return f"in attempt {newest} of the job" if found[0] != newest else self.final.condition_after(found[1])

    def _first_failure(self) -> tuple[int, Attempt] | None:
        return next(((job, a) for job, a in self.attempts if a.outcome.is_bad and (a.text or a.message)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardResult:
    """One shard. `tests_s` is from its first test's start to its last one's end."""

    index: int
    attempt: int
    state: ShardState
    reason: str
    exit_code: int | None
    tests: int
    bad: int
    workers: int
    planned_s: float
    tests_s: float
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRun:
    """A selected test, or a planned file, without a result; `why` names shard and cause."""

    name: str
    shard: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole run, sorted throughout: the same bundles in any order give the same report.

    `lost` and `duplicated` break the proof that each test ran once. `gone` left the code since
    the plan, `unplanned` are new in it, `ignored` files and `deselected` tests are the
    project's own choice: none of these four is an error. `plan_digest` is "" without a plan, as
    when JUnit files are merged: then nothing says what should have run. `judgements` has one for
    each failing test, sorted by node id; `changes` is None when there was no base run to compare with.
    `fail_on` is the policy: `any` failure reddens the run, only `new` ones, or they `never` do.
    """

    conclusion: Conclusion
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    plan_digest: str = ""
    workers: int = 1
    certificate: Certificate | None = None
    shards: tuple[ShardResult, ...] = ()
    cases: tuple[CaseResult, ...] = ()
    not_run: tuple[NotRun, ...] = ()
    lost: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()
    unplanned: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    skipped_modules: tuple[str, ...] = ()
    deselected: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    changes: Changes | None = None
    fail_on: str = "any"

    @property
    def exit_code(self) -> int:
        """0 green, 1 red, 3 not proved. A policy excuses failed tests, nothing else."""
        return YES if self.is_excused else self.conclusion.exit_code

    @property
    def proves_each(self) -> bool:
        """Whether green means that each test ran exactly once: JUnit files, without an exit code, don't tell that."""
        return bool(self.plan_digest) and any(shard.exit_code is not None for shard in self.shards)

    @property
    def is_excused(self) -> bool:
        """Whether it failed, and by its policy that doesn't matter."""
        if self.conclusion is not Conclusion.FAILED:
            return False
        if any(shard.state is ShardState.RED and shard.reason for shard in self.shards):
            return False
        return self.fail_on == "never" or (self.fail_on == "new" and not self.news)

    @cached_property
    def news(self) -> tuple[CaseResult, ...]:
        """The failing tests whose cause isn't known from before."""
        known = {judgement.nodeid for judgement in self.judgements if judgement.cause.is_known}
        return tuple(case for case in self.bad if case.nodeid not in known)

    @cached_property
    def quarantined(self) -> tuple[CaseResult, ...]:
        """The failing tests that don't redden the run, whatever the policy."""
        held = {judgement.nodeid for judgement in self.judgements if judgement.cause is Cause.QUARANTINED}
        return tuple(case for case in self.bad if case.nodeid in held)

    @cached_property
    def flips(self) -> tuple[CaseResult, ...]:
        return tuple(case for case in self.cases if case.is_flip)

    @cached_property
    def bad(self) -> tuple[CaseResult, ...]:
        return tuple(case for case in self.cases if case.outcome.is_bad)

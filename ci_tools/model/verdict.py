"""What a failure means: held against the base branch, against history, against the quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ci_tools.model.run import Outcome


class Cause(str, Enum):
    """Why a test is red, as far as it can be told; those that ask most of the reader first."""

    NEW = "new"
    NEW_TEST = "new test"
    ENVIRONMENT = "environment-specific"
    INFRASTRUCTURE = "infrastructure"
    NOT_COMPARED = "not compared"
    FLAKY = "known flaky"
    BASE = "also red on the base"
    QUARANTINED = "quarantined"

    @property
    def is_known(self) -> bool:
        """Whether it is no news: with `--fail-on new` such a failure doesn't redden the run."""
        return self in (Cause.FLAKY, Cause.BASE, Cause.QUARANTINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The cause of one failing test. `why` is prose for people: `3 of 41 runs`, `since 9f3c1ab, 4 runs`; may be ""."""

    nodeid: str
    cause: Cause
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRun:
    """The run that this one is compared with: the newest complete one of the base branch. `at_s` since the epoch."""

    branch: str
    sha: str
    run_id: int
    at_s: float
    tests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower:
    """A test that got slower: its recorded median and its seconds now."""

    nodeid: str
    before_s: float
    now_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different from the base run. Node ids sorted; `slower` by the seconds lost, most first."""

    base: BaseRun
    newly_failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    newly_skipped: tuple[str, ...] = ()
    slower: tuple[Slower, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTest:
    """What history knows of one test under one key, on the base branch.

    `outcome` is the base run's, None when the test wasn't in it. `p50_s` is the median of its
    recorded passes, None without one. `runs` are the recorded runs in which it passed or failed:
    a skip proves nothing; in `flaky_runs` of them it did both on one commit. `red_runs` counts the newest runs
    that it failed in without a pass between them, back from the base run, `red_since` is the
    first one's commit; `green_runs` likewise those that it passed in, with no flip.
    `green_keys` are other keys under which it passed on this very commit.
    """

    outcome: Outcome | None = None
    p50_s: float | None = None
    runs: int = 0
    flaky_runs: int = 0
    red_runs: int = 0
    red_since: str = ""
    green_runs: int = 0
    green_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All that is known from before. `base` is None when nothing comparable was recorded."""

    base: BaseRun | None = None
    tests: Mapping[str, PastTest] = field(default_factory=dict)

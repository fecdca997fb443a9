"""What a bisection found: the values that it is told with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ci_tools.bisect.oracle import Subset
from ci_tools.bisect.scene import Scene, Way
from ci_tools.model.errors import NO, UNJUDGED, YES
from ci_tools.model.statistics import Share


class Kind(str, Enum):
    """Why a test fails, as far as its runs tell."""

    ORDER = "order"  # after other tests
    CONCURRENT = "concurrent"  # beside other tests
    BOTH = "both"
    NEEDS = "needs"  # it fails unless other tests ran before it
    ALWAYS = "always"  # alone too
    RANDOM = "random"  # alone too, at times
    WORKER = "worker"  # alone too, but only in a worker of pytest-xdist
    LASTING = "lasting"  # what runs with others leave on disk makes the difference from then on
    UNCLEAR = "unclear"  # in some runs, not clearly more often with others than alone
    UNSEEN = "unseen"  # in no run of the bisection

    @property
    def exit_code(self) -> int:
        """Return 0 where other tests were found, 1 where none is to blame, 3 where that can't be told."""
        if self in (Kind.ALWAYS, Kind.RANDOM, Kind.WORKER):
            return NO
        return UNJUDGED if self in (Kind.LASTING, Kind.UNCLEAR, Kind.UNSEEN) else YES


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """In how many runs the test was bad with so many others.

    Alone, `n_tests` is 0, and the way says in what process: one like that of runs before, or beside, others.
    """

    way: Way
    n_tests: int
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """The tests that do it this way, in their order: none of them can be left out where it `is_minimal`.

    `fact` is of runs made after they were found, as far as there were any. `rest` is of all suspects but these, None
    when there were no others.
    """

    way: Way
    tests: Subset
    fact: Fact
    rest: Fact | None = None
    is_minimal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bisection:
    """A test, what is known of its failures, and the tests that cause them.

    `scene` is the attempt that it began with. `changes` are sentences on what the culprits leave changed. `message`
    is of the newest failure. `ended` says why the search isn't done, "" when it is. `command` is what
    was given to run, `pytest` that without paths, for node ids behind it; () where there is none. `options`
    are those of the bisection that its runs need.
    """

    test: str
    kind: Kind
    scene: Scene
    facts: tuple[Fact, ...] = ()
    culprits: tuple[Culprit, ...] = ()
    message: str = ""
    n_runs: int = 0
    n_unjudged: int = 0
    seconds: float = 0.0
    ended: str = ""
    changes: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    pytest: tuple[str, ...] = ()

"""The study's answer: which tests are unstable, how sure that is, and what hasn't been seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ci_tools.model.errors import NO, UNJUDGED, YES
from ci_tools.model.nodeid import file_of
from ci_tools.model.statistics import Share, discoveries, fisher
from ci_tools.stability.classify import Cause, Kind, classify
from ci_tools.stability.design import Coverage, coverage
from ci_tools.stability.record import RAN, Run, Study, ran_in, tests_of
from ci_tools.stability.story import Story, share_of, stories


class Verdict(str, Enum):
    """Stable is as far as seen; it promises no more than its bound."""

    STABLE = "stable"
    FAILING = "failing"  # some tests fail, and those always
    UNSTABLE = "unstable"
    UNJUDGED = "not judged"

    @property
    def exit_code(self) -> int:
        return {Verdict.STABLE: YES, Verdict.UNJUDGED: UNJUDGED}.get(self, NO)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadTest:
    """A test that was bad in a run of the design.

    `serial` and `beside` are its shares where all ran on one worker, and where they ran on several. `chance` is
    Fisher's that it is no worse beside others; `adjusted` that, for the number of tests looked at, None where so few
    failures prove nothing.
    `numbers` are the design's runs that it was bad in, `replay` is the one that questions were asked about.
    """

    nodeid: str
    share: Share
    serial: Share
    beside: Share
    chance: float
    adjusted: float | None
    cause: Cause
    numbers: tuple[int, ...]
    replay: int
    message: str

    @property
    def is_steady(self) -> bool:
        """Whether it was bad in each run, and nothing is known that it would be good with."""
        return self.share.bad == self.share.n and self.cause.kind in (Kind.ALWAYS, Kind.CRASH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Tests of one file that ran in some runs of the design and not in those with these `numbers`."""

    tests: tuple[str, ...]
    numbers: tuple[int, ...]
    was_skipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a study comes to.

    `n_tests` ran in at least one run, `n_never` in none: they were skipped in each. `fewest` is the smallest number of
    runs that a test which was never bad has run in, 0 when there is none. `red` counts the runs of the design with a
    bad test, `red_else` those with one that isn't always bad.
    """

    study: Study
    verdict: Verdict
    n_tests: int
    n_never: int
    fewest: int
    bad: tuple[BadTest, ...]
    red: Share
    red_else: Share
    differences: tuple[Difference, ...]
    broken: tuple[Run, ...]
    coverage: Coverage
    n_asked: int


def judged(study: Study) -> Report:
    """Return what these runs say; the same for the same runs."""
    counted = study.counted
    told = stories(study.runs)
    bad = _bad_tests(told, counted)
    always = {test.nodeid for test in bad if test.share.bad == test.share.n}
    differences = _differences(counted)
    broken = tuple(run for run in study.runs if run.problem)
    n_ran = ran_in(counted)
    names = {story.nodeid for story in told}
    return Report(
        study=study,
        verdict=_verdict(study, bad, differences),
        n_tests=len(n_ran),
        n_never=len(tests_of(counted)) - len(n_ran),
        fewest=min((n for nodeid, n in n_ran.items() if nodeid not in names), default=0),
        bad=bad,
        red=Share(bad=sum(bool(run.bad) for run in counted), n=len(counted)),
        red_else=Share(bad=sum(bool(set(run.bad) - always) for run in counted), n=len(counted)),
        differences=differences,
        broken=broken,
        coverage=coverage((run.conditions for run in counted), study.factors),
        n_asked=len(study.runs) - len(study.design),
    )


def _verdict(study: Study, bad: Sequence[BadTest], differences: Sequence[Difference]) -> Verdict:
    """A test that was seen to be unstable is, whatever else is missing; its absence takes a whole study."""
    if not all(test.is_steady for test in bad):
        return Verdict.UNSTABLE
    if not ran_in(study.counted) or differences or len(study.counted) < len(study.design):
        return Verdict.UNJUDGED
    return Verdict.FAILING if bad else Verdict.STABLE


def _bad_tests(told: Sequence[Story], counted: Sequence[Run]) -> tuple[BadTest, ...]:
    """Return the bad tests: the unstable ones, the worst first, then those that are always bad."""
    pairs = [_serial_and_beside(story) for story in told]
    adjusted = discoveries([(beside, serial) for serial, beside in pairs])
    tests = [_bad_test(story, pair, value, counted) for story, pair, value in zip(told, pairs, adjusted)]
    return tuple(sorted(tests, key=lambda test: (test.is_steady, -test.share.bad / test.share.n, test.nodeid)))


def _serial_and_beside(story: Story) -> tuple[Share, Share]:
    serial = share_of(story.design, lambda seen: not seen.is_beside)
    return serial, share_of(story.design, lambda seen: seen.is_beside)


def _bad_test(story: Story, pair: tuple[Share, Share], adjusted: float | None, counted: Sequence[Run]) -> BadTest:
    serial, beside = pair
    told = story.told.number
    return BadTest(
        nodeid=story.nodeid,
        share=serial + beside,
        serial=serial,
        beside=beside,
        chance=fisher(beside, serial),
        adjusted=adjusted,
        cause=classify(story),
        numbers=tuple(seen.number for seen in story.bad),
        replay=told,
        message=next((run.messages.get(story.nodeid, "") for run in counted if run.number == told), ""),
    )


def _differences(counted: Sequence[Run]) -> tuple[Difference, ...]:
    """Return the tests that not every run has run, those of one file that lack in the same runs together."""
    groups: dict[tuple[str, tuple[int, ...], bool], list[str]] = {}
    for nodeid in tests_of(counted):
        lacking = [run for run in counted if run.outcomes.get(nodeid) not in RAN]
        if lacking and len(lacking) < len(counted):
            was_skipped = all(nodeid in run.outcomes for run in lacking)
            key = (file_of(nodeid), tuple(run.number for run in lacking), was_skipped)
            groups.setdefault(key, []).append(nodeid)
    return tuple(
        Difference(tests=tuple(tests), numbers=numbers, was_skipped=was_skipped)
        for (_, numbers, was_skipped), tests in groups.items()
    )

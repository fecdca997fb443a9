"""Where a test failed: what ran before it in its process, what beside it in others. Read from a recorded run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ci_tools.bisect.oracle import Subset
from ci_tools.model.bundle import Bundle
from ci_tools.model.run import Attempt, Outcome, Session

# At a time beside the test: each is in a process of its own, and GitHub's standard runners have four CPUs.
MAX_BESIDE = 3
# So long a test overlaps with all that ran beside it, whenever each of them begins.
LONG_S = 1.0
# Of hundreds that ran beside a test most took no time: those are suspected that overlapped with it longest.
MAX_PEERS = 12
# Tests that ended so shortly before it count as beside it: what they left may just be on its way.
SLACK_S = 0.1
DIED = "its process died"


class Way(str, Enum):
    """How other tests are run with the one in question.

    Before it in its process; each beside it, in another process; before it in its process what began earlier in any
    (it may be what those leave on disk); or before and beside it, in as many processes as there were.
    """

    BEFORE = "before"
    BESIDE = "beside"
    EARLIER = "earlier"
    RECORDED = "recorded"

    @property
    def is_concurrent(self) -> bool:
        return self in (Way.BESIDE, Way.RECORDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One attempt of a test, and the tests around it, each once, in the order in which they began.

    But for `beside`: those come first that overlapped with it longest, and only they are there. `earlier` began before
    it in any process, those of its own included; `lanes` are the tests that began before its end, by process, its own
    first. `start_s` is seconds since the epoch, `test_s` how long it took. `source` says where it was recorded.
    """

    test: str
    source: str = ""
    worker: str = "main"
    failed: bool = True
    message: str = ""
    before: Subset = ()
    beside: Subset = ()
    earlier: Subset = ()
    lanes: tuple[Subset, ...] = ()
    start_s: float = 0.0
    test_s: float = 0.0

    def groups(self, way: Way) -> tuple[Subset, ...]:
        """Return the tests that may do it this way, those together that are run with it at once.

        Beside a short test that is a few at a time. None where it would be another way again.
        """
        if way is Way.BESIDE:
            size = len(self.beside) if self.test_s >= LONG_S else MAX_BESIDE
            return tuple(self.beside[i : i + size] for i in range(0, len(self.beside), size or 1))
        return (suspects,) if (suspects := self._suspects(way)) else ()

    def _suspects(self, way: Way) -> Subset:
        if way is Way.BEFORE:
            return self.before
        if way is Way.EARLIER:
            return self.earlier if set(self.earlier) > set(self.before) else ()
        return tuple(dict.fromkeys(test for lane in self.lanes for test in lane)) if len(self.lanes) > 1 else ()

    @property
    def n_suspects(self) -> int:
        return len({*self.before, *self.beside})


def scenes(bundle: Bundle, test: str, *, source: str) -> Iterator[Scene]:
    """Yield the first attempt of the test in each session of a bundle, as far as it passed or was bad there."""
    for session in (with_death(bundle, session) for session in bundle.sessions):
        own = [a for a in _tests(session) if a.nodeid == test]
        for attempt in own[:1]:
            if attempt.outcome.is_bad or attempt.outcome.value == "passed":
                yield _scene(session, attempt, source)


def with_death(bundle: Bundle, session: Session) -> Session:
    """Return a session with an attempt of the test with which its only process died: nobody was left to record it."""
    manifest = bundle.manifest
    is_dead = session.exit_status is None and manifest is not None and manifest.sealed and not manifest.stopped
    if not is_dead or session.begin.dist != "no":
        return session
    start_s = max((a.start_s + a.total_s for a in session.attempts), default=session.begin.start_s)
    died = [Attempt(nodeid=t, outcome=Outcome.CRASHED, start_s=start_s, message=DIED) for t in session.running]
    return replace(session, attempts=(*session.attempts, *died))


def likely(chosen: Scene, others: Iterable[Scene]) -> Subset:
    """Return which tests were before it in all runs in which it failed, and in none in which it passed.

    () where the other runs leave none, or can't tell.
    """
    before = set(chosen.before)
    for other in others:
        before = before & set(other.before) if other.failed else before - set(other.before)
    return tuple(test for test in chosen.before if test in before) if len(before) < len(chosen.before) else ()


def _tests(session: Session) -> Sequence[Attempt]:
    """Return the attempts in the order in which they began; of equal times as they were written."""
    attempts = [a for a in session.attempts if a.phase != "collect" and "::" in a.nodeid and not a.fresh]
    return sorted(attempts, key=lambda attempt: attempt.start_s)


def _scene(session: Session, attempt: Attempt, source: str) -> Scene:
    start_s, end_s = attempt.start_s, attempt.start_s + attempt.total_s
    others = [other for other in _tests(session) if other.nodeid != attempt.nodeid]
    began = [other for other in others if other.start_s <= start_s]
    elsewhere = [other for other in others if other.worker != attempt.worker and other.start_s < end_s + SLACK_S]
    beside = [other for other in elsewhere if other.start_s + other.total_s > start_s - SLACK_S]
    before = [other for other in began if other.worker == attempt.worker]
    lanes = [_ids(other for other in elsewhere if other.worker == worker) for worker in _workers(elsewhere)]
    return Scene(
        test=attempt.nodeid,
        source=source,
        worker=attempt.worker,
        failed=attempt.outcome.is_bad,
        message=attempt.message,
        before=_ids(before),
        beside=_ids(sorted(beside, key=lambda other: -_overlap_s(attempt, other)))[:MAX_PEERS],
        earlier=_ids(began),
        lanes=(_ids(before), *lanes),
        start_s=start_s,
        test_s=attempt.total_s,
    )


def _overlap_s(a: Attempt, b: Attempt) -> float:
    return min(a.start_s + a.total_s, b.start_s + b.total_s) - max(a.start_s, b.start_s)


def _workers(attempts: Iterable[Attempt]) -> list[str]:
    return list(dict.fromkeys(attempt.worker for attempt in attempts))


def _ids(attempts: Iterable[Attempt]) -> Subset:
    return tuple(dict.fromkeys(attempt.nodeid for attempt in attempts))

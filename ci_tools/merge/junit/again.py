"""Several cases of one test in one file: nobody says whether they are retries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from operator import attrgetter, eq

from ci_tools.merge.junit.values import shortened
from ci_tools.model.run import Attempt, Outcome

_NODEID = attrgetter("nodeid")


def told_apart(attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """Return a file's attempts sorted by node id, and so that of one test's several cases the worst decides.

    A case begins with an attempt of `rerun` 0. An empty case before the last is unknown, no pass:
    pytest-rerunfailures since 16.6.1 and flaky write one for each attempt that failed. Cases that
    do say something repeat nothing that is known of, so each is a session of its own.
    """
    by_test = sorted(attempts, key=_NODEID)
    names = [attempt.nodeid for attempt in by_test]
    if not any(map(eq, names, names[1:])):
        return tuple(by_test)
    tests = (list(own) for _, own in groupby(by_test, key=_NODEID))
    return tuple(attempt for own in tests for attempt in (own if len(own) == 1 else _of_one_test(own)))


def _of_one_test(attempts: Iterable[Attempt]) -> list[Attempt]:
    cases: list[list[Attempt]] = []
    for attempt in attempts:
        if attempt.rerun:
            cases[-1].append(attempt)
        elif cases and _is_teardown_of(cases[-1][-1], attempt):
            failed = cases[-1][-1]
            cases[-1][-1] = replace(failed, text=shortened(f"{failed.text}\n\n{attempt.text}"))
        else:
            cases.append([attempt])
    session = 0
    numbered: list[Attempt] = []
    for case in cases:
        is_ghost = case is not cases[-1] and case[0].outcome is Outcome.PASSED
        for attempt in case:
            outcome = Outcome.UNKNOWN if is_ghost else attempt.outcome
            numbered.append(replace(attempt, outcome=outcome, session=session, rerun=len(numbered)))
        session += not is_ghost
    return numbered


def _is_teardown_of(failed: Attempt, attempt: Attempt) -> bool:
    """Whether pytest wrote a second case because the teardown of a failed test failed too."""
    return failed.outcome is Outcome.FAILED and attempt.outcome is Outcome.ERROR and attempt.phase == "teardown"

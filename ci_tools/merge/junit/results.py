"""One case's results as attempts: what pytest, its plugins and Maven Surefire write into a case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ci_tools.merge.junit.values import TEXT_LIMIT, location_of, shortened
from ci_tools.model.run import Attempt, Outcome

# Surefire's: failed attempts of a test that passed in the end, and of one that didn't.
FLAKY = {"flakyFailure": Outcome.FAILED, "flakyError": Outcome.ERROR}
RERUN = {"rerunFailure": Outcome.FAILED, "rerunError": Outcome.ERROR}
BAD = {"failure": Outcome.FAILED, "error": Outcome.ERROR}
KINDS = {**BAD, **FLAKY, **RERUN, "skipped": Outcome.SKIPPED}

_CRASH = re.compile(r"worker '([^']*)' crashed while running '(.*)'", re.DOTALL)
_PHASE = re.compile(r"failed on (setup|teardown) with ")
_COLLECTION = {"collection failure", "collection skipped"}  # pytest's messages


class Result(NamedTuple):
    """An element of a case that says how it ended."""

    tag: str
    message: str
    type: str
    text: str

    @property
    def is_of_collection(self) -> bool:
        return self.message in _COLLECTION

    @property
    def is_not_run(self) -> bool:
        """Whether it is our own junit.xml's word for a test without a result."""
        return self.tag == "error" and self.type == "not-run"

    @property
    def crash(self) -> tuple[str, str] | None:
        """The worker that died and the node id it was running, as pytest-xdist says it."""
        found = _CRASH.search(self.message[:TEXT_LIMIT]) if self.tag in BAD else None
        return (found[1], found[2]) if found else None


def attempts_of(
    nodeid: str, results: Sequence[Result], *, status: Outcome, seconds: tuple[float, float, float]
) -> list[Attempt]:
    """Return a case's attempts, the deciding one last: that one took its `seconds`.

    Several failures of one case, as subtests', are one. `status` is what holds where no result does.
    """
    if not results:
        said = status.value if status.is_bad else ""
        return [Attempt(nodeid=nodeid, outcome=status, seconds=seconds, message=said)]
    before = [result for result in results if result.tag in FLAKY or result.tag in RERUN]
    bad = [result for result in results if result.tag in BAD]
    last = bad or [result for result in results if result.tag == "skipped"]
    if not last and any(result.tag in RERUN for result in before):
        last = [before.pop()]  # that word alone says that it never passed
    attempts = [_attempt(nodeid, [result], rerun, (0.0, 0.0, 0.0)) for rerun, result in enumerate(before)]
    if last:
        return [*attempts, _attempt(nodeid, last, len(before), seconds)]
    return [*attempts, Attempt(nodeid=nodeid, outcome=status, seconds=seconds, rerun=len(before))]


def _attempt(nodeid: str, results: Sequence[Result], rerun: int, seconds: tuple[float, float, float]) -> Attempt:
    first = results[0]
    crash = first.crash
    text = first.text if len(results) == 1 else shortened("\n\n".join(result.text for result in results if result.text))
    phase = _PHASE.match(first.message)
    return Attempt(
        nodeid=nodeid,
        outcome=_outcome(first, has_crashed=crash is not None),
        rerun=rerun,
        worker=crash[0] if crash else "main",
        seconds=seconds,
        phase="collect" if first.is_of_collection else phase[1] if phase else "call",
        message=shortened(first.message.strip() or first.type or first.text.partition("\n")[0]),
        text="" if first.tag == "skipped" else text,
        location=location_of(text),
    )


def _outcome(result: Result, *, has_crashed: bool) -> Outcome:
    if result.tag == "skipped":
        is_xfail = result.type.lower() in ("pytest.xfail", "xfail")  # the latter is unittest-xml-reporting's
        return Outcome.XFAILED if is_xfail else Outcome.SKIPPED
    if has_crashed or result.type == Outcome.CRASHED.value:  # the latter is our own junit.xml's
        return Outcome.CRASHED
    return KINDS[result.tag]

"""What a run that was killed must have left behind, from what its tests wrote themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from .judge import expected
from .suites import Case, Suite
from .truth import Execution, Truth


class Victim(str, Enum):
    """Who gets which signal."""

    WORKER = "worker"  # SIGKILL
    CONTROLLER = "controller"  # pytest's controller: SIGKILL
    RUN = "run"  # `ci-tools run`: SIGKILL, and at once all that it started
    CANCEL = "cancel"  # `ci-tools run`, as GitHub cancels: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL
    TERM = "term"  # `ci-tools run`: SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of one run after a merge.

    `outcomes` are the attempts of each reported test, `killed_pid` the worker that was killed, 0
    for none. `run_code` is None when the run didn't end by itself, `merge_code` None when the
    merge didn't; `in_setup` whether it was killed while pytest-xdist was still setting it up, which
    ends pytest; `has_bundle` whether there was anything to merge. `verdict` is the line of the
    merge's output that says how it all went.
    """

    outcomes: dict[str, list[str]]
    not_run: frozenset[str] = frozenset()
    state: str = ""
    reason: str = ""
    verdict: str = ""
    run_code: int | None = None
    merge_code: int | None = None
    killed_pid: int = 0
    in_setup: bool = False
    has_bundle: bool = True


def check(suite: Suite, truth: Truth, left: Left, victim: Victim) -> list[str]:
    """Return what contradicts the model, a line each."""
    if not left.has_bundle:
        return [] if left.merge_code == 3 and not truth.executions else ["there is no bundle of a run that had begun"]
    lines = [f"{nodeid} reported {len(found)} times" for nodeid, found in left.outcomes.items() if len(found) != 1]
    lines += _finished(suite, truth, left)
    if (left.killed_pid and not left.in_setup) or _is_whole(suite, left):
        return lines + list(_after_a_worker(suite, truth, left))
    return lines + list(_after_all(suite, truth, left, victim))


def _is_whole(suite: Suite, left: Left) -> bool:
    """Return whether the kill came too late to be seen."""
    return left.state in ("ok", "red") and all(case.nodeid in left.outcomes for case in suite.cases)


def _finished(suite: Suite, truth: Truth, left: Left) -> Iterator[str]:
    """A test behind which another one began in the same process is over: its outcome is kept."""
    cases = {case.nodeid: case for case in suite.cases}
    for execution in truth.executions:
        if len(truth.of(execution.nodeid)) > 1:
            yield f"{execution.nodeid} ran {len(truth.of(execution.nodeid))} times"
        found = left.outcomes.get(execution.nodeid)
        if not truth.has_next(execution):
            continue
        if not found:
            yield f"{execution.nodeid} had finished and is not reported"
        elif not _is_right(cases[execution.nodeid], execution, found[-1]):
            yield f"{execution.nodeid} had finished and is {found[-1]}"


def _is_right(case: Case, execution: Execution, outcome: str) -> bool:
    return outcome in expected(case, execution)


def _after_a_worker(suite: Suite, truth: Truth, left: Left) -> Iterator[str]:
    """One worker died, or none: every test is reported, one at most as crashed."""
    crashed = [nodeid for nodeid, found in left.outcomes.items() if "crashed" in found]
    if len(crashed) > (1 if left.killed_pid else 0):
        yield f"{len(crashed)} tests are crashed: {', '.join(crashed)}"
    for case in suite.cases:
        found = left.outcomes.get(case.nodeid)
        if found:
            yield from _beside_a_dead_worker(case, truth, found[-1], left.killed_pid)
        else:
            yield f"{case.nodeid} is not reported{' but under not_run' if case.nodeid in left.not_run else ''}"
    code = int(any(found[-1] in ("failed", "error", "crashed") for found in left.outcomes.values()))
    if left.merge_code != code:
        yield f"the merge's exit code is {left.merge_code}, not {code}: {left.verdict}"
    if left.killed_pid and left.run_code != code:
        yield f"the run's exit code is {left.run_code}, not {code}"


def _beside_a_dead_worker(case: Case, truth: Truth, outcome: str, killed_pid: int) -> Iterator[str]:
    """Yield what is wrong with one reported test of a run that ended, one worker dead or none."""
    executions = truth.of(case.nodeid)
    is_crashed = outcome == "crashed"
    if not executions:  # it can have been killed between its start and its first hook
        if not is_crashed:
            yield f"{case.nodeid} never began and is {outcome}"
        return
    last = executions[-1]
    if last.end_ns is None and not (is_crashed and last.pid == killed_pid):
        yield f"{case.nodeid} never ended in process {last.pid} and is {outcome}"
    elif is_crashed and (last.pid != killed_pid or truth.has_next(last)):
        yield f"{case.nodeid} was not running in the killed worker and is crashed"
    elif not is_crashed and not _is_right(case, last, outcome):
        yield f"{case.nodeid} is {outcome}"


def _after_all(suite: Suite, truth: Truth, left: Left, victim: Victim) -> Iterator[str]:
    """The run was killed: that is said, by name, and nothing is guessed."""
    if left.merge_code != 3:
        yield f"the merge's exit code is {left.merge_code}, not 3"
    if victim is not Victim.RUN and left.run_code != 3:
        yield f"the run's exit code is {left.run_code}, not 3"
    if left.state != "killed":
        yield f"the shard's state is {left.state}, not killed: {left.reason}"
    if "shard 1" not in left.verdict:
        yield f"the verdict doesn't name the shard: {left.verdict!r}"
    for case in suite.cases:
        executions = truth.of(case.nodeid)
        if not executions:
            yield from _not_begun(case, left)
        elif not truth.has_next(executions[-1]):
            yield from _last_of_its_worker(case, executions[-1], left)


def _not_begun(case: Case, left: Left) -> Iterator[str]:
    if case.nodeid in left.outcomes:
        yield f"{case.nodeid} never began and is {left.outcomes[case.nodeid][-1]}"
    elif not {case.nodeid, case.nodeid.partition("::")[0]} & left.not_run:
        yield f"{case.nodeid} did not run and is not named under not_run"


def _last_of_its_worker(case: Case, last: Execution, left: Left) -> Iterator[str]:
    """A test that had begun, and no other behind it: it is reported, or named as running."""
    found = left.outcomes.get(case.nodeid)
    if not found:
        if repr(case.nodeid) not in left.reason:
            what = "was running" if last.end_ns is None else "had ended"
            yield f"{case.nodeid} {what} and is neither reported nor named as running: {left.reason}"
    elif not _is_right(case, last, found[-1]) and not (last.end_ns is None and found[-1] == "crashed"):
        what = "was running" if last.end_ns is None else "had ended"
        yield f"{case.nodeid} {what} and is {found[-1]}"

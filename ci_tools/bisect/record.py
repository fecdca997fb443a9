"""Where a test was seen to fail before: bundles on disk, or runs that are made to see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_tools.bisect.oracle import NOTHING, Subset
from ci_tools.bisect.runs import Runs
from ci_tools.bisect.scene import Scene, likely, scenes
from ci_tools.merge.read import read_bundle
from ci_tools.model.errors import CiToolsError
from ci_tools.model.statistics import Share
from ci_tools.model.trial import Conditions

HINT = "name it as `pytest --collect-only -q` does, and the command behind --"
# What other commands leave, and `ci-tools run`.
PLACES = (".ci-tools/stability", ".ci-tools/parallelize", ".ci-tools/local", "bundles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Attempts of one test. Both are in the order in which they are to be looked at: fewest suspects first.

    `alone` has the runs alone that were made before the suite was run for this; none where it was recorded already.
    """

    failed: tuple[Scene, ...] = ()
    passed: tuple[Scene, ...] = ()
    alone: Share = NOTHING

    @property
    def guess(self) -> Subset:
        """The tests that were before it whenever it failed, never when it passed; () when that says nothing."""
        return likely(self.failed[0], [*self.failed[1:], *self.passed]) if self.failed else ()


def recorded(test: str, directory: Path) -> Record:
    """Return the test's attempts in the bundles in and below a directory; CiToolsError when it failed in none."""
    if not directory.is_dir():
        raise CiToolsError(f"no such directory: {directory}", hint="name one with bundles in or below it")
    record = _read(test, directory)
    if not record.failed:
        fact = f"{test} failed in no run below {directory}" if record.passed else f"no run below {directory} has {test}"
        raise CiToolsError(fact, hint="leave --from out to have the suite run until it fails")
    return record


def newest(test: str, root: Path) -> Record:
    """Return the record of the place in which the test failed last; an empty one when it failed in none."""
    records = [_read(test, root / place) for place in PLACES]
    failed = [record for record in records if record.failed]
    return max(failed, key=lambda record: max(scene.start_s for scene in record.failed), default=Record())


def made(test: str, runs: Runs, *, more: bool) -> Record:
    """Run the suite until the test fails: serially and, if it may be `more` than that, in parallel."""
    record = Record()
    for name, workers in (("recorded-serial", "0"), ("recorded-parallel", "auto"))[: 1 + more]:
        result = runs.make(name, Conditions(workers=workers))
        found = tuple(scenes(read_bundle(result.bundle), test, source=str(result.bundle)))
        record = Record(failed=_ranked(found, failed=True), passed=(*record.passed, *_ranked(found, failed=False)))
        if not found:
            raise CiToolsError(f"{test} did not run: {result.problem or 'no such test'}", hint=HINT)
        if record.failed:
            break
    return record


def _read(test: str, directory: Path) -> Record:
    bundles = sorted(path.parent for path in directory.rglob("attempts.jsonl"))
    found = [scene for path in bundles for scene in scenes(read_bundle(path), test, source=str(path))]
    return Record(failed=_ranked(found, failed=True), passed=_ranked(found, failed=False))


def _ranked(found: Sequence[Scene], *, failed: bool) -> tuple[Scene, ...]:
    chosen = [scene for scene in found if scene.failed is failed]
    return tuple(sorted(chosen, key=lambda scene: (scene.n_suspects, -scene.start_s)))

"""A bisection from its first look at recorded runs to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ci_tools.bisect.bisection import Bisection, Kind
from ci_tools.bisect.changes import changes
from ci_tools.bisect.oracle import TimeUpError, times
from ci_tools.bisect.record import Record, made, newest, recorded
from ci_tools.bisect.runs import Runs
from ci_tools.bisect.scene import Scene, Way
from ci_tools.bisect.search import Quest, Search
from ci_tools.model.errors import CiToolsError

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to find out. With `after` or `beside` nobody else is suspected, and no recorded run is looked at."""

    test: str
    source: Path | None = None
    after: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    runs: int = 5


def bisect(wanted: Wanted, runs: Runs, root: Path, tell: Tell) -> Bisection:
    """Return what was found when the search was done, or the time up.

    `root` is where recorded runs are looked for. Raises CiToolsError when nothing can be judged.
    """
    scene = Scene(test=wanted.test, failed=False)
    found = Bisection(test=wanted.test, kind=Kind.UNSEEN, scene=scene)
    try:
        record = _record(wanted, runs, root)
    except TimeUpError as ended:
        return replace(found, ended=str(ended), n_runs=runs.n, seconds=runs.seconds)
    scene = record.failed[0] if record.failed else scene
    if scene.source:
        tell(f"it failed in {scene.source}, on {scene.worker}")
    quest = Quest(
        scene=scene, guess=record.guess, passed=passing(wanted, record, runs), runs=wanted.runs, alone=record.alone
    )
    search = Search(quest, runs.ask, tell)
    return _searched(search, replace(found, scene=scene), runs, tell)


def _record(wanted: Wanted, runs: Runs, root: Path) -> Record:
    if wanted.after or wanted.beside:
        lanes = (wanted.after, *((other,) for other in wanted.beside))
        return Record(failed=(Scene(test=wanted.test, before=wanted.after, beside=wanted.beside, lanes=lanes),))
    if wanted.source:
        return recorded(wanted.test, wanted.source)
    record = newest(wanted.test, root)
    if record.failed:
        return record
    # First, as the suite may leave something behind, and as a name that is misspelt costs just this one run.
    alone = times(lambda: runs.ask(Scene(test=wanted.test), Way.BEFORE, ()), wanted.runs)
    return replace(made(wanted.test, runs, more=alone.bad < alone.n and runs.has_xdist), alone=alone)


def passing(wanted: Wanted, record: Record, runs: Runs) -> Callable[[], Scene | None]:
    """Return how to come by an attempt that passed after other tests: a recorded one, else one run will tell."""

    def find() -> Scene | None:
        if wanted.after or wanted.beside:
            return record.failed[0] if wanted.after else None
        passed = record.passed
        if not passed and not record.alone.n:
            passed = made(wanted.test, runs, more=False).passed
        return next((scene for scene in passed if scene.before), None)

    return find


def _searched(search: Search, found: Bisection, runs: Runs, tell: Tell) -> Bisection:
    try:
        kind, ended = search.run(), ""
    except TimeUpError as error:
        kind, ended = search.kind, str(error)
    except CiToolsError as error:
        if not search.culprits:
            raise
        tell(error.fact)
        kind, ended = search.kind, "a run could not be judged"
    changed = [
        c for culprit in search.culprits for c in changes(runs.evidence(found.scene, culprit), culprit, found.test)
    ]
    return replace(
        found,
        kind=kind,
        ended=ended,
        facts=search.facts,
        culprits=tuple(search.culprits),
        message=runs.last_bad.message if runs.last_bad else found.scene.message,
        changes=tuple(dict.fromkeys(changed)),
        n_runs=runs.n,
        n_unjudged=runs.n_unjudged,
        seconds=runs.seconds,
    )

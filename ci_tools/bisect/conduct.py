"""A bisection from its first look at recorded runs to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ci_tools.bisect.bisection import Bisection, Kind
from ci_tools.bisect.changes import changes
from ci_tools.bisect.oracle import TimeUpError
from ci_tools.bisect.record import Record, made, newest, recorded
from ci_tools.bisect.runs import Runs
from ci_tools.bisect.scene import MAX_BESIDE, Scene
from ci_tools.bisect.search import Quest, Search

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
    quest = Quest(scene=scene, guess=record.guess, passed=_passed(wanted, record, runs), runs=wanted.runs)
    search = Search(quest, runs.ask, tell)
    return _searched(search, replace(found, scene=scene), runs)


def _record(wanted: Wanted, runs: Runs, root: Path) -> Record:
    if wanted.after or wanted.beside:
        lanes = (wanted.after, *((other,) for other in wanted.beside))
        scene = Scene(
            test=wanted.test,
            before=wanted.after,
            beside=wanted.beside,
            lanes=lanes if wanted.after or len(wanted.beside) > MAX_BESIDE else (),
        )
        return Record(failed=(scene,))
    if wanted.source:
        return recorded(wanted.test, wanted.source)
    record = newest(wanted.test, root)
    return record if record.failed else made(wanted.test, runs, more=True)


def _passed(wanted: Wanted, record: Record, runs: Runs) -> Callable[[], Scene | None]:
    """Return how to come by an attempt that passed after other tests: a recorded one, else one run will tell."""

    def find() -> Scene | None:
        if wanted.after or wanted.beside:
            return record.failed[0] if wanted.after else None
        passed = record.passed or made(wanted.test, runs, more=False).passed
        return next((scene for scene in passed if scene.before), None)

    return find


def _searched(search: Search, found: Bisection, runs: Runs) -> Bisection:
    try:
        kind, ended = search.run(), ""
    except TimeUpError as error:
        kind, ended = search.kind, str(error)
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

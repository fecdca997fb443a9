"""The runs of a bisection: the user's command, as a layout asks for, until the time is up."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from hashlib import sha256

from ci_tools.bisect.bisection import Culprit
from ci_tools.bisect.layout import layout
from ci_tools.bisect.oracle import Subset, TimeUpError
from ci_tools.bisect.scene import DIED, Scene, Way, with_death
from ci_tools.merge.read import read_bundle
from ci_tools.model.errors import CiToolsError
from ci_tools.model.evidence import Evidence
from ci_tools.model.run import Attempt, Begin, Outcome
from ci_tools.model.trial import Conditions, Steering
from ci_tools.model.words import duration, some
from ci_tools.trial.evidence import read_evidence
from ci_tools.trial.result import Result
from ci_tools.trial.series import Series

# A run that can't be judged says nothing for or against; so many in a row, and nothing will.
MAX_UNJUDGED = 3


class Runs:
    """Asks by running: `ask` is what a search wants. `n` runs so far, `last_bad` is the newest bad attempt."""

    def __init__(self, series: Series, test: str, *, limit_s: float | None) -> None:
        self.n = 0
        self.n_unjudged = 0
        self.last_bad: Attempt | None = None
        self._last: Result | None = None
        self._series = series
        self.test = test
        self._names: Counter[str] = Counter()
        self._in_a_row = 0
        self._limit_s = limit_s
        self._start_s = time.monotonic()

    @property
    def has_xdist(self) -> bool:
        """Whether the command's pytest has pytest-xdist, as far as it was run."""
        return any(begin.xdist for begin in self._begins)

    @property
    def rootdir(self) -> str:
        """What node ids are relative to, "" as long as nothing was run."""
        return self._begins[0].rootdir if self._begins else ""

    @property
    def _begins(self) -> list[Begin]:
        sessions = read_bundle(self._last.bundle).sessions if self._last else ()
        return [session.begin for session in sessions]

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._start_s

    def ask(self, scene: Scene, way: Way, others: Subset) -> bool | None:
        """Return whether the test was bad in a run with these others, None when the run can't be judged.

        Raises TimeUpError when the time is up,
        CiToolsError when nothing can be judged, or a test isn't there.
        """
        conditions, steering = layout(scene, way, others)
        asked = repr((steering.tests, sorted(steering.lanes.items())))
        name = f"{way.value}-{len(others)}-{sha256(asked.encode(errors='backslashreplace')).hexdigest()[:8]}"
        self._names[name] += 1
        result = self.make(f"{name}-{self._names[name]}", conditions, steering)
        if result.missing:
            raise _missing(result)
        place = f"gw0 {self.test}" if steering.lanes else self.test
        return self._judged(result, result.attempts.get(place) or self._died(result))

    def make(self, name: str, conditions: Conditions, steering: Steering | None = None) -> Result:
        """Run the command once, unless the time is up."""
        if self._limit_s is not None and self.seconds > self._limit_s:
            raise TimeUpError(f"{duration(self._limit_s)} are up: go on with --resume")
        self.n += 1
        self._last = self._series.run(name, conditions, steering)
        return self._last

    def evidence(self, scene: Scene, culprit: Culprit) -> tuple[Evidence, ...]:
        """Return what is seen in one more run with the tests that were found; () where that can't be had."""
        conditions, steering = layout(scene, culprit.way, culprit.tests)
        try:
            result = self.make(f"evidence-{self.n}", conditions, replace(steering, evidence=True))
        except (CiToolsError, TimeUpError):
            return ()
        return read_evidence(result.bundle)

    def _died(self, result: Result) -> Attempt | None:
        bundle = read_bundle(result.bundle)
        attempts = (a for session in bundle.sessions for a in with_death(bundle, session).attempts)
        return next((a for a in attempts if a.nodeid == self.test and a.message == DIED), None)

    def _judged(self, result: Result, attempt: Attempt | None) -> bool | None:
        if attempt is None or attempt.outcome is Outcome.SKIPPED:
            self.n_unjudged += 1
            self._in_a_row += 1
            if self._in_a_row == MAX_UNJUDGED:
                why = result.problem or ("it is skipped" if attempt else "it isn't run")
                raise CiToolsError(f"{self.test} can't be judged: {why}", hint=f"see {result.bundle.parent}")
            return None
        self._in_a_row = 0
        if attempt.outcome.is_bad:
            self.last_bad = attempt
        return attempt.outcome.is_bad


def _missing(result: Result) -> CiToolsError:
    names = [name.partition(" ")[2] if name.startswith("gw") else name for name in result.missing]
    return CiToolsError(
        f"not among the tests that the command collects: {some(names)}",
        hint="name it as `pytest --collect-only -q` does, and the command behind --; ids must not change between runs",
    )

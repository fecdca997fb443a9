"""How long each test will take: its recorded time, else the median of its nearest relatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from statistics import median_low

from ci_tools.model.nodeid import file_of, function_of, scopes_of
from ci_tools.plan.discover import SourceFile

DEFAULT_MS = 1000  # with nothing recorded at all, every test weighs the same, as in pytest-split


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedFile:
    """A file's tests in file order as (node id or function, milliseconds); the unrecorded are `guessed`."""

    file: str
    tests: tuple[tuple[str, int], ...]
    ties: tuple[str, ...] = ()
    guessed: frozenset[str] = frozenset()

    @property
    def total_ms(self) -> int:
        return sum(ms for _, ms in self.tests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """All files, sorted by path; how many tests had no recorded time, and their median guess."""

    files: tuple[PredictedFile, ...]
    unknown_tests: int
    assumed_ms: int


def sources_of(durations_s: Mapping[str, float]) -> tuple[SourceFile, ...]:
    """Return the files that the durations name, for planning without a checkout."""
    return tuple(SourceFile(file=file) for file in sorted({file_of(nodeid) for nodeid in durations_s}))


def predict(sources: Sequence[SourceFile], durations_s: Mapping[str, float]) -> Prediction:
    """Give every test of the sources its milliseconds.

    A test is a recorded node id of one of the files, or a function read there of which nothing is
    recorded: that one gets the median of its class, file, directory or suite, the nearest that
    has any. A file without either counts as one unknown test. Recorded ids of other files are
    left out: their files are gone. The result doesn't depend on the order of its inputs.
    """
    recorded = _by_file(sources, durations_s)
    median_near = _Medians(recorded)
    guesses: list[int] = []
    files = []
    for source in sorted(sources, key=lambda source: source.file):
        known = recorded.get(source.file, {})
        unknown = _unrecorded(source, known)
        guessed = {nodeid: median_near(nodeid) for nodeid in unknown}
        guesses += guessed.values()
        tests = _in_file_order({**known, **guessed}, source.functions)
        files.append(PredictedFile(file=source.file, tests=tests, ties=source.ties, guessed=frozenset(guessed)))
    assumed_ms = median_low(guesses) if guesses else 0
    return Prediction(files=tuple(files), unknown_tests=len(guesses), assumed_ms=assumed_ms)


def _by_file(sources: Sequence[SourceFile], durations_s: Mapping[str, float]) -> dict[str, dict[str, int]]:
    recorded: dict[str, dict[str, int]] = {source.file: {} for source in sources}
    for nodeid, seconds in durations_s.items():
        tests = recorded.get(nodeid.partition("::")[0])
        if tests is not None:
            tests[nodeid] = round(seconds * 1000)
    return recorded


def _unrecorded(source: SourceFile, known: Mapping[str, int]) -> list[str]:
    if not source.functions:
        return [] if known else [source.file]
    have = {function_of(nodeid) for nodeid in known}
    return [function for function in source.functions if function not in have]


def _in_file_order(tests: Mapping[str, int], functions: Sequence[str]) -> tuple[tuple[str, int], ...]:
    place = {function: index for index, function in enumerate(functions)}
    last = len(place)
    return tuple(sorted(tests.items(), key=lambda test: (place.get(function_of(test[0]), last), test[0])))


class _Medians:
    """The ladder of medians: callable with a node id, remembers what it has worked out."""

    def __init__(self, recorded: Mapping[str, Mapping[str, int]]) -> None:
        self._recorded = recorded
        self._of_directory = lru_cache(maxsize=None)(self._directory_median)

    def __call__(self, nodeid: str) -> int:
        file = file_of(nodeid)
        tests = self._recorded.get(file, {})
        for scope in scopes_of(nodeid):
            relatives = [ms for test, ms in tests.items() if test.startswith((f"{scope}::", f"{scope}["))]
            if relatives:
                return median_low(relatives)
        return self._of_directory(file.rpartition("/")[0])

    def _directory_median(self, directory: str) -> int:
        prefix = f"{directory}/" if directory else ""
        near = chain.from_iterable(tests.values() for file, tests in self._recorded.items() if file.startswith(prefix))
        values = list(near)
        if values:
            return median_low(values)
        return self._of_directory(directory.rpartition("/")[0]) if directory else DEFAULT_MS

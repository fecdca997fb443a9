"""Which tests are ready to run in parallel, as far as the source tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from ci_tools.audit.finding import Axis, Finding, Severity
from ci_tools.audit.steps import Unit, UnitKind
from ci_tools.audit.suite import Suite
from ci_tools.model.rates import rate_text
from ci_tools.model.words import count


class State(str, Enum):
    """How far a test is, worst first. Only what breaks across workers, or collection, keeps it from being parallel."""

    BLOCKED = "blocked"  # breaks across workers, of high severity
    SUSPECT = "suspect"  # may do so, or wasn't followed to its end
    ORDER_RISK = "order-risk"  # depends on the order of tests, or disturbs it
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReadiness:
    """A test, all its parameters together. `findings` are those that its state comes from."""

    nodeid: str
    state: State
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReadiness:
    """A test file, its tests in order; it is as its worst test."""

    path: str
    cases: tuple[CaseReadiness, ...]

    @property
    def state(self) -> State:
        return min((case.state for case in self.cases), key=_ORDER.index)

    def number(self, state: State) -> int:
        """Return how many of its tests are so."""
        return sum(case.state is state for case in self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What running the suite in parallel has shown: none of its tests failed in `n_runs` runs with `n_workers`."""

    n_runs: int
    n_workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The test files by path; `verified` is None as long as only the source was read."""

    files: tuple[FileReadiness, ...]
    verified: Verified | None = None

    @property
    def n_files(self) -> int:
        return len(self.files)

    @property
    def n_tests(self) -> int:
        return sum(len(file.cases) for file in self.files)

    @property
    def ready_files(self) -> int:
        """Return in how many files all tests are ready."""
        return sum(file.state is State.READY for file in self.files)

    def number(self, state: State) -> int:
        """Return how many tests are so."""
        return sum(file.number(state) for file in self.files)


def sentence(readiness: Readiness) -> str:
    """Return `16 of 24 files, 171 of 223 tests are ready (static only)`, or what runs have shown on top."""
    files = f"{readiness.ready_files:,} of {count(readiness.n_files, 'file')}"
    tests = f"{readiness.number(State.READY):,} of {count(readiness.n_tests, 'test')}"
    seen = readiness.verified
    shown = (
        "static only" if seen is None else f"{rate_text(0, seen.n_runs)} with {count(seen.n_workers, 'worker')} failed"
    )
    return f"{files}, {tests} are ready ({shown})"


def readiness_of(suite: Suite, findings: Iterable[Finding], *, verified: Verified | None = None) -> Readiness:
    """Return how far each test is, by the findings in itself, its fixtures, its file and the conftests above it.

    One that wasn't followed to its end is a suspect: nobody knows what the rest of it does.
    """
    by_unit: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        for nodeid in finding.units:
            by_unit[nodeid].append(finding)
    shared = _shared(suite, by_unit)
    cut = frozenset(problem.unit for problem in suite.problems if problem.unit)
    by_file: dict[str, list[CaseReadiness]] = defaultdict(list)
    for unit in suite.units:
        if unit.kind is UnitKind.TEST:
            by_file[unit.nodeid.partition("::")[0]].append(_case(unit, by_unit, shared, cut))
    files = tuple(FileReadiness(path=path, cases=tuple(cases)) for path, cases in sorted(by_file.items()))
    return Readiness(files=files, verified=verified)


def _shared(suite: Suite, by_unit: Mapping[str, list[Finding]]) -> dict[str, list[Finding]]:
    """Return what the conftests' own code and hooks do, by their directories: it is done to all tests below."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for unit in suite.units:
        is_own = unit.kind in (UnitKind.MODULE, UnitKind.HOOK) and unit.module.is_conftest
        if is_own and unit.nodeid in by_unit:
            found[unit.module.path.rpartition("/")[0]] += by_unit[unit.nodeid]
    return found


def _case(
    unit: Unit, by_unit: Mapping[str, list[Finding]], shared: Mapping[str, list[Finding]], cut: frozenset[str]
) -> CaseReadiness:
    path = unit.nodeid.partition("::")[0]
    places = dict.fromkeys((unit.nodeid, path, *(fixture.nodeid for fixture in unit.fixtures)))
    findings = [finding for nodeid in places for finding in by_unit.get(nodeid, ())]
    findings += [finding for directory in _above(path) for finding in shared.get(directory, ())]
    states = [*map(_state, findings), *(State.SUSPECT for nodeid in places if nodeid in cut)]
    worst = min(states, key=_ORDER.index, default=State.READY)
    of_worst = [f for f in findings if _state(f) is worst is not State.READY]
    return CaseReadiness(nodeid=unit.nodeid, state=worst, findings=tuple(dict.fromkeys(of_worst)))


def _state(finding: Finding) -> State:
    """Return what a finding makes of a test; a note, a wait or a way to start processes makes nothing of it."""
    if finding.severity is Severity.NOTE:
        return State.READY
    if finding.axis in (Axis.WORKERS, Axis.COLLECTION):
        return State.BLOCKED if finding.severity is Severity.HIGH else State.SUSPECT
    return State.ORDER_RISK if finding.axis is Axis.ORDER else State.READY


def _above(path: str) -> Iterator[str]:
    directory = path.rpartition("/")[0]
    while directory:
        yield directory
        directory = directory.rpartition("/")[0]
    yield ""


_ORDER = list(State)

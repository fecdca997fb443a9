"""Random suites. The same seed gives the same suite, to the byte."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .kinds import BROKEN_MODULE, CONFTEST, HANGS, HEADER, KIT, Kind, outcomes_of, test_source

INI = "[pytest]\nmarkers =\n    serial: alone\n    no_parallel: alone\n"
CALM = (Kind.PASS,) * 8 + (Kind.FAIL, Kind.SKIP, Kind.XFAIL, Kind.SETUP_ERROR, Kind.TEARDOWN_ERROR, Kind.FLAKY)
CRASH = (Kind.EXIT, Kind.SEGFAULT, Kind.KILL, Kind.EXIT_IN_SETUP)
FORKS = (Kind.FORK_EXIT, Kind.FORK_RETURNS, Kind.FORK_HOLDS)
FILES = (Kind.FILES_LEFT, Kind.FILES_RELEASED)
# What goes wrong in a suite besides the tests that every suite has.
THEMES: dict[str, tuple[Kind, ...]] = {
    "calm": (),
    "crash": CRASH,
    "hang": HANGS,
    "fork": FORKS,
    "files": (*FILES, *FILES, Kind.EXIT, Kind.FORK_EXIT),
    "twins": (Kind.TWIN,),
    "session": (Kind.SESSION_END,),
    "all": (*CRASH, *CRASH, *FORKS, *FILES, Kind.SESSION_END, Kind.HANG),
}
WEIGHTS = (2, 6, 2, 3, 2, 3, 2, 4)
MAX_HANGS = 2  # each takes the watchdog's whole time


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test: `outcomes` are those its last attempt may have when nothing around it breaks."""

    nodeid: str
    kind: Kind
    serial: bool
    outcomes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite and how it is run.

    `files` are (path, source text). `max_worker_restart` is None for pytest-xdist's default,
    four a worker. `maxfail` and `reruns` (of pytest-rerunfailures) are 0 when not given.
    """

    seed: int
    theme: str
    files: tuple[tuple[str, str], ...]
    cases: tuple[Case, ...]
    workers: int
    max_worker_restart: int | None = None
    maxfail: int = 0
    reruns: int = 0

    @property
    def hangs(self) -> bool:
        return any(case.kind in HANGS for case in self.cases)

    @property
    def restarts(self) -> int:
        """How many workers may be replaced."""
        return 4 * self.workers if self.max_worker_restart is None else self.max_worker_restart

    @property
    def options(self) -> tuple[str, ...]:
        """pytest's options."""
        words = ["-n", str(self.workers), "--dist", "loadfile"]
        if self.max_worker_restart is not None:
            words.append(f"--max-worker-restart={self.max_worker_restart}")
        if self.maxfail:
            words.append("-x" if self.maxfail == 1 else f"--maxfail={self.maxfail}")
        if self.reruns:
            words.append(f"--reruns={self.reruns}")
        return tuple(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A test before it is written down; `copies` is 0 when it isn't parametrized."""

    file: int
    name: str
    kind: Kind
    mark: str = ""
    copies: int = 0
    sleep_s: float = 0.0
    twin: tuple[str, str] = ("", "")


def random_suite(seed: int) -> Suite:
    """Return the suite of a seed."""
    r = random.Random(seed)
    theme = r.choices(list(THEMES), WEIGHTS)[0]
    workers = r.randint(2, 4) if theme == "twins" else r.randint(1, 4)
    has_marks = r.random() < 0.5
    calm = CALM if r.random() < 0.6 else (Kind.PASS,)
    drawn = [
        _Drawn(
            file=file,
            name=f"test_f{file}_{number}",
            kind=r.choice(calm),
            mark=r.choice(("serial", "no_parallel")) if has_marks and r.random() < 0.25 else "",
            copies=r.choice((2, 3)) if r.random() < 0.08 else 0,
            sleep_s=r.choice((0, 0, 0.01, 0.05)),
        )
        for file in range(r.randint(2 if theme == "twins" else 1, 6))
        for number in range(r.randint(1, 6))
    ]
    drawn = _tamed(_with_nasty(drawn, theme, r), r)
    reruns = r.choice((1, 2)) if r.random() < 0.12 else 0
    return Suite(
        seed=seed,
        theme=theme,
        files=_files(drawn, r),
        cases=tuple(_cases(drawn, reruns)),
        workers=workers,
        max_worker_restart=r.choice((None, None, 50)),
        maxfail=r.choice((1, 1, 2, 3)) if r.random() < 0.12 else 0,
        reruns=reruns,
    )


def _with_nasty(drawn: list[_Drawn], theme: str, r: random.Random) -> list[_Drawn]:
    """Give some tests the theme's kinds: one alone at a telling place, or many anywhere."""
    kinds = THEMES[theme]
    if not kinds:
        return drawn
    if theme == "twins":
        return _with_twins(drawn, r)
    if r.random() < 0.4:
        places = {r.choice(_telling_places(drawn, r))}
    else:
        density = r.choice((0.1, 0.25, 0.5))
        places = {i for i in range(len(drawn)) if r.random() < density} or {r.randrange(len(drawn))}
    return [replace(test, kind=r.choice(kinds), copies=0) if i in places else test for i, test in enumerate(drawn)]


def _telling_places(drawn: list[_Drawn], r: random.Random) -> list[int]:
    """Return the first, a middle and the last test of some file, and the very last of all."""
    file = r.choice(drawn).file
    own = [i for i, test in enumerate(drawn) if test.file == file]
    return [own[0], own[len(own) // 2], own[-1], len(drawn) - 1]


def _with_twins(drawn: list[_Drawn], r: random.Random) -> list[_Drawn]:
    """Make one or two pairs of tests, of different files, that wait for each other and die."""
    result = list(drawn)
    for pair in range(r.choice((1, 1, 2))):
        files = r.sample(sorted({test.file for test in drawn}), 2)
        for side, file in enumerate(files):
            i = r.choice([i for i, test in enumerate(drawn) if test.file == file])
            flags = (f"twin-{pair}-{side}", f"twin-{pair}-{1 - side}")
            result[i] = replace(result[i], kind=Kind.TWIN, mark="", copies=0, twin=flags)
    return result


def _tamed(drawn: list[_Drawn], r: random.Random) -> list[_Drawn]:
    """Keep hangs few, and away what can't work in a worker without file descriptors."""
    hangs = [i for i, test in enumerate(drawn) if test.kind in HANGS]
    kept = set(r.sample(hangs, min(len(hangs), MAX_HANGS)))
    no_files = any(test.kind is Kind.FILES_LEFT for test in drawn)
    result = []
    for i, test in enumerate(drawn):
        if test.kind in HANGS and i not in kept:
            test = replace(test, kind=Kind.EXIT)
        if no_files and test.kind is Kind.FORK_HOLDS:  # multiprocessing needs a pipe
            test = replace(test, kind=Kind.KILL)
        if no_files and test.kind is Kind.FILES_RELEASED:  # lists /proc/self/fd
            test = replace(test, kind=Kind.PASS)
        if test.kind is Kind.FLAKY:  # its flag goes by the function's name
            test = replace(test, copies=0)
        result.append(test)
    left = [i for i, test in enumerate(result) if test.kind is Kind.FILES_LEFT]
    for i in left[1:]:
        result[i] = replace(result[i], kind=Kind.PASS)
    return result


def _files(drawn: list[_Drawn], r: random.Random) -> tuple[tuple[str, str], ...]:
    files = {"pytest.ini": INI, "kit.py": KIT, "conftest.py": CONFTEST}
    for file in sorted({test.file for test in drawn}):
        text = HEADER
        if r.random() < 0.06:
            text += f"\nkit.die_while_collecting('collected-{file}')\n"
        if r.random() < 0.1:
            text += BROKEN_MODULE
        for test in drawn:
            if test.file == file:
                marks = [test.mark] if test.mark else []
                marks += [f"parametrize('i', range({test.copies}))"] if test.copies else []
                source = test_source(test.kind, test.name, sleep_s=test.sleep_s, marks=tuple(marks), twin=test.twin)
                text += f"\n\n{source}"
        files[f"test_f{file}.py"] = text
    return tuple(files.items())


def _cases(drawn: list[_Drawn], reruns: int) -> Iterator[Case]:
    for test in drawn:
        names = [f"{test.name}[{i}]" for i in range(test.copies)] or [test.name]
        for name in names:
            yield Case(
                nodeid=f"test_f{test.file}.py::{name}",
                kind=test.kind,
                serial=bool(test.mark),
                outcomes=outcomes_of(test.kind, reruns),
            )

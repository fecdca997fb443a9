"""The static audit of a project on disk: its settings, its baseline, its suite → what is to be said."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ci_tools.audit.baseline import baseline_of
from ci_tools.audit.engine import RuleError, audit_suite
from ci_tools.audit.judge import judge
from ci_tools.audit.judged import About, By, Judged, Remark
from ci_tools.audit.rules import RULES
from ci_tools.audit.settings import Settings, is_in, settings_of
from ci_tools.audit.source import Problem, Sources, read_sources
from ci_tools.audit.suite import build_suite
from ci_tools.cli.talk import say
from ci_tools.formats import audit_baseline_json
from ci_tools.formats.audit_baseline_json import Known
from ci_tools.model.errors import CiToolsError
from ci_tools.model.words import count
from ci_tools.plan.discover import matches
from ci_tools.plan.pytest_config import PytestConfig, find_config
from ci_tools.store.collector import collector_paused
from ci_tools.store.files import read_text, write_text
from ci_tools.store.tables import read_table

BASELINE = Path(".ci-tools/audit-baseline.json")
SLOW_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a command line asks for; empty where it says nothing. `baseline` is relative to the working directory."""

    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = ""
    baseline: Path | None = None
    ignores_baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Where was looked, and for what: below these paths, in these files, for these rules; not in those `unread`."""

    rules: tuple[str, ...]
    below: tuple[str, ...]
    read: frozenset[str]
    unread: frozenset[str]

    def covers(self, entry: Known) -> bool:
        """Return whether an entry of a baseline would have been found, were it still there."""
        is_below = any(base == "." or f"{entry.path}/".startswith(f"{base}/") for base in self.below)
        return entry.rule in self.rules and entry.path not in self.unread and (is_below or entry.path in self.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What was found, and how. Paths are absolute; `baseline` needs not be there, `known` is what it holds.

    `unread_tests` are test files that can't be read or parsed, `errors` rules that failed.
    """

    judged: Judged
    settings: Settings
    rootdir: Path
    baseline: Path
    known: Counter[Known]
    looked: Looked
    unread_tests: tuple[str, ...] = ()
    errors: tuple[RuleError, ...] = ()


def audited(request: Request, *, cwd: Path) -> Audited:
    """Read and judge the suite that pytest would run in `cwd`; CiToolsError where there is none."""
    with collector_paused():
        return _audited(request, cwd)


def _audited(request: Request, cwd: Path) -> Audited:
    config = find_config(request.paths, cwd=cwd)
    table = read_table(config.rootdir).table("audit")
    settings = settings_of(table, RULES, select=request.select, ignore=request.ignore, fail_on=request.fail_on)
    baseline, known = _baseline(request, settings, config.rootdir, cwd)
    with _said_if_slow("reading the tests and what they import"):
        sources = _without(read_sources(config), settings.exclude)
    named = {os.path.relpath(path, config.rootdir) for path in config.paths}
    tests = [m for m in sources.modules.values() if m.is_test_file and (not m.is_conftest or m.path in named)]
    if not tests and not sources.problems:
        raise CiToolsError("no test files", hint="name some: `ci-tools audit PATH`")
    with _said_if_slow(f"following {count(len(tests), 'test file')} and what they import"):
        found = audit_suite(build_suite(sources, config), rules=settings.rules)
    unread = frozenset(problem.path for problem in sources.problems)
    failed = {error.rule for error in found.errors}
    rules = tuple(rule for rule in settings.rules if rule not in failed)
    looked = Looked(rules=rules, below=_below(config), read=frozenset(sources.modules), unread=unread)
    judged = judge(
        found.findings,
        found.suite,
        settings,
        known_rules=RULES,
        baseline=known,
        baseline_file=os.path.relpath(baseline, config.rootdir),  # as the paths of all remarks
        covers=looked.covers,
        remarks=[_remark(problem, is_unread=problem in sources.problems) for problem in found.problems],
    )
    return Audited(
        judged=judged,
        settings=settings,
        rootdir=config.rootdir,
        baseline=baseline,
        known=known,
        looked=looked,
        unread_tests=tuple(sorted(path for path in unread if _is_test_file(path, config))),
        errors=found.errors,
    )


def write_baseline(audited: Audited) -> int:
    """Write down what counts, and what was known and not looked for; return the number of findings."""
    kept = {entry: number for entry, number in audited.known.items() if not audited.looked.covers(entry)}
    known = [one.finding for one in audited.judged.aside if one.by is By.BASELINE]
    entries = baseline_of([*audited.judged.findings, *known]) + Counter(kept)
    write_text(audited.baseline, audit_baseline_json.dumps(entries))
    return entries.total()


def _baseline(request: Request, settings: Settings, rootdir: Path, cwd: Path) -> tuple[Path, Counter[Known]]:
    """Return the file, and what it holds: nothing where only the default one is meant, and isn't there."""
    named = cwd / request.baseline if request.baseline else rootdir / settings.baseline if settings.baseline else None
    path = named or rootdir / BASELINE
    if not path.is_file() and (named is None or request.ignores_baseline):
        return path, Counter()
    text = read_text(path, hint="write one: `ci-tools audit --write-baseline`", max_bytes=audit_baseline_json.MAX_BYTES)
    return path, audit_baseline_json.loads(text, source=os.path.relpath(path, cwd))


def _without(sources: Sources, exclude: tuple[str, ...]) -> Sources:
    modules = {path: module for path, module in sources.modules.items() if not is_in(path, exclude)}
    problems = tuple(problem for problem in sources.problems if not is_in(problem.path, exclude))
    return replace(sources, modules=modules, problems=problems)


def _below(config: PytestConfig) -> tuple[str, ...]:
    return tuple(os.path.relpath(path, config.rootdir).replace(os.sep, "/") for path in config.paths)


def _is_test_file(path: str, config: PytestConfig) -> bool:
    whole = config.rootdir / path
    return whole.name == "conftest.py" or whole in config.paths or matches(str(whole), config.python_files)


def _remark(problem: Problem, *, is_unread: bool) -> Remark:
    about, fix = (About.UNREAD, "mend it, or exclude it") if is_unread else (About.CUT, "look at the rest yourself")
    return Remark(about=about, path=problem.path, line=problem.line, fact=problem.fact, fix=fix)


@contextmanager
def _said_if_slow(text: str) -> Iterator[None]:
    """Say what is going on when it takes longer than people like to wait."""
    timer = threading.Timer(SLOW_S, say, [text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

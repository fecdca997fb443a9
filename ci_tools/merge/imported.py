"""The verdict on JUnit files of any tool: without bundles nothing says what was collected, only what was planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from ci_tools.merge.junit.reader import JUnitFile
from ci_tools.merge.junit.shards import ShardFiles, bad_of, by_shard, place_of, strays
from ci_tools.merge.outside import Needs, unexplained
from ci_tools.merge.state import sentence
from ci_tools.model.nodeid import file_of, function_of
from ci_tools.model.plan import Plan
from ci_tools.model.report import CaseResult, Conclusion, NotRun, Report, ShardResult, ShardState
from ci_tools.model.words import count, some


def merge_junit(
    files: Sequence[JUnitFile],
    *,
    plan: Plan | None = None,
    unresolved: Collection[str] = (),
    needs: Needs | None = None,
    is_partial: bool = False,
) -> Report:
    """Return the report on a run of which there are JUnit files. The same files in any order give the same report.

    Without a plan, what should have run is known only of shards that the files' paths number.
    `unresolved` are the class names whose files nobody knows (`NodeIds.unresolved`). `needs` and
    `is_partial` as in `merge.judge.merge`.
    """
    n_shards = len(plan.shards) if plan else max((place_of(file.name).shards for file in files), default=0)
    shards = by_shard(files, n_shards)
    found = [shard.results() if shard.files else ([], []) for shard in shards]
    per_shard = [own for own, _ in found]
    cases, duplicated = _joined(per_shard)
    skipped_modules = sorted({name for shard in shards for file in shard.current for name in file.skipped_modules})
    not_run = tuple(_not_run(shards, cases, [older for _, older in found], skipped_modules, plan))
    results = tuple(_shard_result(shard, own, plan) for shard, own in zip(shards, per_shard) if shard.index)
    incomplete = [*sorted(strays(files, n_shards)), *_incomplete(shards, results, not_run, duplicated)]
    if not cases and not not_run:
        incomplete.append("no test case in any file")
    bad = [case.nodeid for case in bad_of(cases)]
    failed = [f"{count(len(bad), 'test')} failed: {some(bad)}"] if bad else []
    incomplete += unexplained(needs or {}, a_shard_failed=bool(incomplete or failed), is_partial=is_partial)
    met = {file_of(case.nodeid) for case in cases}.difference(unresolved) if plan else set()
    unplanned = sorted(met - plan.planned_files) if plan else []
    conclusion = Conclusion.INCOMPLETE if incomplete else Conclusion.FAILED if failed else Conclusion.PASSED
    return Report(
        conclusion=conclusion,
        reasons=tuple(incomplete + failed),
        notes=tuple(_notes(files, cases, unplanned, unresolved)),
        plan_digest=plan.digest if plan else "",
        workers=plan.workers if plan else 1,
        certificate=plan.certificate if plan else None,
        shards=results,
        cases=cases,
        not_run=not_run,
        duplicated=duplicated,
        unplanned=tuple(unplanned),
        skipped_modules=tuple(skipped_modules),
    )


def _joined(per_shard: Sequence[list[CaseResult]]) -> tuple[tuple[CaseResult, ...], tuple[str, ...]]:
    """Return all results, sorted, and which tests ran in several shards; of such a one a bad result stays."""
    if len(per_shard) == 1:
        return tuple(per_shard[0]), ()
    cases = sorted((case for own in per_shard for case in own), key=attrgetter("nodeid"))
    kept, duplicated = [], []
    for nodeid, group in groupby(cases, key=attrgetter("nodeid")):
        same = list(group)
        kept.append(same[0])
        if len(same) > 1:
            kept[-1] = next(iter(bad_of(same)), same[0])
            if kept[-1].final.phase != "collect":
                shards = ", ".join(str(case.shard or "unknown") for case in same)
                duplicated.append(f"{nodeid}: ran in shards {shards}")
    return tuple(kept), tuple(duplicated)


def _not_run(
    shards: Sequence[ShardFiles],
    cases: Sequence[CaseResult],
    older: Sequence[Sequence[CaseResult]],
    skipped_modules: Sequence[str],
    plan: Plan | None,
) -> list[NotRun]:
    """Return what the files themselves, an older attempt of a shard, or the plan name, and nothing reports."""
    missing: dict[str, NotRun] = {}
    for shard, superseded in zip(shards, older):
        for named in (named for file in shard.current for named in file.not_run):
            missing[named.name] = NotRun(name=named.name, shard=shard.index, why=named.why)
        for case in superseded:
            why = f"an older attempt of shard {shard.index} reported it, attempt {shard.newest} doesn't"
            missing.setdefault(case.nodeid, NotRun(name=case.nodeid, shard=shard.index, why=why))
    if not missing and plan is None:
        return []
    reported = {case.nodeid for case in cases}
    whole = {case.nodeid for case in bad_of(cases)}.union(skipped_modules)
    for name, index in _planned(plan, reported, whole):
        why = _why(shards[index] if len(shards) > 1 else shards[0])
        missing.setdefault(name, NotRun(name=name, shard=index, why=why))
    left = [missing[name] for name in missing.keys() - reported]
    return sorted(left, key=lambda missing: (missing.shard, missing.name))


def _planned(plan: Plan | None, reported: set[str], whole: set[str]) -> Iterator[tuple[str, int]]:
    """Yield what the plan names and nothing accounts for, with its shard.

    A file that is in `whole` accounts for its tests: its collection failed, or it skipped itself.
    """
    if plan is None:
        return
    files = set(map(file_of, reported))
    functions = set(map(function_of, reported))
    for shard in plan.shards:
        for atom in shard.atoms:
            if atom.file in whole:
                continue
            if atom.nodeids is None:
                if atom.file not in files:
                    yield atom.file, shard.index
            else:
                names = (name for name in atom.nodeids if name not in reported and name not in functions)
                yield from ((name, shard.index) for name in names)


def _why(shard: ShardFiles) -> str:
    if shard.index and not shard.files:
        return f"shard {shard.index} is missing"
    if shard.problems and shard.index:
        return sentence(shard.index, ShardState.TRUNCATED, "; ".join(shard.problems))
    if shard.problems:
        return f"no file reports it, and not all could be read: {shard.problems[0]}"
    return f"no file of shard {shard.index} reports it" if shard.index else "no file reports it"


def _shard_result(shard: ShardFiles, cases: Sequence[CaseResult], plan: Plan | None) -> ShardResult:
    bad, problems = len(bad_of(cases)), shard.problems
    if not shard.files:
        state, reason = ShardState.MISSING, "no file of it was found"
    elif problems:
        state, reason = ShardState.TRUNCATED, "; ".join(problems)
    else:
        state, reason = ShardState.RED if bad else ShardState.OK if cases else ShardState.EMPTY, ""
    return ShardResult(
        index=shard.index,
        attempt=shard.newest,
        state=state,
        reason=reason,
        exit_code=None,
        tests=len(cases),
        bad=bad,
        workers=0,
        planned_s=plan.shards[shard.index - 1].expected_ms / 1000 if plan else 0.0,
        tests_s=0.0,
        wall_s=0.0,
    )


def _incomplete(
    shards: Sequence[ShardFiles], results: Sequence[ShardResult], not_run: Sequence[NotRun], duplicated: Sequence[str]
) -> Iterator[str]:
    yield from shards[0].problems
    by_shard = Counter(missing.shard for missing in not_run)
    for shard in results:
        number = by_shard.pop(shard.index, 0)
        missing = f"{count(number, 'test or file', 'tests or files')} did not run"
        if not shard.state.is_proof:
            also = f"; {missing}" if number else ""
            yield f"{sentence(shard.index, shard.state, shard.reason)}{also}"
        elif number:
            yield f"shard {shard.index} ended, but {missing}"
    if by_shard:
        names = some([missing.name for missing in not_run if missing.shard in by_shard])
        yield f"{count(by_shard.total(), 'test or file', 'tests or files')} did not run: {names}"
    if duplicated:
        yield f"{count(len(duplicated), 'test')} ran more than once: {duplicated[0]}"


def _notes(
    files: Sequence[JUnitFile],
    cases: Sequence[CaseResult],
    unplanned: Sequence[str],
    unresolved: Collection[str],
) -> Iterator[str]:
    flips = [case.nodeid for case in cases if len(case.attempts) > 1 and case.is_flip]
    if flips:
        yield f"{count(len(flips), 'test')} failed, then passed on the same code: {some(flips)}"
    if unresolved:
        number = count(len(unresolved), "class name")
        yield f"the files of {number} aren't known for sure, their tests go by it: {some(sorted(unresolved))}"
    if unplanned:
        yield f"{count(len(unplanned), 'file')} new since the plan: {some(list(unplanned))}"
    for file in sorted(files, key=attrgetter("name")):
        if file.foreign:
            yield f"{file.name} was left out: <{file.foreign}> isn't JUnit"
